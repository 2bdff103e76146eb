"""What the simulated vendors refuse of a schema, in the vendors' words."""

from __future__ import annotations

from typing import Any

import pytest

from thinkdial.simulator.calls.shapes import value_of

from ...cases import each
from ..conftest import Vendors

OPEN: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
CLOSED = OPEN | {"additionalProperties": False}


def of(part: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": part}, "required": ["a"], "additionalProperties": False}


NODE = {"$ref": "#/$defs/Node"}
CIRCLE = of(NODE) | {"$defs": {"Node": of(NODE)}}


NAMES = [f"k{at}" for at in range(17)]
UNIONS = CLOSED | {"properties": {name: {"type": ["string", "null"]} for name in NAMES}, "required": NAMES}


@each(
    "schema, words",
    [
        (OPEN, "'additionalProperties' must be explicitly set to false"),
        (of({"type": "integer", "minimum": 1}), "For 'integer' type, property 'minimum' is not supported"),
        (of({"type": "string", "maxLength": 1}), "For 'string' type, property 'maxLength' is not supported"),
        (of({"type": "array", "items": {"type": "string"}, "minItems": 2}), "'minItems' values other than 0 or 1"),
        (CIRCLE, "Circular reference detected in schema definitions: Node -> Node"),
        (
            CLOSED | {"properties": {f"k{at}": {"type": "string"} for at in range(25)}, "required": []},
            "too many optional parameters (25)",
        ),
        (UNIONS, "union types (17)"),
    ],
)  # fmt: skip
def test_anthropic_refuses(vendors: Vendors, schema: dict[str, Any], words: str) -> None:
    said = vendors.anthropic(output_config={"format": {"type": "json_schema", "schema": schema}})
    assert said.status_code == 400
    assert words in said.json()["error"]["message"]


@pytest.mark.parametrize(
    "schema, words",
    [
        (OPEN, "'additionalProperties' is required to be supplied and to be false."),
        (CLOSED | {"required": []}, "'required' is required to be supplied and to be an array including every key"),
        (of({"type": "array", "items": {"type": "string"}, "uniqueItems": True}), "'uniqueItems' is not permitted."),
        ({"type": "array", "items": {"type": "string"}}, "got 'type: \"array\"'"),
    ],
)
def test_openai_refuses_on_both_wires(vendors: Vendors, schema: dict[str, Any], words: str) -> None:
    named = {"name": "answer", "schema": schema, "strict": True}
    chat = vendors.chat(response_format={"type": "json_schema", "json_schema": named})
    responses = vendors.responses(text={"format": {"type": "json_schema", **named}})
    for said in (chat, responses):
        assert said.status_code == 400
        assert words in said.json()["error"]["message"]


def test_openai_wants_the_word_json(vendors: Vendors) -> None:
    said = vendors.responses(text={"format": {"type": "json_object"}})
    assert said.status_code == 400
    assert "must contain the word 'json'" in said.json()["error"]["message"]
    assert vendors.responses(text={"format": {"type": "json_object"}}, input="as json, please").status_code == 200


def test_gemini_before_the_third_takes_no_functions_beside_a_schema(vendors: Vendors) -> None:
    config = {"responseMimeType": "application/json", "responseJsonSchema": CLOSED}
    tools = [{"functionDeclarations": [{"name": "f"}]}]
    assert vendors.gemini("gemini-2.5-flash", generationConfig=config, tools=tools).status_code == 400
    assert vendors.gemini("gemini-3.8-flash", generationConfig=config, tools=tools).status_code == 200


def test_a_schema_that_nothing_fits_is_answered_all_the_same() -> None:
    endless = {"$ref": "#"}
    demanded = {"type": "object", "required": ["a"], "properties": {"a": endless}}
    assert value_of(endless, "seed") is not None
    assert isinstance(value_of(demanded, "seed"), dict)
    many = value_of({"type": "array", "minItems": 10**9, "items": {"type": "integer"}}, "seed")
    assert isinstance(many, list)
