"""Expectations and answers that would take for ever: judged within a time, and beside the event loop."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from thinkdial.engine.checks import expectation as expecting
from thinkdial.engine.checks.expectation import MOST_JSON, NUMBER, check_expectation, judge_answer
from thinkdial.engine.checks.judgement import judge_apart
from thinkdial.engine.shapes.patterns import LONGEST_PATTERN, UnfinishedError, check_pattern
from thinkdial.providers.errors import UsageError

from ...cases import each
from ...growth import LINEAR, growth

ENDLESS = "(a|aa)+$"
TEXT = "a" * 4000 + "b"
DEEP: dict[str, Any] = {"$defs": {"n": {"anyOf": [{"items": {"$ref": "#/$defs/n"}, "maxItems": 9}] * 9}}}

SLOW: list[tuple[dict[str, Any], str]] = [
    ({"regex": ENDLESS}, TEXT),
    ({"schema": {"pattern": ENDLESS}}, json.dumps(TEXT)),
    ({"schema": {"patternProperties": {ENDLESS: True}}}, json.dumps({TEXT: 1})),
    ({"schema": {"patternProperties": {ENDLESS: True}, "additionalProperties": False}}, json.dumps({TEXT: 1})),
    ({"schema": {"propertyNames": {"pattern": ENDLESS}}}, json.dumps({TEXT: 1})),
    ({"schema": {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": ENDLESS}}, json.dumps(TEXT)),
    (
        {"schema": {"items": {"$schema": "https://json-schema.org/draft/2020-12/schema", "pattern": ENDLESS}}},
        json.dumps([TEXT]),
    ),
    ({"schema": {**DEEP, "not": {"$ref": "#/$defs/n"}}}, "[" * 40 + "[[],[],[],[],[],[],[],[],[],[]]" + "]" * 40),
]


def answered(answer: str) -> Any:
    return SimpleNamespace(status="ok", answer=answer, think=SimpleNamespace(verdict="as_asked"))


@pytest.mark.slow
@pytest.mark.parametrize(("expect", "answer"), SLOW)
def test_what_does_not_end_is_not_judged_and_other_tasks_go_on(expect: dict[str, Any], answer: str) -> None:
    check_expectation(expect)
    turns = 0

    async def both() -> tuple[bool | None, str | None]:
        nonlocal turns
        judging = asyncio.ensure_future(judge_apart(expect, answered(answer)))
        while not judging.done():
            await asyncio.sleep(0.001)
            turns += 1
        return judging.result()

    began = time.monotonic()
    passed, note = asyncio.run(both())
    assert passed is None and note is not None and "cannot be judged" in note and "no end" in note
    assert turns > 5
    assert time.monotonic() - began < 20 * expecting.JUDGING_S


def test_a_quick_judgement_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: Any) -> Any:
        raise AssertionError("a thread")

    monkeypatch.setattr(asyncio, "to_thread", refused)
    for expect, answer in (({"exact": "a"}, "a"), ({"number": 3}, "it is 3"), ({"contains": "b"}, "abc")):
        assert asyncio.run(judge_apart(expect, answered(answer))) == (True, None)
    assert asyncio.run(judge_apart(None, answered("a"))) == (None, None)


def test_a_long_answer_is_judged_in_a_thread() -> None:
    assert asyncio.run(judge_apart({"contains": "b"}, answered("a" * 200_000 + "b"))) == (True, None)


def test_whoever_can_ask_again_is_told_that_it_is_unfinished() -> None:
    with pytest.raises(UnfinishedError):
        judge_answer({"regex": ENDLESS}, answered(TEXT), within_s=0.001, unfinished=True)


@pytest.mark.parametrize(
    ("expect", "answer_of"),
    [
        ({"schema": {"uniqueItems": True}}, lambda n: json.dumps([{"a": [k]} for k in range(n)])),
        ({"schema": {"uniqueItems": True}}, lambda n: json.dumps([k * (2**61 - 1) for k in range(n)])),
        ({"schema": {"items": {"enum": [{"a": 1}, 2]}}}, lambda n: json.dumps([2] * n)),
        ({"schema": {"items": {"type": "integer"}}}, lambda n: json.dumps(list(range(n)))),
        ({"number": 5}, lambda n: "x " * (100 * n)),
        ({"number": 5}, lambda n: "1," * (100 * n)),
        ({"number": 5}, lambda n: "1,111," * (20 * n)),
        ({"number": 5}, lambda n: "٣ " * (20 * n)),
        ({"exact": "x"}, lambda n: "```\n" * (100 * n) + "```"),
        ({"exact": "x"}, lambda n: "```" + " ```\n" * (100 * n) + "x"),
    ],
)
def test_the_time_grows_with_the_answer(
    expect: dict[str, Any], answer_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_expectation(expect)
    answers = {n: answered(answer_of(n)) for n in (1000, 2000)}
    assert growth(lambda n: judge_answer(expect, answers[n], within_s=60), 1000) < LINEAR


@each(
    "pattern_of",
    [
        lambda n: "[" + "[:" * n + "]",
        lambda n: "{" + "1" * n,
        lambda n: r"\{" * n,
        lambda n: "[a]" * n,
        lambda n: "(" * 50 + "a" * n + ")" * 50,
        lambda n: r"[\[:x:]" * n,
    ],
)
def test_the_time_to_check_a_pattern_grows_with_it(pattern_of: Any) -> None:
    def check(n: int) -> None:
        with suppress(UsageError):
            check_pattern(pattern_of(n))

    assert growth(check, 1500) < LINEAR


def test_a_pattern_of_a_megabyte_is_refused_before_it_is_read() -> None:
    with pytest.raises(UsageError, match="more than"):
        check_pattern("a" * (LONGEST_PATTERN + 1))
    assert judge_answer({"schema": {"pattern": "a" * 30_000}}, answered('"a"'))[0] is None
    assert judge_answer({"schema": {"pattern": "((a{1000}){1000}){9}"}}, answered('"a"'))[0] is None


def test_a_schema_that_takes_for_ever_to_check_is_refused() -> None:
    check_expectation({"schema": {"required": [f"n{k}" for k in range(5000)]}})
    with pytest.raises(UsageError, match="unevaluatedProperties"):
        check_expectation({"schema": {"patternProperties": {"a": True}, "unevaluatedProperties": False}})


def test_an_answer_of_many_megabytes_is_no_json_to_judge() -> None:
    passed, note = judge_answer({"schema": True}, answered("[" + "1," * MOST_JSON + "1]"))
    assert passed is None and note is not None and "characters" in note


@each(
    ("schema", "value", "passes"),
    [
        ({"uniqueItems": True}, [1, True], True),
        ({"uniqueItems": True}, [1, 1.0], False),
        ({"uniqueItems": True}, [{"a": 1, "b": 2}, {"b": 2, "a": 1}], False),
        ({"uniqueItems": True}, ["1", 1, None, "null"], True),
        ({"uniqueItems": False}, [1, 1], True),
        ({"uniqueItems": True}, "aa", True),
        ({"enum": [1, "a", {"x": [1]}]}, {"x": [1.0]}, True),
        ({"enum": [1, "a"]}, True, False),
        ({"enum": ["1"]}, 1, False),
        ({"pattern": "^a+$"}, "aaa", True),
        ({"pattern": "^a+$"}, "b", False),
        ({"pattern": "^a+$"}, 5, True),
        ({"patternProperties": {"^n_": {"type": "integer"}}}, {"n_a": "x"}, False),
        ({"patternProperties": {"^n_": {}}, "additionalProperties": False}, {"n_a": 1}, True),
        ({"patternProperties": {"^n_": {}}, "additionalProperties": False}, {"m": 1}, False),
        ({"patternProperties": {"^n_": {}}, "properties": {"m": {}}, "additionalProperties": False}, {"m": 1}, True),
        ({"patternProperties": {"^n_": {}}, "additionalProperties": {"type": "null"}}, {"k": 1}, False),
        ({"additionalProperties": False, "properties": {"a": {}}}, {"b": 1}, False),
        ({"const": {"$schema": "x"}}, {"$schema": "x"}, True),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"enum": [1]}}}, 1, True),
    ],
)  # fmt: skip
def test_our_keywords_say_what_the_librarys_say(schema: dict[str, Any], value: Any, passes: bool) -> None:
    from jsonschema import Draft202012Validator

    assert judge_answer({"schema": schema}, answered(json.dumps(value)))[0] is passes
    assert Draft202012Validator(schema).is_valid(value) is passes


def test_the_last_number_is_that_of_the_whole_answer() -> None:
    for text in ("so 1,234.5 it is", "−7 then 8e-3.", "a 5 " + "x" * 50_000, "٣ 7 ٤", "no", "1" + "," * 20_000):
        all_of_them = [m.group() for m in NUMBER.finditer(text) if any(c.isdigit() for c in m.group())]
        assert expecting._last_number(text) == (all_of_them[-1] if all_of_them else None)  # pyright: ignore[reportPrivateUsage]
