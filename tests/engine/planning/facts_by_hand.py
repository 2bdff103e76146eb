"""What the vendors refuse, written down by hand from their documentation and not from the model cards.

Independent of `profiles/` on purpose: when the two disagree, one of them is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

OPENAI_EFFORTS: tuple[tuple[str, str], ...] = (
    # model, the efforts that the Responses API takes; `none` is off
    (r"gpt-6(\.[12])?-sol", "none? low medium high xhigh max"),
    (r"gpt-6(\.2)?-astra|gpt-6-(rosalind|cyber)", "low medium high xhigh max"),
    (r"gpt-daybreak-.*", "none low medium high xhigh max"),
    (r"gpt-6-luna|gpt-6\.1-terra", "none low medium high xhigh max"),
    (r"gpt-5\.6(-sol|-terra|-luna|-cyber)?", "none low medium high xhigh max"),
    (r"gpt-5\.[542]-pro", "medium high xhigh"),
    (r"gpt-5\.5(-cyber)?|gpt-5\.4(-mini|-nano)?|gpt-5\.3-codex|gpt-5\.2", "none low medium high xhigh"),
    (r"gpt-5\.1", "none low medium high"),
    (r"chat-latest|gpt-5\.[123]-chat-latest", "medium"),
    (r"gpt-5(-mini|-nano)?", "minimal low medium high"),
    (r"gpt-5-pro", "high"),
    (r"o1(-pro)?|o3(-pro|-mini)?|o4-mini", "low medium high"),
    (r"gpt-5(\.[12])?-codex|gpt-5-chat-latest|gpt-4\.1(-mini|-nano)?|gpt-4o(-mini|-2024-05-13)?", ""),
    (r"gpt-(5-search-api|4o-search-preview|4-turbo|4|3\.5-turbo)|o3-deep-research", ""),
)
ALWAYS_THINKING_SOL = {"gpt-6.1-sol", "gpt-6.2-sol"}
RESPONSES_ONLY = re.compile(r".*-pro|.*-codex|.*rosalind.*|.*-cyber|gpt-daybreak-.*|.*deep-research")
OPENAI_SAMPLING = (
    "temperature", "top_p", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs",
)  # fmt: skip

CLAUDE: Mapping[str, tuple[str, str]] = {
    # model: the types of `thinking` that it takes, the efforts that it takes
    "claude-fable-5-2": ("adaptive", "low medium high xhigh max"),
    "claude-mythos-5-2": ("adaptive", "low medium high xhigh max"),
    "claude-fable-5-1": ("adaptive", "low medium high xhigh max"),
    "claude-mythos-5-1": ("adaptive", "low medium high xhigh max"),
    "claude-fable-5": ("adaptive", "low medium high xhigh max"),
    "claude-mythos-5": ("adaptive", "low medium high xhigh max"),
    "claude-mythos-preview": ("adaptive enabled", "low medium high max"),
    "claude-opus-5-5": ("adaptive", "low medium high xhigh max"),
    "claude-sonnet-5-5": ("adaptive between_tools", "low medium high xhigh max"),
    "claude-haiku-5-5": ("adaptive disabled", "low medium high xhigh max"),
    "claude-opus-5": ("adaptive disabled", "low medium high xhigh max"),
    "claude-sonnet-5": ("adaptive disabled", "low medium high xhigh max"),
    "claude-opus-4-8": ("adaptive disabled", "low medium high xhigh max"),
    "claude-opus-4-7": ("adaptive disabled", "low medium high xhigh max"),
    "claude-opus-4-6": ("adaptive enabled disabled", "low medium high max"),
    "claude-sonnet-4-6": ("adaptive enabled disabled", "low medium high max"),
    "claude-opus-4-5": ("enabled disabled", "low medium high"),
    "claude-sonnet-4-5": ("enabled disabled", ""),
    "claude-haiku-4-5": ("enabled disabled", ""),
    "claude-opus-4-1": ("enabled disabled", ""),
    "claude-opus-4-20250514": ("enabled disabled", ""),
    "claude-sonnet-4-20250514": ("enabled disabled", ""),
    "claude-3-7-sonnet-20250219": ("enabled disabled", ""),
    "claude-3-5-sonnet-20241022": ("", ""),
    "claude-3-opus-20240229": ("", ""),
}
OFF_ONLY_UP_TO_HIGH = {"claude-opus-5", "claude-haiku-5-5", "claude-sonnet-5-5"}
CLAUDE_MOST_OUTPUT = (
    (r"claude-3-opus.*", 4096),
    (r"claude-3-5.*", 8192),
    (r"claude-opus-4(-1|-\d{8})", 32_000),
    (r"claude-.*-4-5|claude-sonnet-4-\d{8}|claude-3-7.*", 64_000),
    (r".*", 128_000),
)

GEMINI_LEVELS: tuple[tuple[str, str], ...] = (
    (r"gemini-4-(neon|hydrogen)", "LOW MEDIUM HIGH XHIGH"),
    (
        r"gemini-4-.*|gemini-3\.[78]-flash|gemini-3\.1-pro-preview|gemini-(pro|flash|flash-lite)-latest",
        "LOW MEDIUM HIGH",
    ),
    (r"gemini-3\.[156]-flash(-lite)?(-preview)?|gemini-3-flash-preview", "MINIMAL LOW MEDIUM HIGH"),
    (r"gemini-3\.1-flash-(lite-)?image|gemma-4-.*", "MINIMAL HIGH"),
    (r"gemini-3-pro-preview", "LOW HIGH"),
    (r"gemini-robotics-er-2-preview", "MINIMAL LOW MEDIUM HIGH"),
)
GEMINI_BUDGETS: tuple[tuple[str, range, bool], ...] = (
    # model, legal budgets, whether 0 (off) is legal
    (r"gemini-2\.5-pro.*", range(128, 32_769), False),
    (r"gemini-2\.5-flash-lite.*", range(512, 24_577), True),
    (r"gemini-2\.5-flash(-preview.*)?", range(1, 24_577), True),
)


def first(table: Any, model: str) -> Any:
    """The first row whose pattern is the whole of `model`, without the pattern; None without one."""
    for pattern, *values in table:
        if re.fullmatch(pattern, model):
            return values[0] if len(values) == 1 else tuple(values)
    return None


def refusals(model: str, dialect: str, body: Mapping[str, Any]) -> list[str]:
    """Every reason that the vendor would have to answer this body with HTTP 400. Empty for a legal body."""
    return {
        "openai-responses": _openai,
        "openai-chat": _openai,
        "anthropic-messages": _anthropic,
        "gemini-generate": _gemini,
        "gemini-interactions": _interactions,
    }[dialect](model, dialect, body)


def _openai(model: str, dialect: str, body: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    chat = dialect == "openai-chat"
    efforts = set(first(OPENAI_EFFORTS, model).split())
    if "none?" in efforts:
        efforts = efforts - {"none?"} | (set() if model in ALWAYS_THINKING_SOL else {"none"})
    if chat and RESPONSES_ONLY.fullmatch(model):
        found.append("not on Chat")
    if ("reasoning" in body) if chat else ("reasoning_effort" in body):
        found.append("the other API's field")
    reasoning = body.get("reasoning", {})
    effort = body.get("reasoning_effort") if chat else reasoning.get("effort")
    if effort is not None and effort not in efforts:
        found.append(f"effort {effort}")
    if chat and effort == "max":
        found.append("max on Chat")
    if reasoning and not efforts and not re.search("codex|deep-research", model):
        found.append("reasoning on a model without it")
    if set(reasoning) - {"effort", "summary"}:
        found.append("unknown reasoning fields")
    limits = [body[key] for key in ("max_output_tokens", "max_completion_tokens", "max_tokens") if key in body]
    found += [f"output limit {limit}" for limit in limits if limit < 16]
    thinks = (bool(efforts) or bool(re.search("codex|deep-research", model))) and effort != "none"
    if effort is None and re.match(r"gpt-5\.[1-4]", model) and "none" in efforts:
        thinks = False
    if thinks:
        found += [f"{key} while thinking" for key in OPENAI_SAMPLING if key in body]
        if "max_tokens" in body:
            found.append("max_tokens on a reasoning model")
        if "stop" in body and re.match(r"o3$|o4-mini", model):
            found.append("stop")
    return found


def _anthropic(model: str, dialect: str, body: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    types, efforts = (set(words.split()) for words in CLAUDE[model])
    thinking, effort = body.get("thinking"), body.get("output_config", {}).get("effort")
    kind = thinking["type"] if thinking else None
    limit = body["max_tokens"]
    if kind is not None and kind not in types:
        found.append(f"thinking type {kind}")
    if kind in ("disabled", "between_tools") and set(thinking) != {"type"}:
        found.append(f"{kind} takes no other key")
    if kind == "adaptive" and set(thinking) - {"type", "display"}:
        found.append("a budget beside adaptive")
    if kind == "enabled":
        budget = thinking["budget_tokens"]
        if budget < 1024:
            found.append("a budget below 1024")
        if budget >= limit:
            found.append("a budget that is not below max_tokens")
        if effort is not None and "opus-4-5" not in model:
            found.append("level and budget together")
    if effort is not None and effort not in efforts:
        found.append(f"effort {effort}")
    if kind in ("disabled", "between_tools") and effort in ("xhigh", "max") and model in OFF_ONLY_UP_TO_HIGH:
        found.append("off with a high effort")
    if limit < 1 or limit > first(CLAUDE_MOST_OUTPUT, model):
        found.append(f"max_tokens {limit}")
    sampling = {"temperature", "top_p", "top_k"} & set(body)
    modern = "adaptive" in types and not model.endswith("-4-6")
    if sampling and (modern or kind in ("adaptive", "enabled")):
        found.append(f"sampling: {sampling}")
    return found


def _gemini(model: str, dialect: str, body: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    config = body.get("generationConfig", {})
    thinking = config.get("thinkingConfig")
    levels, budgets = first(GEMINI_LEVELS, model), first(GEMINI_BUDGETS, model)
    if thinking is not None:
        level, budget = thinking.get("thinkingLevel"), thinking.get("thinkingBudget")
        if levels is None and budgets is None and "gemini-3-pro-image" not in model:
            found.append("thinkingConfig on a model that does not think")
        if level is not None and budget is not None:
            found.append("level and budget together")
        if level is not None and level not in (levels or "").split():
            found.append(f"level {level}")
        if budget is not None and (budgets is None or not (budget in budgets[0] or (budget == 0 and budgets[1]))):
            found.append(f"budget {budget}")
        if budget == 0 and thinking.get("includeThoughts"):
            found.append("thoughts asked for while off")
    if re.match(r"gemini-(4|2\.5)", model) and {"frequencyPenalty", "presencePenalty"} & set(config):
        found.append("penalties")
    return found


def _interactions(model: str, dialect: str, body: Mapping[str, Any]) -> list[str]:
    """2.5 takes words here, and nothing takes a budget."""
    found: list[str] = []
    config = body.get("generation_config", {})
    levels = "LOW MEDIUM HIGH" if re.match(r"gemini-2\.5-(pro|flash(?!-image))", model) else first(GEMINI_LEVELS, model)
    level = config.get("thinking_level")
    if level is not None and level not in (levels or "").lower().split():
        found.append(f"level {level}")
    if levels is None and "thinking_summaries" in config and "gemini-3-pro-image" not in model:
        found.append("summaries of a model that does not think")
    return [*found, *(f"{name} in the config" for name in config if "budget" in name)]
