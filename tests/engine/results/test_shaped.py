"""An answer that comes as the call of a forced tool, and what is said of answers that should be JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from thinkdial.engine.checks.gates import Gate
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.exchange.outcome import Outcome
from thinkdial.engine.exchange.raw_response import RawResponse, reply_of
from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.engine.results.assembly import result_of
from thinkdial.engine.results.documents import result_document
from thinkdial.engine.results.restored import result_from
from thinkdial.engine.results.result import Cost, Result
from thinkdial.engine.shapes.short_form import short_schema
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.profiles.shapes.shape import Shape
from thinkdial.providers.think import parse_think

CONFIG, AT = load_builtin(), datetime(2026, 11, 30, tzinfo=UTC)
PERSON = Shape(short_schema("name, age int"), "person")


def read(model: str, content: list[dict[str, Any]], stop: str = "end_turn", shape: Shape = PERSON) -> Result:
    target = resolve(Profile("p", "anthropic", model), CONFIG)
    prepared = prepare(target, parse_think("off"), Prompt("who?", shape=shape), CONFIG.reference, stream=False)
    body = {
        "type": "message",
        "content": content,
        "stop_reason": stop,
        "usage": {"input_tokens": 1, "output_tokens": 9},
    }
    raw = RawResponse(200, "application/json", True, json.dumps(body).encode())
    reply = reply_of(raw, target.dialect, target.use.quirks, emulated=False)
    return result_of(Outcome(prepared, reply, Latency(), attempts=1), Cost(), run_id="r", at=AT)


def text(words: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": words}]


def test_the_arguments_of_the_forced_call_are_the_answer() -> None:
    called = {"type": "tool_use", "id": "t", "name": "person", "input": {"name": "Ada", "age": 36}}
    result = read("claude-opus-4-1", [called], "tool_use")
    assert result.shape is not None
    assert (result.shape.fidelity, result.shape.form) == ("tool", "clean")
    assert result.answer_json == {"name": "Ada", "age": 36} == json.loads(result.answer)
    assert result.schema_errors == ()


def test_a_refusal_is_no_answer_that_does_not_fit() -> None:
    result = read("claude-opus-5-5", text('{"name": "A'), "refusal")
    assert (result.schema_errors, result.answer_json) == (None, None)
    assert result.shape is not None
    assert result.shape.form is None


@pytest.mark.parametrize(
    "words, form, errors",
    [
        ('{"name": "Ada", "age": 36}', "clean", 0),
        ('```json\n{"name": "Ada", "age": 36}\n```', "fenced", 0),
        ('{"name": "Ada", "age": "old"}', "clean", 1),
        ('{"name": "Ada", "ag', "cut", 1),
    ],
)
def test_what_came_is_told_kept_and_read_again(words: str, form: str, errors: int) -> None:
    result = read("claude-opus-5-5", text(words))
    assert result.shape is not None
    assert result.shape.form == form
    assert result.answer == words, "what came is not changed"
    assert len(result.schema_errors or ()) == errors
    told = [notice.message for notice in result.warnings if notice.code == "shape_answer"]
    assert bool(told) is (form != "clean" or errors > 0)
    again = result_from(json.loads(json.dumps(result_document(result))))
    assert (again.shape, again.answer_json, again.schema_errors) == (
        result.shape, result.answer_json, result.schema_errors,
    )  # fmt: skip
    assert bool(Gate.parse("schema_errors>0").failures([result])) is (errors > 0)
    assert Gate.parse("shape=prompt").failures([result]) == []


@pytest.mark.parametrize("value", ["null", "true", "7", '"words"', "[]"])
def test_any_json_value_is_kept_as_what_it_is(value: str) -> None:
    result = read("claude-opus-5-5", text(value), shape=Shape())
    again = result_from(json.loads(json.dumps(result_document(result))))
    assert again.answer_json == json.loads(value)
    assert again.schema_errors == ()
