"""A profile's own native fields: merged last, unless they contradict the dial or the model refuses them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.planning.params import take_output_limit
from thinkdial.engine.planning.plan import ThinkPlan
from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.providers.errors import ConfigError
from thinkdial.providers.think import parse_think

from ...cases import each
from .routes import REFERENCE, route


def prepared(provider: str, model: str, value: str, params: dict[str, Any], dialect: str | None = None) -> Prepared:
    target = route(provider, model, dialect).target
    target = replace(target, profile=replace(target.profile, params=params))
    return prepare(target, parse_think(value), Prompt("hi"), REFERENCE)


def planned(provider: str, model: str, value: str, params: dict[str, Any], dialect: str | None = None) -> ThinkPlan:
    return prepared(provider, model, value, params, dialect).plan


@each(
    "provider, model, value, params, path",
    [
        ("anthropic", "claude-opus-5", "high", {"thinking": {"type": "disabled"}}, "thinking.type"),
        ("anthropic", "claude-haiku-5-5", "off", {"output_config": {"effort": "max"}}, "output_config.effort"),
        ("anthropic", "claude-opus-5", "high", {"output_config": None}, "output_config"),
        ("openai", "gpt-6-sol", "4000", {"reasoning": {"effort": "low"}}, "reasoning.effort"),
        ("google", "gemini-4-argon", "low", {"generationConfig": {"thinkingConfig": {"thinkingBudget": 5}}},
         "generationConfig.thinkingConfig.thinkingBudget"),
        ("google", "gemini-4-argon", "low", {"generation_config": {"thinking_config": {"thinking_budget": 5}}},
         "generation_config.thinking_config.thinking_budget"),
    ],
)  # fmt: skip
def test_params_that_contradict_the_dial_are_refused_with_what_to_do(
    provider: str, model: str, value: str, params: dict[str, Any], path: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        planned(provider, model, value, params)
    assert raised.value.message == f"params.{path} sets what --think {value} is asked to set"
    assert raised.value.hint and "--think auto" in raised.value.hint


def test_other_fields_beside_the_owned_ones_are_merged_last() -> None:
    body = json.loads(
        prepared("openai", "gpt-6-sol", "high", {"reasoning": {"summary": "detailed"}, "seed": 4}).request.body
    )
    assert body["reasoning"] == {"effort": "high", "summary": "detailed"}
    assert body["seed"] == 4
    budget = planned("anthropic", "claude-opus-4-5", "4000", {"output_config": {"effort": "low"}})
    assert budget.params == {"output_config": {"effort": "low"}} and not budget.notices


def test_with_auto_the_params_decide_and_nothing_of_ours_is_mixed_in() -> None:
    call = prepared("anthropic", "claude-haiku-5-5", "auto", {"thinking": {"type": "disabled"}, "metadata": {"a": 1}})
    assert call.plan.note == "set by the profile's params: thinking.type=disabled"
    assert (call.plan.fidelity, call.plan.thinks) == ("default", False)
    # A `display` beside `disabled` would be HTTP 400.
    assert json.loads(call.request.body)["thinking"] == {"type": "disabled"}
    between = prepared("anthropic", "claude-sonnet-5-5", "auto", {"thinking": {"type": "between_tools"}})
    assert json.loads(between.request.body)["thinking"] == {"type": "between_tools"}
    assert between.plan.thinks is False
    flash = prepared(
        "google", "gemini-2.5-flash", "auto", {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}
    )
    assert json.loads(flash.request.body)["generationConfig"] == {"thinkingConfig": {"thinkingBudget": 0}}
    luna = planned("openai", "gpt-6-luna", "auto", {"reasoning": {"effort": "low"}, "temperature": 0.1})
    assert luna.native == {"reasoning": {"summary": "auto"}} and luna.optional == ("reasoning.summary",)
    assert luna.thinks is None and luna.params == {"reasoning": {"effort": "low"}}


@each(
    "provider, model, value, field, dropped",
    [
        ("openai", "gpt-6-sol", "high", "temperature", " while it thinks"),
        ("openai", "gpt-6-sol", "off", "temperature", None),
        ("openai", "gpt-6-sol", "auto", "temperature", " while it thinks"),
        ("openai", "gpt-5.4", "auto", "temperature", None),
        ("openai", "gpt-5.4", "low", "logprobs", " while it thinks"),
        ("openai", "gpt-6.1-sol", "off", "top_p", ""),
        ("openai", "o3", "off", "stop", ""),
        ("openai", "gpt-4o", "high", "temperature", None),
        ("anthropic", "claude-opus-5", "off", "temperature", ""),
        ("anthropic", "claude-sonnet-4-6", "high", "top_k", " while it thinks"),
        ("anthropic", "claude-sonnet-4-6", "off", "top_k", None),
        ("anthropic", "claude-haiku-4-5", "high", "temperature", " while it thinks"),
        ("anthropic", "claude-haiku-4-5", "auto", "temperature", None),
        ("google", "gemini-4-neon", "low", "cachedContent", ""),
    ],
)
def test_parameters_that_the_model_refuses_are_left_out_and_that_is_said(
    provider: str, model: str, value: str, field: str, dropped: str | None
) -> None:
    decided = planned(provider, model, value, {field: 0.5, "kept": True})
    said = [notice.message for notice in decided.notices if notice.code == "param_dropped"]
    if dropped is None:
        assert decided.params == {field: 0.5, "kept": True} and not said
    else:
        assert decided.params == {"kept": True}
        assert said == [f"{field} was not sent: {model} refuses it{dropped}"]


@each(
    "provider, model, params",
    [
        ("openai", "gpt-4o", {"reasoning": {"effort": "high"}}),
        ("openai", "gpt-4.1", {"reasoning_effort": "high"}),
        ("google", "gemini-2.0-flash", {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}),
        ("google", "gemini-2.5-flash-image", {"generation_config": {"thinking_config": {"include_thoughts": True}}}),
        ("google", "gemini-4-argon", {"generationConfig": {"frequencyPenalty": 1, "presencePenalty": 1}}),
        ("anthropic", "claude-3-5-sonnet-20241022", {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        ("anthropic", "claude-haiku-4-5", {"output_config": {"effort": "high"}}),
    ],
)
def test_thinking_fields_are_not_sent_to_models_without_them(provider: str, model: str, params: dict[str, Any]) -> None:
    for value in ("auto", "off", "high"):
        decided = planned(provider, model, value, params)
        assert decided.params == {}
        assert {notice.code for notice in decided.notices} >= {"param_dropped"}


@each(
    "params, asked, limit, said",
    [
        ({"max_tokens": 500}, None, 500, ""),
        ({"max_tokens": 500}, 500, 500, ""),
        ({"max_tokens": 500}, 9000, 500, "output limit 500: options, profile and its params disagree (9000)"),
        ({"max_output_tokens": 9000}, 700, 700, "output limit 700: options, profile and its params disagree (9000)"),
        ({"generationConfig": {"maxOutputTokens": 50, "topP": 1}}, None, 50, ""),
        ({}, None, None, ""),
        ({"temperature": 1}, 100, 100, ""),
    ],
)
def test_an_output_limit_among_the_params_is_taken_over(
    params: dict[str, Any], asked: int | None, limit: int | None, said: str
) -> None:
    rest, taken, notices = take_output_limit(params, asked)
    assert taken == limit
    assert not {"max_tokens", "max_output_tokens"} & set(rest)
    assert [notice.message.startswith(said) for notice in notices] == ([True] if said else [])
    if "generationConfig" in params:
        assert rest == {"generationConfig": {"topP": 1}}


@each("limit", [0, -1, "8k", True, None, 1.5])
def test_an_output_limit_that_is_none_is_refused(limit: Any) -> None:
    with pytest.raises(ConfigError, match=r"params\.max_tokens must be a whole number above 0"):
        take_output_limit({"max_tokens": limit}, None)


def test_params_cannot_change_the_model_behind_the_plan() -> None:
    with pytest.raises(ConfigError, match=r"params\.model names another model"):
        planned("openai", "gpt-6-sol", "high", {"model": "gpt-4o"})


def test_on_chat_the_limit_goes_into_the_field_that_reasoning_models_take() -> None:
    body = json.loads(prepared("openai", "gpt-6-sol", "high", {"max_tokens": 5}, "openai-chat").request.body)
    assert body["max_completion_tokens"] == 16 and "max_tokens" not in body
