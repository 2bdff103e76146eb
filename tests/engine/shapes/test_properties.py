"""Four hundred schemas: what goes out, what comes back, and that nothing passes that the schema refuses."""

from __future__ import annotations

import json
import random
from functools import cache
from typing import Any

import jsonschema
import pytest

from thinkdial.engine.shapes.adaptation import WRAPPED_AS, Adaptation, adapt
from thinkdial.engine.shapes.answer import read_answer
from thinkdial.profiles.shapes.rule import ShapeRule, shape_rule
from thinkdial.profiles.shapes.shape import Shape

from ...cases import each

ROUTES = (
    ("openai", "openai-responses", "gpt-6-sol"), ("anthropic", "anthropic-messages", "claude-opus-5-5"),
    ("google", "gemini-generate", "gemini-3-pro"), ("cohere", "cohere-chat", "command-a-reasoning"),
    ("mistral", "mistral-chat", "magistral-medium"), ("vllm", "openai-chat", "any"),
)  # fmt: skip
NAMES = ("name", "age", "tags", "default", "properties", "note", "kind")


class Maker:
    """Schemas and values of a seed. Every value keyword is in some schema; some values fit and some do not."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def schema(self, depth: int = 0) -> dict[str, Any]:
        pick = self.random.random()
        if depth == 0 and pick < 0.75:
            return self.object(depth)
        if depth < 3 and pick < 0.2:
            return self.object(depth)
        if depth < 3 and pick < 0.35:
            made = {"type": "array", "items": self.schema(depth + 1)}
            return made | self.some({"minItems": 2, "maxItems": 3, "uniqueItems": True})
        if depth < 3 and pick < 0.5:
            union = self.random.choice(("anyOf", "oneOf", "allOf"))
            return {union: [self.schema(depth + 1) for _ in range(1 if union == "allOf" else 2)]}
        return self.leaf()

    def object(self, depth: int) -> dict[str, Any]:
        names = self.random.sample(NAMES, self.random.randint(0, 4))
        made: dict[str, Any] = {"type": "object", "properties": {name: self.schema(depth + 1) for name in names}}
        made["required"] = [name for name in names if self.random.random() < 0.6]
        more = self.random.choice((None, False, True, {"type": "string"}))
        if more is not None:
            made["additionalProperties"] = more
        made |= self.some({"minProperties": 1, "dependentRequired": {"name": ["age"]}, "description": "a thing"})
        if depth == 0 and names and self.random.random() < 0.3:
            made["$defs"] = {"leaf": self.leaf()}
            made["properties"][names[0]] = {"$ref": "#/$defs/leaf"}
        return made

    def leaf(self) -> dict[str, Any]:
        return self.random.choice((
            {"type": "string"} | self.some({"minLength": 2, "maxLength": 3, "pattern": "^a", "format": "uri"}),
            {"type": "integer"} | self.some({"minimum": 2, "maximum": 5, "multipleOf": 2, "exclusiveMinimum": 0}),
            {"type": ["number", "null"]}, {"type": "boolean"}, {"enum": ["a", "b", 1, None]}, {"const": "a"},
            {"not": {"type": "string"}}, {"type": "string", "pattern": "^(?!b)"},
        ))  # fmt: skip

    def some(self, keywords: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in keywords.items() if self.random.random() < 0.3}

    def value(self, schema: Any, root: dict[str, Any]) -> Any:
        """A value that often fits."""
        if not isinstance(schema, dict) or self.random.random() < 0.05:
            return self.random.choice((None, 1, "a", [], {}, "bbbb", 4.5, True))
        if "$ref" in schema:
            return self.value(root["$defs"]["leaf"], root)
        for union in ("anyOf", "oneOf", "allOf"):
            if union in schema:
                return self.value(self.random.choice(schema[union]), root)
        if "enum" in schema or "const" in schema:
            return self.random.choice(schema.get("enum", [schema.get("const")]))
        kind = schema.get("type")
        if kind == "object":
            made = {
                name: self.value(part, root)
                for name, part in schema["properties"].items()
                if name in schema["required"] or self.random.random() < 0.7
            }
            return made | ({"more": "x"} if self.random.random() < 0.15 else {})
        if kind == "array":
            return [self.value(schema["items"], root) for _ in range(self.random.randint(0, 3))]
        plain = {"string": ("a", "ab", "b", "abcd"), "integer": (0, 2, 3, 4, 9), "boolean": (True, False)}
        return self.random.choice(plain
                                  .get(str(kind), (None, 1.5, 2, "a")))  # fmt: skip


def as_sent(value: Any, schema: dict[str, Any], adaptation: Adaptation) -> Any:
    """What a model that keeps to the schema that was sent would write for `value`: keys left out are null."""
    filled = with_nulls(
        value, adaptation.schema["properties"][WRAPPED_AS] if adaptation.is_wrapped else adaptation.schema
    )
    return {WRAPPED_AS: filled} if adaptation.is_wrapped else filled


def with_nulls(value: Any, sent: dict[str, Any]) -> Any:
    if isinstance(value, dict) and isinstance(sent.get("properties"), dict):
        parts = sent["properties"]
        filled = {name: with_nulls(one, parts.get(name, {})) for name, one in value.items()}
        return filled | {name: None for name in sent.get("required", []) if name not in filled}
    if isinstance(value, list) and isinstance(sent.get("items"), dict):
        return [with_nulls(one, sent["items"]) for one in value]
    return value


def keywords_in(node: Any) -> set[str]:
    """All keywords of a schema, by a walk that shares no line with the one that is tested."""
    if isinstance(node, list):
        return set().union(*map(keywords_in, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    found: set[str] = set()
    for name, value in node.items():
        found.add(name)
        if name in ("properties", "$defs"):
            found |= set().union(*map(keywords_in, value.values())) if value else set()
        elif name not in ("enum", "const", "required", "propertyOrdering", "dependentRequired"):
            found |= keywords_in(value)
    return found


def objects_in(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [one for item in node for one in objects_in(item)]
    if not isinstance(node, dict):
        return []
    own = [node] if node.get("type") == "object" and isinstance(node.get("properties", {}), dict) else []
    return [*own, *(one for value in node.values() for one in objects_in(value))]


@cache
def checked(written: str) -> jsonschema.Draft202012Validator:
    """What validates by a schema, which has to be one. Several routes send the same."""
    schema = json.loads(written)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("cases", [20, pytest.param(400, marks=pytest.mark.slow)])
@each("route", ROUTES, ids=lambda route: route[0])
def test_what_is_sent_is_in_the_subset_and_what_passes_fits_the_schema_as_it_was_said(
    route: tuple[str, ...], cases: int
) -> None:
    rule: ShapeRule = shape_rule(*route)
    passed = refused = sayable = kept = 0
    for seed in range(cases):
        maker = Maker(seed)
        schema = maker.schema()
        before = json.dumps(schema)
        adaptation = adapt(schema, rule)
        assert json.dumps(schema) == before, "the schema itself is not touched"
        as_said, as_adapted = checked(before), checked(json.dumps(adaptation.schema))
        if adaptation.lost:
            assert rule.closed or rule.needs_required
            continue
        sayable += 1
        assert not keywords_in(adaptation.schema) & set(rule.refuses), adaptation.schema
        if rule.closed:
            assert all(one["additionalProperties"] is False for one in objects_in(adaptation.schema))
        if rule.all_required:
            assert all(set(one["required"]) == set(one["properties"]) for one in objects_in(adaptation.schema))
        if json.dumps(adaptation.schema) != before:
            assert adaptation.changes or rule.ordered
        for _ in range(8):
            value = maker.value(schema, schema)
            sent = as_sent(value, schema, adaptation)
            read = read_answer(json.dumps(sent), None, Shape(schema), adaptation)
            if read.errors == ():
                passed += 1
                assert as_said.is_valid(read.value), (schema, read.value)
            else:
                refused += 1
                assert read.errors and not as_said.is_valid(read.value)
            if as_said.is_valid(value) and as_adapted.is_valid(sent):
                kept += 1
                assert read.errors == (), (schema, value, sent, read)
    assert sayable > cases / 10
    assert passed > cases / 4
    assert refused > cases / 8
    assert kept > cases / 4
