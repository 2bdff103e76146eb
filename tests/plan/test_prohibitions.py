"""No plan sends what the vendor refuses: every model, think value and output limit against facts written by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from thinkdial.engine.prepare import Prompt, prepare
from thinkdial.profiles import facts
from thinkdial.profiles.profile import Reference
from thinkdial.providers.errors import ConfigError
from thinkdial.providers.think import parse_think

from .facts_by_hand import CLAUDE, OPENAI_SAMPLING, refusals
from .routes import DISTINCT_ROUTES, OUTPUT_LIMITS, PROVIDERS, ROUTES, VALUES, Route, route

OTHER_REFERENCES = {
    "tiny": Reference({"minimal": 1, "low": 2, "medium": 3, "high": 4, "xhigh": 5}, 1),
    "huge": Reference(dict.fromkeys(("minimal", "low", "medium", "high", "xhigh"), 900_000), 500_000),
    "steep": Reference({"minimal": 100, "low": 30_000, "medium": 40_000, "high": 200_000, "xhigh": 300_000}, 60_000),
}
EVERY_PARAM: dict[str, Any] = {
    **dict.fromkeys(OPENAI_SAMPLING, 0.5),
    "top_k": 3,
    "stop": ["x"],
    "generationConfig": {"frequencyPenalty": 0.1, "presencePenalty": 0.1},
}


def body_of(found: Route, value: str, limit: int | None, reference: Reference, **changes: Any) -> dict[str, Any]:
    target = replace(found.target, profile=replace(found.target.profile, **changes))
    prepared = prepare(target, parse_think(value), Prompt("hi", "be brief"), reference, max_output_tokens=limit)
    return json.loads(prepared.request.body)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_body_is_refused(provider: str) -> None:
    reference = facts.reference()
    for found in ROUTES:
        for value, limit in product(VALUES, OUTPUT_LIMITS) if found.target.provider.name == provider else ():
            body = body_of(found, value, limit, reference)
            assert not refusals(found.model, found.target.dialect, body), (str(found), value, limit, body)


@pytest.mark.parametrize("reference", OTHER_REFERENCES.values(), ids=OTHER_REFERENCES)
def test_no_body_is_refused_with_another_reference_table(reference: Reference) -> None:
    for found, value, limit in product(DISTINCT_ROUTES, VALUES, (None, 16, 1025, 5119, 200000)):
        body = body_of(found, value, limit, reference)
        assert not refusals(found.model, found.target.dialect, body), (str(found), value, limit, body)


def test_no_body_is_refused_for_parameters_that_the_model_refuses() -> None:
    reference = facts.reference()
    for found, value in product(ROUTES, ("auto", "off", "low", "max", "4000")):
        body = body_of(found, value, None, reference, params=EVERY_PARAM)
        assert not refusals(found.model, found.target.dialect, body), (str(found), value, body)


@pytest.mark.parametrize("field", ["max_tokens", "max_output_tokens", "max_completion_tokens"])
def test_an_output_limit_in_the_params_is_an_output_limit(field: str) -> None:
    reference = facts.reference()
    for found, limit, value in product(DISTINCT_ROUTES, (1, 1025, 5000, 500_000), ("off", "high", "4000")):
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
    assert {found.model for found in ROUTES if found.target.provider.name == "anthropic"} == set(CLAUDE)


@pytest.mark.parametrize(
    "model, dialect",
    [("gpt-5.5-pro", "openai-chat"), ("gpt-5.1-codex", "openai-chat"), ("o3-pro", "openai-chat")],
)
def test_a_model_is_not_called_on_a_dialect_that_does_not_serve_it(model: str, dialect: str) -> None:
    with pytest.raises(ConfigError, match="is not served on openai-chat") as raised:
        route("openai", model, dialect)
    assert raised.value.hint == "use dialect: openai-responses"
