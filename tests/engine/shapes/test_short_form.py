"""What can be said for a schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thinkdial.engine.shapes.short_form import shape_in, short_schema
from thinkdial.providers.errors import UsageError

from ...cases import each


def test_the_short_form_is_a_closed_object() -> None:
    assert short_schema("name, age int, tags [str], mood good|bad, note? str, ok bool, x float") == {
        "type": "object",
        "properties": {
            "name": {"type": "string"}, "age": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}}, "mood": {"type": "string", "enum": ["good", "bad"]},
            "note": {"type": "string"}, "ok": {"type": "boolean"}, "x": {"type": "number"},
        },
        "required": ["name", "age", "tags", "mood", "ok", "x"],
        "additionalProperties": False,
    }  # fmt: skip


def test_a_file_gives_the_schema_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a person.json"
    path.write_text(json.dumps({"type": "object"}))
    shape = shape_in(str(path))
    assert (shape.schema, shape.name) == ({"type": "object"}, "a_person")


@each(
    "said, words",
    [
        ("missing/person.json", "is no file, no JSON Schema and no short form"),
        ("{", "is not JSON"),
        ('{"type": "nothing"}', "is no JSON Schema"),
        ('{"pattern": "(a+)+$', "is not JSON"),
        ("name, name int", "'name' is there twice"),
        ("name date", "'date' is no type"),
        ("name int,", "is no field"),
        ("", "is no file"),
        ('{"$ref": "#/nowhere"}', "the schema: the reference '#/nowhere' leads nowhere"),
        ('{"properties": {"id": {"$ref": "https://example.org/s.json"}}}', "out of the schema, and nothing is fetched"),
        ('{"$ref": "#"}', "leads back to itself without an end"),
        (
            '{"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}}}',
            "without an end",
        ),
    ],
)
def test_what_is_none_is_said_with_what_would_be(said: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        shape_in(said)
    assert words in refused.value.message


def test_references_that_lead_somewhere_are_taken() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#"}, "any": {"$ref": "#/$defs/a%20b~1c"}}}
    for schema in (
        node | {"$defs": {"a b/c": {"type": "string"}}},
        {"$ref": "#/$defs/n", "$defs": {"n": {"anyOf": [{"type": "null"}, {"items": {"$ref": "#/$defs/n"}}]}}},
        {"$ref": "#it", "$defs": {"x": {"$anchor": "it", "type": "string"}}},
        {"properties": {"$ref": {"type": "string"}, "b": {"const": {"$ref": "#/no"}}}},
    ):
        assert shape_in(json.dumps(schema)).schema == schema


def test_a_file_that_is_none_names_itself(tmp_path: Path) -> None:
    for content, words in ((b"[1]", "is no JSON Schema"), (b"\xff\xfe", "is not UTF-8"), (b"", "is not JSON")):
        (tmp_path / "s.json").write_bytes(content)
        with pytest.raises(UsageError, match=words):
            shape_in(str(tmp_path / "s.json"))
    with pytest.raises(UsageError, match="cannot be read"):
        shape_in(str(tmp_path))
