"""In what form JSON comes: named, and never put right in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thinkdial.engine.shapes.adaptation import adapt
from thinkdial.engine.shapes.answer import read_answer
from thinkdial.engine.shapes.short_form import short_schema
from thinkdial.profiles.shapes.rule import shape_rule
from thinkdial.profiles.shapes.shape import Shape

from ...cases import each

SCHEMA = Shape(short_schema("name, age int, note? str"))
GOOD = '{"name": "Ada", "age": 36}'
VALUE = {"name": "Ada", "age": 36}
OPENAI = shape_rule("openai", "openai-responses", "gpt-6-sol")


@each(
    "answer, form",
    [
        (GOOD, "clean"),
        (f"\n {GOOD} \n", "clean"),
        (f"```json\n{GOOD}\n```", "fenced"),
        (f"```\n{GOOD}\n```", "fenced"),
        (f"Here you are:\n```json\n{GOOD}\n```\nAnything else?", "in_words"),
        (f"Here you are: {GOOD}", "in_words"),
        (f"{GOOD} I hope that helps [really].", "in_words"),
        (f"{GOOD}\n{GOOD}", "repeated"),
        (json.dumps(GOOD), "encoded_twice"),
    ],
)
def test_what_stands_around_the_json_is_named(answer: str, form: str) -> None:
    read = read_answer(answer, None, SCHEMA, None)
    assert (read.form, read.value, read.errors) == (form, VALUE, ())


@each(
    "answer, form",
    [
        ('{"name": "Ada", "ag', "cut"),
        ('[{"name": "Ada"}, {"na', "cut"),
        ("```json\n{\"name\": \"Ada\", ", "cut"),
        ("", "empty"),
        (" \n", "empty"),
        ("I would rather not.", "not_json"),
        ("{name: Ada}", "not_json"),
        ('{"age": NaN}', "not_json"),
        ('{"age": 1e999}', "not_json"),
        ("[" * 500 + "]" * 500, "not_json"),
    ],
)  # fmt: skip
def test_what_is_no_json_has_no_value_and_says_so(answer: str, form: str) -> None:
    read = read_answer(answer, None, SCHEMA, None)
    assert (read.form, read.value) == (form, None)
    assert read.errors is not None
    assert len(read.errors) == 1


def test_json_that_came_as_reasoning_is_taken_and_said() -> None:
    assert read_answer("", GOOD, SCHEMA, None).form == "in_reasoning"
    assert read_answer("", GOOD, SCHEMA, None).value == VALUE
    assert read_answer("", "well, 7", SCHEMA, None).form == "empty"


def test_a_text_is_no_json_twice_where_the_schema_means_text() -> None:
    read = read_answer(json.dumps(GOOD), None, Shape({"type": "string"}), None)
    assert (read.form, read.value, read.errors) == ("clean", GOOD, ())


def test_errors_have_their_places() -> None:
    read = read_answer('{"name": 7, "more": 1}', None, SCHEMA, None)
    assert read.form == "clean"
    assert len(read.errors or ()) == 3
    assert any(error.startswith("$.name: ") for error in read.errors or ())


def test_any_json_will_do_without_a_schema() -> None:
    assert read_answer("[1]", None, Shape(), None).errors == ()
    assert read_answer("no", None, Shape(), None).errors == ("$: the answer is not JSON",)


def test_a_null_for_a_key_that_may_be_left_out_is_left_out_and_said() -> None:
    adaptation = adapt(SCHEMA.schema or {}, OPENAI)
    read = read_answer('{"name": "Ada", "age": 36, "note": null}', None, SCHEMA, adaptation)
    assert (read.value, read.errors) == (VALUE, ())
    assert "left out" in (read.note or "")
    kept = read_answer('{"name": null, "age": 36, "note": null}', None, SCHEMA, adaptation)
    assert kept.errors, "what must be there must not be null"


@pytest.mark.parametrize("inner, errors", [([1, 2], 0), (["x"], 1)])
def test_an_answer_that_was_wrapped_is_taken_out(inner: Any, errors: int) -> None:
    shape = Shape({"type": "array", "items": {"type": "integer"}})
    adaptation = adapt(shape.schema or {}, OPENAI)
    assert adaptation.is_wrapped
    read = read_answer(json.dumps({"value": inner}), None, shape, adaptation)
    assert read.value == inner
    assert len(read.errors or ()) == errors


def test_a_schema_that_leads_nowhere_is_said_and_does_not_end_the_run() -> None:
    read = read_answer(GOOD, None, Shape({"$ref": "#/$defs/none"}), None)
    assert read.errors is None
    assert "cannot be held against the schema" in (read.note or "")
