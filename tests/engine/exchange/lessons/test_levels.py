"""A provider that knows better than the card: refused levels are learnt from, once, and said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thinkdial.engine.exchange.lessons.levels import legal_levels
from thinkdial.providers.errors import Failure
from thinkdial.providers.think import Level

OPENAI = (
    "Unsupported value: 'minimal' is not supported with the 'gpt-5.5' model. Supported values are: "
    "'none', 'low', 'medium', 'high', and 'xhigh'."
)
MISTRAL = (
    "reasoning_effort='medium' is not supported for this model. Must be one of "
    "(<ReasoningEffort.none: 'none'>, <ReasoningEffort.high: 'high'>)"
)
MISTRAL_LIST = "reasoning_effort low is not supported for this model, supported values: ['high', 'max']"
GOOGLE = "Thinking level MINIMAL is not supported. Allowed values are LOW, MEDIUM, HIGH."


@pytest.mark.parametrize(
    ("message", "levels", "can_be_off"),
    [
        (OPENAI, ("low", "medium", "high", "xhigh"), True),
        (MISTRAL, ("high",), True),
        (MISTRAL_LIST, ("high", "max"), False),
        (GOOGLE, ("low", "medium", "high"), False),
    ],
)
def test_the_legal_levels_are_read_from_the_words(message: str, levels: tuple[str, ...], can_be_off: bool) -> None:
    found = legal_levels(Failure("invalid_request", message, param="reasoning.effort"))
    assert found == (tuple(Level(level) for level in levels), can_be_off)


@pytest.mark.parametrize(
    "message",
    [
        "Unsupported value: 'minimal' is not supported with this model's reasoning effort",
        "temperature must be one of the supported values: low, high",
        "reasoning is not available",
    ],
)
def test_a_refusal_that_lists_nothing_teaches_nothing(message: str) -> None:
    assert legal_levels(Failure("invalid_request", message)) is None


def refusal(wire: Any) -> bytes:
    error = {
        "message": "reasoning_effort: unsupported value 'high'. Supported values are: 'low', 'max'.",
        "type": "invalid_request_error",
        "param": "reasoning_effort",
        "code": "unsupported_value",
    }
    return wire.http(json.dumps({"error": error}), status=400)


def test_one_retry_with_the_nearest_level_below(exchange: Any, wire: Any) -> None:
    ran = exchange(refusal(wire), wire.good, think="high")
    assert [asked.body["reasoning_effort"] for asked in ran.server.asked] == ["high", "low"]
    result = ran.result
    assert result.status == "ok"
    assert result.think.requested == "high"
    assert result.think.native == {"reasoning_effort": "low"}
    assert result.think.fidelity == "clamped"
    assert "refused" in (result.think.note or "")
    assert {"level_refused", "card_disagrees"} <= {notice.code for notice in result.warnings}


def test_it_is_tried_only_once(exchange: Any, wire: Any) -> None:
    ran = exchange(refusal(wire), refusal(wire), wire.good, think="high")
    assert len(ran.server.asked) == 2
    assert ran.result.error is not None
    assert ran.result.error.kind == "invalid_request"


def test_nothing_is_learnt_when_nothing_was_asked(exchange: Any, wire: Any) -> None:
    ran = exchange(refusal(wire), wire.good, think="auto")
    assert len(ran.server.asked) == 1
