"""Whether an answer passes."""

from __future__ import annotations

import re
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from thinkdial.engine.checks.expectation import check_expectation, judge_answer
from thinkdial.providers.errors import UsageError

from ...cases import each


def result_with(answer: str, status: str = "ok", verdict: str = "as_asked") -> Any:
    return SimpleNamespace(status=status, answer=answer, think=SimpleNamespace(verdict=verdict))


def judge(expect: dict[str, Any] | None, answer: str, status: str = "ok") -> tuple[bool | None, str | None]:
    if expect is not None:
        check_expectation(expect)
    return judge_answer(expect, result_with(answer, status))


@each(
    ("expect", "answer"),
    [
        ({"exact": "yes"}, " yes\n"),
        ({"exact": "Yes", "ignore_case": True}, "yES"),
        ({"exact": "x = 1"}, "```python\nx = 1\n```"),
        ({"contains": "b"}, "abc"),
        ({"contains": ["A", "c"], "ignore_case": True}, "abC"),
        ({"regex": r"\b91\b"}, "it is 91."),
        ({"regex": "^B", "ignore_case": True}, "bcd"),
        ({"number": 3}, "it is 3"),
        ({"number": 3.1}, "3.1"),
        ({"number": 1234567}, "first 5, in all 1,234,567."),
        ({"number": -2}, "it is −2"),
        ({"number": 100, "tolerance": 0.5}, "99.5"),
        ({"number": 100, "relative_tolerance": 0.01}, "101"),
        ({"number": 1e300}, "1e300"),
        ({"schema": {"type": "array", "items": {"type": "integer"}}}, "```json\n[1, 2]\n```"),
        ({"schema": True}, "5"),
        ({"contains": "a", "regex": "b"}, "ab"),
    ],
)
def test_answers_that_pass(expect: dict[str, Any], answer: str) -> None:
    assert judge(expect, answer) == (True, None)


@each(
    ("expect", "answer", "note"),
    [
        ({"exact": "yes"}, "Yes", "another one"),
        ({"contains": ["a", "z"]}, "abc", "'z'"),
        ({"regex": "^91$"}, "it is 91", "nothing in the answer"),
        ({"number": 3}, "none", "no number"),
        ({"number": 3}, "3 and 4", "last number is 4"),
        ({"number": 3}, "9e999999", "last number"),
        ({"number": 3}, "1e99999999999999999999", "number"),
        ({"number": -9e300, "relative_tolerance": 1e300}, "9e999999", "number"),
        ({"schema": {"type": "object"}}, "no JSON", "not JSON"),
        ({"schema": {"type": "object"}}, "[" * 100_000, "not JSON"),
        ({"schema": {"properties": {"a": {"type": "string"}}}}, '{"a": 5}', "$.a"),
        ({"contains": "a", "regex": "z"}, "ab", "regular expression"),
    ],
)
def test_answers_that_do_not(expect: dict[str, Any], answer: str, note: str) -> None:
    passed, said = judge(expect, answer)
    assert passed is False and said is not None and note in said and len(said) < 300


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"$ref": "https://example.com/schema"}, {"$ref": "#/nothing"}])
def test_what_cannot_be_judged_is_not_judged(schema: dict[str, Any]) -> None:
    passed, note = judge({"schema": schema}, "1")
    assert passed is None and note is not None and "cannot be judged" in note


def test_a_match_that_does_not_end_is_not_judged() -> None:
    passed, note = judge({"regex": "(a|aa)+$"}, "a" * 4000 + "b")
    assert passed is None and note is not None
    assert "expect.regex cannot be judged" in note and "nested repetitions" in note


@each(
    "pattern",
    [
        "(",
        "[[:alpha:]]",
        "[1[:alpha:]]",
        "[^]x[:digit:]-]",
        "(?<=a|bc)d",
        r"\h",
        "(?e)a",
        "[ab]{99999999}",
        "(a{1000}){1000}",
        "((x{9}){99}y{999}){200}",
    ],
)
def test_only_the_regular_expressions_of_python_are_taken(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"expect\.regex is no regular expression"):
        check_expectation({"regex": pattern})


@each(
    ("pattern", "answer", "passes"),
    [
        ("^b", "a\nb", False),
        ("(?m)^b", "a\nb", True),
        ("a$", "a\n", True),
        ("a.b", "a\nb", False),
        (r"(?P<x>\w)(?P=x)", "héé", True),
        (r"\d", "٣", True),
    ],
)
def test_anchors_and_classes_are_those_of_python(pattern: str, answer: str, passes: bool) -> None:
    assert judge({"regex": pattern}, answer)[0] is passes is (re.search(pattern, answer.strip()) is not None)


def test_the_library_is_imported_only_for_a_regular_expression() -> None:
    code = (
        "import sys; from thinkdial.engine.checks import expectation; expectation.check_expectation({'exact': 'a'}); "
    )
    subprocess.run([sys.executable, "-c", code + "assert 'regex' not in sys.modules"], check=True)


def test_only_whole_answers_are_judged() -> None:
    assert judge({"exact": "a"}, "a", "partial") == (None, None)
    assert judge(None, "a") == (None, None)


@pytest.mark.parametrize(
    "pattern", [r"\d{4}-\d{2}-\d{2}T(\d{2}:){2}\d{2}", "(?:[a-z{1000}]{10} ){20}", r"\{5000000\}", "a{0,9999999}"]
)
def test_honest_counts_are_taken(pattern: str) -> None:
    check_expectation({"regex": pattern})


def test_the_same_json_twice_is_judged_once() -> None:
    schema = {"schema": {"type": "object", "required": ["a"]}}
    assert judge(schema, '{"a": 1}\n{"a": 1}') == (True, None)
    assert judge(schema, '{"a": 1}\n{"a": 2}')[0] is False


@pytest.mark.parametrize("expect", [{"regex": ".*"}, {"exact": ""}, {"contains": ""}])
def test_an_answer_without_text_is_never_what_was_expected(expect: dict[str, Any]) -> None:
    assert judge_answer(expect, result_with("", verdict="empty")) == (False, "the answer is empty")
