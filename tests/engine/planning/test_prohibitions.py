"""No plan sends what the vendor refuses: every model, think value and output limit against facts written by hand."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.profiles import facts
from thinkdial.profiles.profile import Reference
from thinkdial.providers.errors import ConfigError
from thinkdial.providers.think import parse_think

from ...cases import each
from .facts_by_hand import CLAUDE, OPENAI_SAMPLING, refusals
from .hosts_by_hand import host_refusals
from .routes import OUTPUT_LIMITS, PROVIDERS, VALUES, Route, distinct_routes, every_route, route, vendors_routes

OTHER_REFERENCES = {
    "tiny": Reference({"minimal": 1, "low": 2, "medium": 3, "high": 4, "xhigh": 5}, 1),
    "huge": Reference(dict.fromkeys(("minimal", "low", "medium", "high", "xhigh"), 900_000), 500_000),
    "steep": Reference({"minimal": 100, "low": 30_000, "medium": 40_000, "high": 200_000, "xhigh": 300_000}, 60_000),
}
EACH_REFERENCE = pytest.mark.parametrize(
    "reference",
    [
        pytest.param(found, id=name, marks=[pytest.mark.slow] * (name != "steep"))
        for name, found in OTHER_REFERENCES.items()
    ],
)
EVERY_PARAM: dict[str, Any] = {
    **dict.fromkeys(OPENAI_SAMPLING, 0.5),
    "top_k": 3,
    "stop": ["x"],
    "generationConfig": {"frequencyPenalty": 0.1, "presencePenalty": 0.1},
}


PROMPT = Prompt("hi", "be brief")
THINK = {value: parse_think(value) for value in VALUES}


def body_of(found: Route, value: str, limit: int | None, reference: Reference, **changes: Any) -> dict[str, Any]:
    target = found.target
    if changes:
        target = replace(target, profile=replace(target.profile, **changes))
    prepared = prepare(target, THINK[value], PROMPT, reference, max_output_tokens=limit)
    return json.loads(prepared.request.body)


@each("provider", ["anthropic", "openai", "google"], every=3)
def test_no_body_is_refused(provider: str) -> None:
    reference = facts.reference()
    for found in vendors_routes():
        for value, limit in product(VALUES, OUTPUT_LIMITS) if found.target.provider.name == provider else ():
            body = body_of(found, value, limit, reference)
            assert not refusals(found.model, found.target.dialect, body), (str(found), value, limit, body)


@EACH_REFERENCE
def test_no_body_is_refused_with_another_reference_table(reference: Reference) -> None:
    for found, value, limit in product(distinct_routes(), VALUES, (None, 16, 1025, 5119, 200000)):
        body = body_of(found, value, limit, reference)
        assert not refusals(found.model, found.target.dialect, body), (str(found), value, limit, body)


def test_no_body_is_refused_for_parameters_that_the_model_refuses() -> None:
    reference = facts.reference()
    for found, value in product(vendors_routes(), ("auto", "off", "low", "max", "4000")):
        body = body_of(found, value, None, reference, params=EVERY_PARAM)
        assert not refusals(found.model, found.target.dialect, body), (str(found), value, body)


@pytest.mark.parametrize("field", ["max_tokens", "max_output_tokens", "max_completion_tokens"])
def test_an_output_limit_in_the_params_is_an_output_limit(field: str) -> None:
    reference = facts.reference()
    for found, limit, value in product(distinct_routes(), (1, 1025, 5000, 500_000), ("off", "high", "4000")):
        body = body_of(found, value, None, reference, params={field: limit})
        assert not refusals(found.model, found.target.dialect, body), (str(found), value, limit, body)


def test_the_facts_by_hand_find_what_is_wrong() -> None:
    """The net itself: each of these is a known HTTP 400."""
    wrong: list[tuple[str, str, dict[str, Any]]] = [
        ("gpt-6-sol", "openai-chat", {"reasoning_effort": "max"}),
        ("gpt-6.1-sol", "openai-responses", {"reasoning": {"effort": "none"}}),
        ("gpt-5.5", "openai-responses", {"reasoning": {"effort": "max"}}),
        ("gpt-6-sol", "openai-responses", {"reasoning": {"effort": "minimal"}}),
        ("gpt-5.5-pro", "openai-chat", {}),
        ("gpt-4o", "openai-responses", {"reasoning": {"summary": "auto"}}),
        ("gpt-6-sol", "openai-responses", {"max_output_tokens": 15}),
        ("gpt-6-sol", "openai-responses", {"temperature": 0}),
        ("claude-haiku-4-5", "anthropic-messages", {"max_tokens": 9, "thinking": {"type": "adaptive"}}),
        ("claude-haiku-4-5", "anthropic-messages", {"max_tokens": 9, "output_config": {"effort": "low"}}),
        ("claude-opus-5-5", "anthropic-messages", {"max_tokens": 9, "thinking": {"type": "disabled"}}),
        ("claude-sonnet-5-5", "anthropic-messages", {"max_tokens": 9, "thinking": {"type": "disabled"}}),
        ("claude-opus-4-7", "anthropic-messages",
         {"max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": 2000}}),
        ("claude-haiku-4-5", "anthropic-messages",
         {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 2000}}),
        ("claude-haiku-4-5", "anthropic-messages",
         {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1000}}),
        ("claude-opus-5", "anthropic-messages",
         {"max_tokens": 9, "thinking": {"type": "disabled"}, "output_config": {"effort": "max"}}),
        ("claude-haiku-5-5", "anthropic-messages",
         {"max_tokens": 9, "thinking": {"type": "disabled", "display": "summarized"}}),
        ("gemini-4-argon", "gemini-generate", {"generationConfig": {"thinkingConfig": {"thinkingLevel": "MINIMAL"}}}),
        ("gemini-4-argon", "gemini-generate", {"generationConfig": {"thinkingConfig": {"thinkingBudget": 100}}}),
        ("gemini-2.5-pro", "gemini-generate", {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}),
        ("gemini-2.0-flash", "gemini-generate", {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}),
    ]  # fmt: skip
    for model, dialect, body in wrong:
        assert refusals(model, dialect, body), (model, body)


def test_the_facts_by_hand_know_every_card() -> None:
    assert {found.model for found in vendors_routes() if found.target.provider.name == "anthropic"} == set(CLAUDE)


@pytest.mark.parametrize(
    "model, dialect",
    [("gpt-5.5-pro", "openai-chat"), ("gpt-5.1-codex", "openai-chat"), ("o3-pro", "openai-chat")],
)
def test_a_model_is_not_called_on_a_dialect_that_does_not_serve_it(model: str, dialect: str) -> None:
    with pytest.raises(ConfigError, match="is not served on openai-chat") as raised:
        route("openai", model, dialect)
    assert raised.value.hint == "use dialect: openai-responses"


OTHERS = [name for name in facts.provider_names() if name not in PROVIDERS]


@each("provider", OTHERS, every=4)
def test_no_body_is_refused_or_misread_by_another_host(provider: str) -> None:
    reference = facts.reference()
    for found in every_route():
        for value, limit in product(VALUES, found.limits) if found.target.provider.name == provider else ():
            body = body_of(found, value, limit, reference)
            assert not host_refusals(provider, found.model, found.target.dialect, body), (
                str(found),
                value,
                limit,
                body,
            )


@EACH_REFERENCE
def test_no_other_host_refuses_what_another_reference_table_asks_for(reference: Reference) -> None:
    others = [found for found in every_route() if found.target.provider.name not in PROVIDERS]
    for found, value in product(others, ("minimal", "medium", "max", "1", "1000000")):
        body = body_of(found, value, None, reference)
        provider = found.target.provider.name
        assert not host_refusals(provider, found.model, found.target.dialect, body), (str(found), value, body)


CHAT, RESPONSES, MESSAGES, CONVERSE = "openai-chat", "openai-responses", "anthropic-messages", "bedrock-converse"


@each(
    "provider, model, dialect, body",
    [
        ("xai", "grok-4.7", RESPONSES, {"reasoning": {"effort": "none"}}),
        ("xai", "grok-4.7", RESPONSES, {"reasoning": {"effort": "max"}}),
        ("xai", "grok-4.3", CHAT, {"reasoning_effort": "minimal"}),
        ("xai", "grok-4.20-0309-reasoning", RESPONSES, {"reasoning": {"effort": "low"}}),
        ("xai", "grok-4.20-0309-non-reasoning", CHAT, {"reasoning_effort": "none"}),
        ("xai", "grok-build-0.1", RESPONSES, {"reasoning": {"effort": "high"}}),
        ("deepseek", "deepseek-flash", CHAT, {"reasoning_effort": "medium"}),
        ("deepseek", "deepseek-flash", CHAT, {"reasoning_effort": "xhigh"}),
        ("deepseek", "deepseek-flash", CHAT, {"max_completion_tokens": 100}),
        ("groq", "openai/gpt-oss-120b", CHAT, {"reasoning_effort": "none"}),
        ("groq", "openai/gpt-oss-120b", CHAT, {"reasoning_format": "parsed"}),
        ("groq", "qwen/qwen3.8-27b", CHAT, {"reasoning_format": "parsed", "include_reasoning": True}),
        ("groq", "qwen/qwen3.6-27b", CHAT, {"reasoning_effort": "high"}),
        ("cerebras", "gpt-oss-120b", CHAT, {"reasoning_effort": "none"}),
        ("cerebras", "gpt-oss-120b", CHAT, {"reasoning_format": "raw"}),
        ("moonshot", "kimi-k3", CHAT, {"reasoning_effort": "medium"}),
        ("moonshot", "kimi-k3", CHAT, {"thinking": {"type": "disabled"}}),
        ("moonshot", "kimi-k2.7-code", CHAT, {"thinking": {"type": "disabled"}}),
        ("moonshot", "kimi-k3", CHAT, {"temperature": 0.5}),
        ("zai", "glm-5.3", CHAT, {"thinking": {"type": "disabled"}}),
        ("zai", "glm-5.3", CHAT, {"thinking": {"type": "enabled"}, "reasoning_effort": "medium"}),
        ("zai", "glm-5.1", CHAT, {"reasoning_effort": "high"}),
        ("zai", "glm-5.3", CHAT, {"max_tokens": 200_000}),
        ("minimax", "MiniMax-M3.1-Flash", CHAT, {"thinking": {"type": "disabled"}}),
        ("minimax", "MiniMax-M3", CHAT, {"reasoning_effort": "high"}),
        ("minimax", "MiniMax-M2.7", CHAT, {"thinking": {"type": "disabled"}}),
        ("together", "openai/gpt-oss-120b", CHAT, {"reasoning_effort": "minimal"}),
        ("together", "zai-org/GLM-5.3", CHAT, {"reasoning": {"enabled": False}}),
        ("together", "moonshotai/Kimi-K3", CHAT, {"reasoning_effort": "medium"}),
        ("fireworks", "accounts/fireworks/models/deepseek-v4p1-flash", CHAT,
         {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("fireworks", "accounts/fireworks/models/kimi-k3", CHAT, {"reasoning_effort": "none"}),
        ("fireworks", "accounts/fireworks/models/glm-5p3", CHAT, {"reasoning_effort": "minimal"}),
        ("fireworks", "accounts/fireworks/models/qwen3p8-max", CHAT, {"reasoning_effort": 3}),
        ("mistral", "mistral-medium-latest", "mistral-chat", {"reasoning_effort": "medium"}),
        ("mistral", "mistral-large-latest", "mistral-chat", {"reasoning_effort": "none"}),
        ("mistral", "zai-glm-5-3", RESPONSES, {"reasoning": {"effort": "none"}}),
        ("mistral", "mistral-small-latest", "mistral-chat", {"prompt_mode": "reasoning"}),
        ("qwen", "qwen3.8-max", CHAT, {"reasoning_effort": "low", "enable_thinking": True}),
        ("qwen", "qwen3.8-max", CHAT, {"reasoning_effort": "high"}),
        ("qwen", "qwen3.8-max-preview", CHAT, {"enable_thinking": False}),
        ("qwen", "qwen-plus", CHAT, {"thinking_budget": 4000}),
        ("openrouter", "anthropic/claude-sonnet-4.6", CHAT,
         {"reasoning": {"effort": "high", "max_tokens": 4000}, "provider": {"require_parameters": True}}),
        ("openrouter", "anthropic/claude-opus-5.5", RESPONSES, {"reasoning": {"effort": "none"}}),
        ("openrouter", "deepseek/deepseek-v4-pro", RESPONSES, {"reasoning": {"effort": "max"}}),
        ("openrouter", "anthropic/claude-opus-5", CHAT, {"reasoning": {"effort": "high"}}),
        ("cohere", "command-a-reasoning-08-2025", "cohere-chat", {"thinking": {"type": "enabled", "token_budget": 0}}),
        ("cohere", "command-a-reasoning-08-2025", "cohere-chat", {"thinking": {"token_budget": 500}}),
        ("cohere", "command-r-08-2024", "cohere-chat", {"thinking": {"type": "disabled"}}),
        ("perplexity", "perplexity/sonar", RESPONSES, {"reasoning": {"effort": "max"}}),
        ("perplexity", "perplexity/sonar", RESPONSES, {"store": False}),
        ("nvidia", "nvidia/nemotron-3-ultra-550b-a55b", CHAT,
         {"chat_template_kwargs": {"enable_thinking": True, "reasoning_budget": 5}}),
        ("llamacpp", "some-model", CHAT, {"chat_template_kwargs": {"enable_thinking": "false"}}),
        ("vllm", "openai/gpt-oss-120b", CHAT, {"reasoning_effort": "none"}),
        ("sglang", "openai/gpt-oss-120b", CHAT, {"chat_template_kwargs": {"enable_thinking": False}}),
        ("ollama", "gpt-oss:20b", "ollama-chat", {"think": False}),
        ("ollama", "gpt-oss:20b", "ollama-chat", {"think": "max"}),
        ("ollama", "qwen3:8b", "ollama-chat", {"reasoning_effort": "none"}),
        ("ollama", "qwen3:8b", CHAT, {"think": False}),
        ("lmstudio", "openai/gpt-oss-20b", CHAT, {"reasoning_effort": "low"}),
        ("huggingface", "openai/gpt-oss-120b:groq", CHAT, {"reasoning_effort": "none"}),
        ("azure", "gpt-6-sol", CHAT, {"reasoning_effort": "max"}),
        ("google-vertex", "claude-opus-5-5", MESSAGES, {"max_tokens": 9, "thinking": {"type": "disabled"}}),
        ("bedrock", "global.anthropic.claude-haiku-4-5-20251001-v1:0", CONVERSE,
         {"inferenceConfig": {"maxTokens": 2000},
          "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 2000}}}),
        ("bedrock", "global.anthropic.claude-opus-5-5", CONVERSE,
         {"additionalModelRequestFields": {"thinking": {"type": "disabled"}}}),
    ],
)  # fmt: skip
def test_the_facts_by_hand_find_what_is_wrong_on_other_hosts(
    provider: str, model: str, dialect: str, body: dict[str, Any]
) -> None:
    assert host_refusals(provider, model, dialect, body)
