"""What the other hosts refuse or quietly misread, written down by hand from their documentation and not from the cards.

Silent ones count too: an effort word that a host takes for its dearest setting is worse than an HTTP 400.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .facts_by_hand import CLAUDE, CLAUDE_MOST_OUTPUT, first, refusals

Body = Mapping[str, Any]

EFFORTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    # provider: (model, the effort words that it has; `none` where it can be turned off), the first that matches counts
    "xai": (
        (r"grok-4\.20-multi-agent.*", "low medium high xhigh"),
        (r"grok-4\.20.*|grok-build-0\.1|grok-code-fast.*", ""),
        (r"grok-4\.[67].*", "low medium high xhigh"),
        (r"grok-4\.5.*", "low medium high"),
        (r"grok-3-mini.*", "none low high"),
        (r"grok-(4\.3|latest|3).*", "none low medium high"),
        (r".*", "low medium high"),
    ),
    "deepseek": (
        (r"deepseek-v4-pro.*", "none high max"),
        (r"deepseek-(chat|reasoner)", ""),
        (r".*", "none low high max"),
    ),
    "groq": (
        (r"openai/gpt-oss-.*", "low medium high"),
        (r"qwen/qwen3\.8-27b", "none low medium high"),
        (r"qwen/.*", "none default"),
        (r"llama-.*", ""),
        (r".*", "low medium high"),
    ),
    "cerebras": (
        (r"gpt-oss-120b", "low medium high"),
        (r"kimi-k3|zai-glm-5\.3", "low high max"),
        (r"zai-glm-4\.7", "none"),
        (r"qwen.*|gemma.*", "none low medium high"),
        (r".*", "low medium high"),
    ),
    "moonshot": ((r"kimi-k3.*|newcomer.*", "low high max"), (r".*", "")),
    "zai": ((r"glm-5\.3.*|newcomer.*", "low high max"), (r"glm-5\.2.*", "high max"), (r".*", "")),
    "minimax": ((r"MiniMax-M3\.1.*|newcomer.*", "low medium high xhigh max"), (r".*", "")),
    "together": (
        (r"openai/gpt-oss-.*", "low medium high"),
        (r"zai-org/GLM-5\.3.*", "low medium high max"),
        (r"zai-org/GLM-5\.2|deepseek-ai/DeepSeek-V4-Pro", "high max"),
        (r"moonshotai/Kimi-K3.*", "low high max"),
        (r".*", ""),
    ),
    "fireworks": (
        (r".*deepseek-v4p1-flash", "none low high max"),
        (r".*qwen3p8-.*", "none low medium xhigh"),
        (r".*(glm-5p3|kimi-k3)", "low high max"),
        (r".*(deepseek-v4-flash|glm-5p2)", "none high max"),
        (r".*ember-1", "none low medium high max"),
        (r"(qwen3p7|glm-5p1|kimi-k2p6|nemotron).*", "none"),
        (r".*minimax-m3p1-flash", "low medium high xhigh max"),
        (r".*muse-spark-open", "low medium high xhigh"),
        (r".*(minimax-m3|gpt-oss-.*)", "low medium high"),
        (r".*", "none low medium high"),
    ),
    "mistral": (
        (r"mistral-large-4.*", "low medium high"),
        (r"zai-glm-5-3.*", "low high max"),
        (r"deepseek-v4-1.*", "none low high max"),
        (r"(mistral-large|mistral-medium-2508|codestral|ministral|voxtral|open-mistral).*|magistral-.*-25\d\d", ""),
        (r".*", "none high"),
    ),
    "qwen": (
        (r"qwen3\.8-.*", "low medium xhigh"),
        (r"deepseek-v4-.*", "high max"),
        (r"glm-5\.3", "low high max"),
        (r".*", ""),
    ),
    "openrouter": (
        (r"anthropic/claude-(opus|sonnet)-5", "none low medium high xhigh max"),
        (r"anthropic/claude-.*-4\.[78]|anthropic/claude-haiku-5\.5", "none low medium high xhigh max"),
        (r"anthropic/claude-.*5\.5", "low medium high xhigh max"),
        (r"anthropic/claude-.*-4\.6", "none low medium high max"),
        (r"anthropic/claude-.*", "none"),
        (r"openai/gpt-5-mini", "minimal low medium high"),
        (r"openai/gpt-5\.1", "none low medium high"),
        (r"openai/gpt-5\.2-pro", "medium high xhigh"),
        (r"openai/gpt-5\.2-codex", "low medium high xhigh"),
        (r"openai/gpt-5\.(4|3-codex)", "none low medium high xhigh"),
        (r"openai/gpt-6\.1-sol|minimax/minimax-m3\.1-flash", "low medium high xhigh max"),
        (r"openai/gpt-6-sol", "none low medium high xhigh max"),
        (r"google/gemini-3-flash.*", "none minimal low medium high"),
        (r"google/gemini-3\.6.*", "minimal low medium high"),
        (r"google/gemini-3\.8.*|x-ai/grok-4\.5|stepfun/.*", "low medium high"),
        (r"x-ai/grok-4\.3", "none low medium high"),
        (r"x-ai/grok-4\.7", "low medium high xhigh"),
        (r"deepseek/deepseek-v4\.1-flash", "none low high max"),
        (r"deepseek/deepseek-v4-pro|z-ai/glm-5\.2", "none high xhigh"),
        (r"moonshotai/kimi-k3|z-ai/glm-5\.3", "low high max"),
        (r"qwen/qwen3\.8-(max|2\.4t)", "low medium xhigh"),
        (r"qwen/qwen3\.8-27b", "none low medium xhigh"),
        (r"tencent/.*", "none low high"),
        (r"bytedance-seed/seed-2\.0-code", "none low medium high"),
        (r"bytedance-seed/.*", "none minimal low medium high"),
        (r"newcomer.*", "none minimal low medium high xhigh max"),
        (r"~?(openai|anthropic)/(gpt-6\.2|claude-fable-latest|gpt-astra-latest).*", "low medium high xhigh max"),
        (r".*", "none minimal low medium high xhigh max"),  # the rest of the list, which the cards were made from
    ),
    "perplexity": (
        (r"sonar-deep-research", "low medium high"),
        (r"sonar.*", ""),
        (r".*", "minimal low medium high xhigh"),
    ),
    "nvidia": ((r"openai/gpt-oss.*", "low medium high"), (r".*", "")),
    "huggingface": (
        (r"openai/gpt-oss-.*", "low medium high"),
        (r"moonshotai/Kimi-K3", "low high max"),
        (r".*", "none low medium high"),
    ),
    "vllm": (
        (r".*gpt-oss.*", "low medium high"),
        (r".*Qwen3\.8.*", "low medium xhigh"),
        (r".*(DeepSeek-V4|GLM-5\.3|Kimi-K3).*", "low high max"),
        (r".*", ""),
    ),
    "llamacpp": ((r".*gpt-oss.*", "low medium high"), (r".*", "")),
    "lmstudio": ((r".*gpt-oss.*", "low medium high"), (r".*", "none low medium high")),
    "ollama": ((r"gpt-oss.*", "low medium high"), (r".*", "none")),
    "openai-compatible": ((r".*", "none low medium high"),),
    "vercel": (
        (r"anthropic/claude-sonnet-4\.6", "none low medium high max"),
        (r"spacexai/grok-4\.3", "none low medium high"),
        (r"(openai/gpt-5|google/gemini-3\.6-flash)", "minimal low medium high"),
        (r"(openai/(o3|gpt-oss).*|google/gemini-4-argon|spacexai/grok-4\.[35])", "low medium high"),
        (r"(google/gemini-4-hydrogen|spacexai/grok-4\.7)", "low medium high xhigh"),
        (r"openai/gpt-5\.4", "none low medium high xhigh"),
        (r"openai/gpt-6-sol", "none low medium high xhigh max"),
        (r"anthropic/claude-opus-5", "none low medium high xhigh max"),
        (r"(anthropic|openai|minimax)/.*", "low medium high xhigh max"),
        (r"meta/muse-.*", "minimal low medium high xhigh max"),
        (r"deepseek/.*flash", "none low high max"),
        (r"(moonshotai/.*|zai/glm-5\.3)", "low high max"),
        (r"deepseek/.*pro", "none high max"),
        (r"alibaba/.*", "none low medium xhigh"),
        (r"newcomer.*", "none low medium high"),
        (r".*", ""),
    ),
    "meta": ((r"muse-spark-1\.2", "minimal low medium high xhigh"), (r"muse-.*", "minimal low medium high xhigh max"),
             (r".*", "minimal low medium high xhigh")),
    "deepinfra": ((r"meta-llama/.*", ""), (r"zai-org/GLM-5\.3", "low high"), (r"openai/gpt-oss.*", "low medium high"),
                  (r".*", "none low medium high")),
    "github-copilot": (
        (r"(gemini-4-(hydrogen|neon)|grok-4\.[67])", "low medium high xhigh"),
        (r"(gemini|grok).*", "low medium high"),
        (r"kimi-k3", "low high max"),
        (r"gpt-4.*|claude-haiku-4\.5", ""),
        (r"newcomer.*", "none low medium high"),
        (r".*", "none low medium high xhigh max"),
    ),
    "github-models": ((r"openai/gpt-5.*", "minimal low medium high"), (r"openai/(o4|gpt-4).*", "low medium high"),
                      (r"newcomer.*", "low medium high"), (r".*", "")),
    "databricks": (
        (r"databricks-claude-opus-5(-5)?", "low medium high xhigh max"),
        (r"databricks-gpt-5", "minimal low medium high"),
        (r"databricks-gpt-5-5", "none low medium high"),
        (r"databricks-(claude|meta).*", ""),
        (r".*", "low medium high"),
    ),
    "cloudflare": ((r".*(llama|granite|gemma-4|mistral-small).*", ""),
                   (r".*", "none minimal low medium high xhigh max")),
    "baseten": ((r"(moonshotai/Kimi-K2).*", ""), (r"newcomer.*", "none low medium high"),
                (r".*", "none minimal low medium high xhigh max")),
    "novita": ((r"openai/gpt-oss.*", "low medium high"), (r".*", "")),
    "nebius": ((r"openai/gpt-oss.*", "low medium high"), (r".*", "")),
    "byteplus": ((r"seed-2-0-pro", "minimal low medium high"), (r"seed-2-0-code", "low medium high"), (r".*", "")),
    "volcengine": ((r"seed-2-0-pro", "minimal low medium high"), (r"seed-2-0-code", "low medium high"), (r".*", "")),
    "xiaomi": ((r".*", ""),),
    "siliconflow": ((r".*", ""),),
    "venice": ((r"venice-uncensored.*", ""), (r".*", "low medium high")),
    "sambanova": ((r"gpt-oss.*", "low medium high"), (r".*", "")),
}  # fmt: skip
ALWAYS_THINKS = re.compile(
    r".*(gpt-oss|kimi-k3|kimi-k2\.7|kimi-k2-thinking|glm-5[.p-]3|minimax-m(2|3\.1|3p1)|muse-spark(?!-open-816)|max-preview"
    r"|-thinking-|deepseek-r1|reasoner).*",
    re.IGNORECASE,
)
KIMI_FIXED = {"temperature", "top_p", "presence_penalty", "frequency_penalty", "n"}
PERPLEXITY_FIELDS = {"model", "input", "instructions", "stream", "reasoning", "max_output_tokens"}


def host_refusals(provider: str, model: str, dialect: str, body: Body) -> list[str]:
    """Every reason for which this host would refuse the body, or take it for something else than it says."""
    if provider in ("azure", "google-vertex", "bedrock"):
        return _cloud(provider, model, dialect, body)
    words = set((first(EFFORTS.get("vllm" if provider == "sglang" else provider, ()), model) or "").split())
    effort = body.get(
        "reasoning_effort", _under(body, "reasoning").get("effort", _under(body, "output_config").get("effort"))
    )
    found = [f"effort {effort}"] if effort is not None and effort not in words else []
    if ALWAYS_THINKS.fullmatch(model) and _is_off(body):
        found.append("off on a model that always thinks")
    if not isinstance(effort, str | None):
        found.append("an effort that is no word is a token cap")
    if any(
        not isinstance(value, bool)
        for key, value in _under(body, "chat_template_kwargs").items()
        if key != "thinking_mode"
    ):
        found.append("a template variable that is no boolean")
    check = OF_HOST.get(provider)
    return found + (check(model, dialect, body) if check else [])


def _under(body: Body, key: str) -> Body:
    inner = body.get(key)
    return inner if isinstance(inner, Mapping) else {}


def _is_off(body: Body) -> bool:
    kwargs = _under(body, "chat_template_kwargs")
    return (
        "none" in (body.get("reasoning_effort"), _under(body, "reasoning").get("effort"))
        or _under(body, "thinking").get("type") == "disabled"
        or False in (body.get("enable_thinking"), body.get("think"), _under(body, "reasoning").get("enabled"))
        or _under(body, "venice_parameters").get("disable_thinking") is True
        or False in _under(body, "chat_template_args").values()
        or False in kwargs.values()
        or kwargs.get("thinking_mode") == "disabled"
    )


def _xai(model: str, dialect: str, body: Body) -> list[str]:
    return ["max_tokens on xAI"] if "max_tokens" in body else []


def _deepseek(model: str, dialect: str, body: Body) -> list[str]:
    found = ["an output limit that is ignored"] if "max_completion_tokens" in body else []
    if "budget_tokens" in _under(body, "thinking"):
        found.append("a budget that is ignored")
    return found


def _groq(model: str, dialect: str, body: Body) -> list[str]:
    found = (
        ["reasoning_format with include_reasoning"] if {"reasoning_format", "include_reasoning"} <= set(body) else []
    )
    if "gpt-oss" in model and "reasoning_format" in body:
        found.append("reasoning_format on gpt-oss")
    if "llama" in model and {"reasoning_format", "include_reasoning"} & set(body):
        found.append("reasoning fields on a model that does not think")
    if body.get("reasoning_format", "parsed") != "parsed":
        found.append("a format with tags in the answer")
    return found


def _cerebras(model: str, dialect: str, body: Body) -> list[str]:
    found = [] if body.get("reasoning_format", "parsed") == "parsed" else ["a format that glues thought and answer"]
    return [*found, "max_tokens is the old name"] if "max_tokens" in body else found


def _moonshot(model: str, dialect: str, body: Body) -> list[str]:
    found = [f"{field} is fixed" for field in KIMI_FIXED & set(body) if "k2-" not in model]
    if "thinking" in body and not re.fullmatch(r"kimi-k2\.[56]", model):
        found.append("thinking on a model without the switch")
    return found


def _zai(model: str, dialect: str, body: Body) -> list[str]:
    found = (
        ["effort beside disabled"]
        if _under(body, "thinking").get("type") == "disabled" and "reasoning_effort" in body
        else []
    )
    limit = body.get("max_tokens")
    return [*found, f"max_tokens {limit}"] if limit is not None and not 1 <= limit <= 131_072 else found


def _minimax(model: str, dialect: str, body: Body) -> list[str]:
    if dialect == "openai-chat" and "thinking" in body and not re.fullmatch(r"MiniMax-M3", model):
        return ["thinking on a model without the switch"]
    return []


def _together(model: str, dialect: str, body: Body) -> list[str]:
    reasoning = _under(body, "reasoning")
    if set(reasoning) - {"enabled"}:
        return ["reasoning has one key here"]
    return ["effort beside off"] if reasoning.get("enabled") is False and "reasoning_effort" in body else []


def _fireworks(model: str, dialect: str, body: Body) -> list[str]:
    found = ["thinking with reasoning_effort"] if {"thinking", "reasoning_effort"} <= set(body) else []
    budget = _under(body, "thinking").get("budget_tokens")
    return [*found, "a budget below 1024"] if budget is not None and budget < 1024 else found


def _mistral(model: str, dialect: str, body: Body) -> list[str]:
    return ["prompt_mode"] if "prompt_mode" in body else []


def _qwen(model: str, dialect: str, body: Body) -> list[str]:
    found = ["effort with enable_thinking"] if {"reasoning_effort", "enable_thinking"} <= set(body) else []
    budget = body.get("thinking_budget")
    if budget is not None and (budget < 1 or body.get("enable_thinking") is not True):
        found.append(f"thinking_budget {budget} without enable_thinking")
    if budget is not None and re.fullmatch(r"qwen3\.8-.*|glm.*|deepseek.*", model):
        found.append("a budget on a model with levels")
    if "enable_thinking" in body and "instruct" in model:
        found.append("enable_thinking on a model that does not think")
    return found


def _openrouter(model: str, dialect: str, body: Body) -> list[str]:
    reasoning = _under(body, "reasoning")
    budget, limit = reasoning.get("max_tokens"), body.get("max_completion_tokens")
    found = ["effort with max_tokens"] if {"effort", "max_tokens"} <= set(reasoning) else []
    if budget is not None and not 1024 <= budget <= 128_000:
        found.append(f"budget {budget}")
    if budget is not None and limit is not None and budget >= limit and "claude" in model:
        found.append("a budget that is not below the output limit")
    if "reasoning_effort" in body:
        found.append("the shorthand, which must agree")
    if dialect == "openai-chat" and reasoning and not _under(body, "provider").get("require_parameters"):
        found.append("an upstream may drop it silently")
    return found


def _cohere(model: str, dialect: str, body: Body) -> list[str]:
    thinking = body.get("thinking")
    if thinking is None:
        return []
    found = [] if thinking.get("type") in ("enabled", "disabled") else ["thinking without type"]
    if not re.fullmatch(r"command-a-(plus|reasoning).*|north-.*|newcomer.*", model):
        found.append("thinking on a model without it")
    budget, limit = thinking.get("token_budget"), body.get("max_tokens")
    if budget is not None and (budget < 1 or thinking.get("type") != "enabled"):
        found.append(f"budget {budget}")
    if budget is not None and limit is not None and budget >= limit:
        found.append("no room for an answer")
    return found


def _perplexity(model: str, dialect: str, body: Body) -> list[str]:
    return [f"unknown field {key}" for key in set(body) - PERPLEXITY_FIELDS if dialect == "openai-responses"]


def _nvidia(model: str, dialect: str, body: Body) -> list[str]:
    found = ["the budget inside the kwargs"] if "reasoning_budget" in _under(body, "chat_template_kwargs") else []
    budget = body.get("reasoning_budget", 1)
    return [*found, f"budget {budget}"] if budget < 1 else found


def _llamacpp(model: str, dialect: str, body: Body) -> list[str]:
    budget = body.get("reasoning_budget_tokens", 0)
    return [] if budget >= 0 else ["a negative budget is the server's own"]


def _lmstudio(model: str, dialect: str, body: Body) -> list[str]:
    ignored = dialect == "openai-chat" and body.get("reasoning_effort") not in (None, "none")
    return ["an effort that Chat ignores"] if ignored else []


def _ollama(model: str, dialect: str, body: Body) -> list[str]:
    think = body.get("think")
    if dialect != "ollama-chat":
        return ["think is ignored here"] if think is not None else []
    found = ["effort is ignored here"] if "reasoning_effort" in body else []
    if isinstance(think, bool) and "gpt-oss" in model:
        found.append("booleans are ignored by gpt-oss")
    if isinstance(think, str) and think not in ("low", "medium", "high"):
        found.append(f"think {think}")
    return found


OF_HOST: Mapping[str, Callable[[str, str, Body], list[str]]] = {
    "xai": _xai, "deepseek": _deepseek, "groq": _groq, "cerebras": _cerebras, "moonshot": _moonshot, "zai": _zai,
    "minimax": _minimax, "together": _together, "fireworks": _fireworks, "mistral": _mistral, "qwen": _qwen,
    "openrouter": _openrouter, "cohere": _cohere, "perplexity": _perplexity, "nvidia": _nvidia, "lmstudio": _lmstudio,
    "llamacpp": _llamacpp, "ollama": _ollama,
}  # fmt: skip


def _cloud(provider: str, model: str, dialect: str, body: Body) -> list[str]:
    """Azure, Vertex and Bedrock serve other vendors' models by the vendors' own rules."""
    if "newcomer" in model:
        return []
    if provider == "bedrock" and "anthropic" not in model:
        return _bedrock(model, dialect, body)
    if dialect not in ("anthropic-messages", "bedrock-converse", "bedrock-invoke"):
        return refusals(model, dialect, body)
    bare = re.sub(r"^.*anthropic\.|-v1(:0)?$|@default$", "", model).replace("@", "-")
    name = bare if bare in CLAUDE else re.sub(r"-\d{8}$", "", bare)
    if dialect == "bedrock-invoke" and ({"model", "stream"} & set(body) or "anthropic_version" not in body):
        return ["fields of the Messages API that Bedrock has elsewhere"]
    if dialect == "bedrock-converse":
        config = _under(body, "inferenceConfig")
        # Without a limit Bedrock takes the model's most, which is half of the Claude API's for Sonnet 4.6.
        most = 64_000 if name == "claude-sonnet-4-6" else first(CLAUDE_MOST_OUTPUT, name)
        body = {**_under(body, "additionalModelRequestFields"), "max_tokens": config.get("maxTokens", most)}
    return refusals(name, "anthropic-messages", body)


BEDROCK: tuple[tuple[str, str], ...] = (
    # Converse: model, the field for the effort below additionalModelRequestFields, and its words
    (r".*openai\.gpt-oss-.*", "reasoning_effort low medium high"),
    (r".*openai\.gpt-(5\.6|6-sol|6-luna|6\.1-terra).*", "reasoning.effort none low medium high xhigh max"),
    (r".*openai\.gpt-6.*", "reasoning.effort low medium high xhigh max"),
    (r".*amazon\.nova-2-.*", "reasoningConfig.maxReasoningEffort low medium high"),
    (r".*kimi-k3.*", "reasoning_effort low high max"),
    (r".*(kimi-k2|deepseek\.v3).*", "reasoning_effort low medium high"),
    (r".*", ""),
)
MANTLE: tuple[tuple[str, str], ...] = (
    (r"openai\.gpt-oss-.*", "low medium high"),
    (r"openai\.gpt-5\.[45]", "none low medium high xhigh"),
    (r"xai\.grok-4\.3", "none low medium high"),
    (r"xai\.grok-4\.6", "low medium high xhigh"),
    (r"openai\.gpt-(5\.6|6-sol|6-luna|6\.1-terra).*", "none low medium high xhigh max"),
    (r"openai\.gpt-6.*", "low medium high xhigh max"),
    (r".*", ""),
)


def _bedrock(model: str, dialect: str, body: Body) -> list[str]:
    if dialect != "bedrock-converse":
        words = (first(MANTLE, model) or "").split()
        effort = body.get("reasoning_effort", _under(body, "reasoning").get("effort"))
        return [f"effort {effort}"] if effort is not None and effort not in words else []
    path, *words = (first(BEDROCK, model) or "-").split() or ["-"]
    fields = _under(body, "additionalModelRequestFields")
    if not fields:
        return []
    outer, _, inner = path.partition(".")
    if set(fields) != {outer}:
        return [f"unknown fields {set(fields)}"]
    effort = _under(fields, outer).get(inner) if inner else fields[outer]
    if outer == "reasoningConfig" and effort is None:
        return [] if fields[outer] == {"type": "disabled"} else ["a reasoningConfig without an effort"]
    return [] if effort in words else [f"effort {effort}"]
