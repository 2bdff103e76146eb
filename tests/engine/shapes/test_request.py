"""What each wire is sent for a shape, and why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare, with_prompt
from thinkdial.engine.shapes.short_form import short_schema
from thinkdial.engine.targets.target import Target, resolve
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.profiles.shapes.shape import Shape
from thinkdial.providers.errors import ConfigError
from thinkdial.providers.merge import at_path
from thinkdial.providers.think import parse_think

from ...cases import each

CONFIG = load_builtin()
PERSON = Shape(short_schema("name, age int"), "person")
NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["next"]}
RECURSIVE = Shape({"$ref": "#/$defs/node", "$defs": {"node": NODE}})


def target(provider: str, model: str, dialect: str | None = None, **more: Any) -> Target:
    return resolve(Profile("p", provider, model, dialect=dialect, **more), CONFIG)


def asked(found: Target, shape: Shape | None, think: str = "auto", prompt: str = "who?") -> Prepared:
    return prepare(found, parse_think(think), Prompt(prompt, shape=shape), CONFIG.reference)


def body_of(prepared: Prepared) -> dict[str, Any]:
    return json.loads(prepared.request.body)


@each(
    "provider, model, dialect, path",
    [
        ("openai", "gpt-6-sol", "openai-responses", "text.format.schema"),
        ("openai", "gpt-6-sol", "openai-chat", "response_format.json_schema.schema"),
        ("anthropic", "claude-opus-5-5", None, "output_config.format.schema"),
        ("google", "gemini-3-pro", None, "generationConfig.responseJsonSchema"),
        ("google", "gemini-3-pro", "gemini-interactions", "response_format.schema"),
        ("mistral", "magistral-medium-latest", None, "response_format.json_schema.schema"),
        ("cohere", "command-a-reasoning-08-2025", None, "response_format.json_schema"),
        ("ollama", "qwen3:8b", None, "format"),
        ("xai", "grok-4.5", None, "text.format.schema"),
    ],
)
@each("think", ["auto", "off", "low", "high"])
def test_the_schema_goes_where_the_wire_has_it(
    provider: str, model: str, dialect: str | None, path: str, think: str
) -> None:
    with_schema = asked(target(provider, model, dialect), PERSON, think)
    assert with_schema.shape is not None
    assert with_schema.shape.fidelity == "native"
    sent = at_path(body_of(with_schema), path)
    assert list(sent["properties"]) == ["name", "age"]
    assert sent["required"] == ["name", "age"]
    without = asked(target(provider, model, dialect), None, think)
    assert without.shape is None
    assert without.plan.native == with_schema.plan.native, "the dial is sent as without a schema"


def test_on_converse_the_schema_is_a_text() -> None:
    sent = body_of(asked(target("bedrock", "anthropic.claude-opus-4-6-v1", "bedrock-converse"), PERSON))
    inner = sent["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert json.loads(inner["schema"])["required"] == ["name", "age"]
    assert inner["name"] == "person"


def test_an_older_claude_is_made_to_call_a_tool_unless_it_is_to_think() -> None:
    old = target("anthropic", "claude-opus-4-1")
    forced = asked(old, PERSON, "off")
    assert forced.shape and forced.shape.fidelity == "tool"
    assert body_of(forced)["tool_choice"] == {"type": "tool", "name": "person"}
    thinking = asked(old, PERSON, "high")
    assert thinking.shape and thinking.shape.fidelity == "prompt"
    assert "tool_choice" not in body_of(thinking)
    assert "thinking goes first" in (thinking.shape.note or "")
    assert "JSON Schema" in body_of(thinking)["system"]


def test_a_host_without_schemas_gets_it_in_the_prompt_and_json_of_any_kind() -> None:
    prepared = asked(target("deepseek", "deepseek-v4-pro", "openai-chat"), PERSON)
    assert prepared.shape and prepared.shape.fidelity == "prompt"
    sent = body_of(prepared)
    assert sent["response_format"] == {"type": "json_object"}
    assert '"required": ["name", "age"]' in sent["messages"][0]["content"]


def test_what_cannot_be_said_is_not_sent_as_if_it_were_the_schema() -> None:
    claude = asked(target("anthropic", "claude-opus-5-5"), RECURSIVE)
    assert claude.shape and claude.shape.fidelity == "prompt"
    assert "leads back to itself" in (claude.shape.note or "")
    open_map = Shape({"type": "object", "additionalProperties": {"type": "integer"}})
    loose = body_of(asked(target("openai", "gpt-6-sol"), open_map))["text"]["format"]
    assert (loose["strict"], loose["schema"]) == (False, open_map.schema)
    gemini = body_of(asked(target("google", "gemini-3-pro"), open_map))
    assert gemini["generationConfig"]["responseJsonSchema"] == open_map.schema


def test_bounds_are_told_in_words_where_they_are_refused() -> None:
    bounded = Shape({
        "type": "object", "properties": {"age": {"type": "integer", "minimum": 0, "description": "in years"}},
        "required": ["age"], "additionalProperties": False,
    })  # fmt: skip
    prepared = asked(target("anthropic", "claude-opus-5-5"), bounded)
    sent = body_of(prepared)["output_config"]["format"]["schema"]["properties"]["age"]
    assert sent == {"type": "integer", "description": "in years (minimum: 0)"}
    assert any("minimum at /properties/age" in notice.message for notice in prepared.plan.notices)


def test_the_word_json_is_added_only_where_it_is_missing() -> None:
    gpt = target("openai", "gpt-6-sol")
    assert "JSON" in body_of(asked(gpt, Shape()))["instructions"]
    assert "instructions" not in body_of(asked(gpt, Shape(), prompt="answer in json"))


def test_params_that_set_the_same_are_refused_and_tools_beside_it_told() -> None:
    with pytest.raises(ConfigError, match=r"params\.text\.format\.type sets what the schema"):
        asked(target("openai", "gpt-6-sol", params={"text": {"format": {"type": "text"}}}), PERSON)
    asked(target("openai", "gpt-6-sol", params={"text": {"verbosity": "low"}}), PERSON)
    groq = asked(target("groq", "openai/gpt-oss-120b", params={"tools": []}), PERSON)
    assert groq.shape and groq.shape.fidelity == "prompt"
    assert "tools" in (groq.shape.note or "")


def test_a_profile_says_it_too_and_the_call_goes_first() -> None:
    found = target("openai", "gpt-6-sol", schema="name, age int")
    prepared = asked(found, None)
    assert prepared.shape and prepared.shape.shape.word == "schema"
    again = with_prompt(prepared, Prompt("another", shape=Shape()))
    assert again.shape and again.shape.shape.word == "json"
    with pytest.raises(ConfigError, match="schema: "):
        asked(target("openai", "gpt-6-sol", schema="no such type here at all, really"), None)
