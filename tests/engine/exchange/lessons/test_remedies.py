"""What a refused field teaches: asked once more without it or with the other, remembered, told, and paid for."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.exchange.lessons.remedies import heeded, hint_for, lesson_of, lesson_table, refused_fields
from thinkdial.engine.exchange.transport import Transport
from thinkdial.engine.planning.prepare import Prepared
from thinkdial.providers.errors import Failure
from thinkdial.providers.think import parse_think

from ....cases import each
from ..recordings import prepared_for

LITELLM = (
    "litellm.UnsupportedParamsError: openai does not support parameters: ['reasoning_effort'], for model=m. "
    "To drop these, set `litellm.drop_params=True`"
)
MAX_TOKENS = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)


def refusal(wire: Any, message: str, param: str | None = None, status: int = 400) -> bytes:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": None}
    return wire.http(json.dumps({"error": error}), status=status)


@each(
    ("message", "names"),
    [
        (MAX_TOKENS, ["max_tokens"]),
        (LITELLM, ["reasoning_effort"]),
        ("does not support parameters: ['reasoning_effort', 'top_k'], for model=x", ["reasoning_effort", "top_k"]),
        ("Unknown parameter: 'stream_options'. (request id: 1)", ["stream_options"]),
        ("Extra inputs are not permitted, field: 'stream_options'", ["stream_options"]),
        (
            "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra inputs are not permitted'}]",
            ["stream_options"],
        ),
        ("Validation error at #/stream_options: Extra inputs are not permitted", ["stream_options"]),
        ("max_completion_tokens: Extra inputs are not permitted", ["max_completion_tokens"]),
        ("thinking: unknown field `thinking`, expected one of `messages`, `model`", ["thinking"]),
        ("Unrecognized request argument supplied: seed", ["seed"]),
        (
            "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1)",
            ["temperature"],
        ),
        ("property 'reasoning_effort' is unsupported", ["reasoning_effort"]),
        ("Unsupported value: 'minimal' is not supported with the 'gpt-5.5' model. Supported values are: 'low'", []),
        ("reasoning_effort='medium' is not supported for this model. Must be one of high", []),
        ("temperature must be at most 1", []),
    ],
)
def test_the_field_is_read_from_the_words(message: str, names: list[str]) -> None:
    assert list(refused_fields(Failure("invalid_request", message))) == names


@each(
    ("message", "most"),
    [
        ("max_tokens is too large: 6000. This model supports at most 4096 completion tokens, whereas", 4096),
        ("max_tokens: 100000 > 64,000, which is the maximum allowed number of output tokens for claude", 64000),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 8192),
        (
            "`max_tokens` must be less than or equal to `8192`, the maximum value is less than the `context_window`",
            8192,
        ),
        ("max_output_tokens must be in the supported range from 1 (inclusive) to 65537 (exclusive)", 65536),
        ("The maximum tokens you requested exceeds the model limit of 4096. Try again", 4096),
        ("max_tokens is too large", None),
    ],
)
@each("kind", ["invalid_request", "context_length", "rate_limit"])
def test_the_most_output_is_read_from_the_words(message: str, most: int | None, kind: Any) -> None:
    lesson = lesson_of(Failure(kind, message), prepared_for("openai-chat"))
    assert (lesson.most_output_tokens if lesson else None) == (None if kind == "rate_limit" else most)


def test_the_limit_field_is_the_other_one(exchange: Any, wire: Any) -> None:
    ran = exchange(refusal(wire, MAX_TOKENS, "max_tokens"), wire.good, max_output_tokens=500)
    first, second = (asked.body for asked in ran.server.asked)
    assert (first["max_tokens"], second["max_completion_tokens"]) == (500, 500) and "max_tokens" not in second
    assert ran.result.status == "ok" and ran.result.attempts == 2 and ran.waits == []
    (told,) = [warning for warning in ran.result.warnings if warning.code == "field_refused"]
    assert "max_tokens" in told.message and "quirks" in told.message


@each(
    ("message", "options", "gone"),
    [
        ("Unknown parameter: 'stream_options'.", {}, "stream_options"),
        ("`temperature` is not supported with this model", {"params": {"temperature": 0.2, "top_p": 1}}, "temperature"),
        (LITELLM, {"think": "high"}, "reasoning_effort"),
    ],
)
@each("status", [400, 422])
def test_the_call_is_made_without_what_is_refused(
    exchange: Any, wire: Any, message: str, options: dict[str, Any], gone: str, status: int
) -> None:
    ran = exchange(refusal(wire, message, status=status), wire.good, **options)
    first, second = (asked.body for asked in ran.server.asked)
    assert gone in first and second == {name: value for name, value in first.items() if name != gone}
    assert ran.result.status == "ok" and any(gone in warning.message for warning in ran.result.warnings)


def test_a_refused_field_of_the_think_value_is_told_in_the_receipt(exchange: Any, wire: Any) -> None:
    think = exchange(refusal(wire, LITELLM), wire.good, think="high").result.think
    assert (think.requested, think.native, think.fidelity) == ("high", {}, "unsupported")
    assert "reasoning_effort" in (think.note or "")


def test_the_most_output_is_asked_for(exchange: Any, wire: Any) -> None:
    words = "max_tokens is too large: 9000. This model supports at most 4096 completion tokens, whereas you said 9000."
    ran = exchange(refusal(wire, words), wire.good, max_output_tokens=9000)
    assert [asked.body["max_tokens"] for asked in ran.server.asked] == [9000, 4096]
    assert "output_limit_lowered" in [warning.code for warning in ran.result.warnings]


def test_one_more_try_and_no_other(exchange: Any, wire: Any) -> None:
    first, second = refusal(wire, MAX_TOKENS), refusal(wire, "Unknown parameter: 'stream_options'.")
    ran = exchange(first, second, wire.good, max_output_tokens=500)
    assert len(ran.server.asked) == 2 and ran.result.error.kind == "invalid_request"
    assert "stream_usage" in ran.result.error.hint


@pytest.mark.parametrize(
    ("message", "options", "word"),
    [
        (
            "Unsupported parameter: 'temperature' is not supported with this model.",
            {"params": {"temperature": 0}},
            "params",
        ),
        ("Unknown parameter: 'response_format'.", {"params": {"response_format": {"type": "text"}}}, "params"),
        (LITELLM, {"think": "high"}, "think"),
    ],
)
def test_what_cannot_be_learnt_names_its_setting(
    exchange: Any, wire: Any, message: str, options: dict[str, Any], word: str
) -> None:
    ran = exchange(refusal(wire, message), **options)
    assert ran.result.status == "error" and word in (ran.result.error.hint or "")


def test_a_lesson_is_remembered_for_the_endpoint_and_the_model(kit: Any, wire: Any) -> None:
    async def go() -> tuple[Any, list[dict[str, Any]], Any]:
        async with kit.Server(refusal(wire, MAX_TOKENS), wire.good) as server, Transport() as transport:
            mine = kit.profile(server.url, max_output_tokens=500)
            await kit.run([mine], transport=transport)
            again, _ = await kit.run([mine], transport=transport)
            other, _ = await kit.run([kit.profile(server.url, max_output_tokens=5, model="n")], transport=transport)
            return again[0], [asked.body for asked in server.asked], other[0]

    again, bodies, other = asyncio.run(go())
    assert [("max_tokens" in body, "max_completion_tokens" in body) for body in bodies] == [
        (True, False), (False, True), (False, True), (True, False),
    ]  # fmt: skip
    assert again.attempts == 1 and "field_refused" in [warning.code for warning in again.warnings]
    assert "field_refused" not in [warning.code for warning in other.warnings]


def test_a_lesson_that_did_not_help_is_not_remembered(kit: Any, wire: Any) -> None:
    async def go() -> list[dict[str, Any]]:
        async with kit.Server(refusal(wire, MAX_TOKENS)) as server, Transport() as transport:
            for _ in range(2):
                await kit.run([kit.profile(server.url, max_output_tokens=500)], transport=transport)
            return [asked.body for asked in server.asked]

    assert ["max_tokens" in body for body in asyncio.run(go())] == [True, False, True, False]


def test_nothing_is_learnt_once_text_was_shown(exchange: Any, wire: Any) -> None:
    late = {"error": {"message": MAX_TOKENS, "code": "invalid_request_error", "param": "max_tokens"}}
    ran = exchange(wire.stream(*wire.opening, late), wire.good, max_output_tokens=500)
    assert len(ran.server.asked) == 1


def test_a_strict_call_leaves_nothing_of_the_think_value_out() -> None:
    refused = Failure("invalid_request", LITELLM)
    prepared = think_high()
    lesson = lesson_of(refused, prepared)
    assert lesson is not None and heeded(prepared, lesson) is not None
    strict = replace(prepared, asked=replace(prepared.asked, is_strict=True))
    assert heeded(strict, lesson) is None and "think" in (hint_for(refused, strict) or "")


def think_high() -> Prepared:
    usual = prepared_for("openai-chat")
    return replace(usual, plan=replace(usual.plan, native={"reasoning_effort": "high"}), think=parse_think("high"))


def test_no_hint_without_a_field() -> None:
    prepared = prepared_for("openai-chat")
    assert hint_for(Failure("invalid_request", "no"), prepared) is None
    assert hint_for(Failure("auth", MAX_TOKENS), prepared) is None


def test_the_table_is_read_in_linear_time() -> None:
    """By growth: no pattern looks at more than a bounded part."""

    def spent(times: int) -> float:
        failed = Failure("invalid_request", "unknown parameter max_output_tokens unsupported value: 'a " * times)
        began = time.process_time()
        for _ in range(5):
            list(refused_fields(failed))
            lesson_of(failed, prepared_for("openai-chat"))
        return time.process_time() - began

    assert lesson_table().fields
    spent(100)
    assert spent(6400) < 8 * spent(100) + 0.05
