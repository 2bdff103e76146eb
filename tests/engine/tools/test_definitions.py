"""Declarations of functions in the forms that people have."""

from __future__ import annotations

import json

import pytest

from thinkdial.engine.tools.choice import ToolChoice, choice_of
from thinkdial.engine.tools.definitions import read_tools, tool_document, tools_from
from thinkdial.providers.errors import ThinkdialError

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"name": "weather", "description": "Tells the weather."}
GOOGLE = {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]}
FORMS = {
    "chat": {"type": "function", "function": {**WEATHER, "parameters": SCHEMA, "strict": True}},
    "responses": {"type": "function", **WEATHER, "parameters": SCHEMA, "strict": True},
    "claude": {**WEATHER, "input_schema": SCHEMA, "strict": True},
    "claude with a type": {"type": "custom", **WEATHER, "input_schema": SCHEMA, "strict": True},
    "gemini": {"functionDeclarations": [{**WEATHER, "parameters": GOOGLE}]},
    "gemini in a body": {"tools": [{"function_declarations": [{**WEATHER, "parametersJsonSchema": SCHEMA}]}]},
    "mcp": {"jsonrpc": "2.0", "id": 1, "result": {"tools": [{**WEATHER, "title": "W", "inputSchema": SCHEMA}]}},
    "converse": {"toolConfig": {"tools": [{"toolSpec": {**WEATHER, "inputSchema": {"json": SCHEMA}}}]}},
}


def test_each_form_is_the_same_tool() -> None:
    for form, held in FORMS.items():
        for written in (held, [held]):
            (tool,) = read_tools(json.dumps(written), "tools.json")
            assert (tool.name, tool.description, tool.parameters) == ("weather", "Tells the weather.", SCHEMA), form
            assert tool.strict is (True if form.startswith(("chat", "resp", "claude")) else None), form
            assert tool.source.startswith("tools.json")
    (tool,) = read_tools("- name: weather\n  parameters:\n    type: object\n", "t.yaml")
    assert tool.parameters == {"type": "object"}
    assert tools_from([tool_document(tool), 7, {"name": 1}]) == (tool,)


def test_what_is_wrong_is_told_with_its_place() -> None:
    wrong = {
        "": "t is empty",
        "7": "t: is no function",
        "[]": "no function is declared",
        "{": "t is not JSON",
        "a: [": "t:2:1: not valid YAML",
        '[{"name": "a b"}]': "t: [0].name: 'a b' is no name",
        '[{"description": "x"}]': "t: [0]: has no name (it holds description)",
        '[{"name": "a"}, {"name": "a"}]': "t: [1]: the tool 'a' is declared twice, first in t: [0]",
        '{"tools": [{"type": "web_search"}]}': "t: tools[0].type: 'web_search' is no function",
        '{"name": "a", "strict": "yes"}': "t: strict: must be true or false",
        '{"name": "a", "parameters": []}': "t: parameters: must be JSON Schema",
        '{"name": "a", "parameters": {"type": "array"}}': "t: parameters: arguments are an object",
        '{"name": "a", "parameters": {"type": "object", "required": 3}}': "t: parameters: the schema is no JSON Schema",
        '{"name": "a", "parameters": {}, "input_schema": {}}': "say the schema of the arguments once",
        json.dumps([{"name": f"a{at}"} for at in range(129)]): "more than 128 tools",
        '[[[[[[[[{"name": "a"}]]]]]]]]': "not nested so deeply",
    }
    for text, words in wrong.items():
        with pytest.raises(ThinkdialError) as caught:
            read_tools(text, "t")
        assert words in caught.value.message, text


def test_a_choice_is_a_word_or_a_tool() -> None:
    assert [choice_of(said, ["f", "none"], "x").mode for said in (None, "auto", "required", "any")] == [
        "auto", "auto", "any", "any",
    ]  # fmt: skip
    assert choice_of("none", ["f"], "x").mode == "none"
    assert choice_of("none", ["none"], "x") == ToolChoice("none")
    assert choice_of("f", ["f"], "x").word == "f"
    with pytest.raises(ThinkdialError, match="did you mean weather"):
        choice_of("wether", ["weather"], "--tool-choice")
