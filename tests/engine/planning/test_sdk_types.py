"""The bodies that we post, against the request types of the vendors' own SDKs: no unknown key, no unknown word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model

from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.engine.shapes.short_form import short_schema
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles import facts
from thinkdial.profiles.shapes.shape import Shape
from thinkdial.providers.think import parse_think

from ...cases import each
from ...late import Late
from ...sdks import genai_types
from .routes import CONFIG, PROVIDERS, REFERENCE, VALUES, Route, distinct_routes, route

message_params: Any = Late("anthropic.types.message_create_params")
completion_params: Any = Late("openai.types.chat.completion_create_params")
response_params: Any = Late("openai.types.responses.response_create_params")
interaction_types: Any = Late("google.genai._gaos.types.interactions")

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


@cache
def adapter_for(dialect: str) -> TypeAdapter[Any]:
    """The request type of a vendor's SDK. Google's is the REST body: what its SDK calls config is spread over it."""
    if dialect == "gemini-generate":
        fields: dict[str, Any] = {
            "contents": (list[genai_types.Content], ...),
            "systemInstruction": (genai_types.Content | None, None),
            "generationConfig": (genai_types.GenerationConfig | None, None),
            "tools": (list[genai_types.Tool] | None, None),
            "toolConfig": (genai_types.ToolConfig | None, None),
        }
        return TypeAdapter(create_model("GenerateBody", __config__=ConfigDict(extra="forbid"), **fields))
    body = {
        "openai-responses": lambda: response_params.ResponseCreateParams,
        "openai-chat": lambda: completion_params.CompletionCreateParams,
        "anthropic-messages": lambda: message_params.MessageCreateParams,
        "gemini-interactions": lambda: interaction_types.CreateModelInteractionParam | None,
    }[dialect]()
    return TypeAdapter(body, config=STRICT)


def exhaust(value: Any) -> None:
    """Read every lazily validated iterable to its end: pydantic checks the items of an `Iterable` only then."""
    if isinstance(value, dict):
        for inner in value.values():
            exhaust(inner)
    elif not isinstance(value, str | BaseModel) and hasattr(value, "__iter__"):
        for inner in value:
            exhaust(inner)


def check(dialect: str, body: dict[str, Any]) -> None:
    exhaust(adapter_for(dialect).validate_python(body))


def routes() -> Iterator[Route]:
    """The built-in profiles, and a model of every kind."""
    for profile in CONFIG.profiles.values():
        if profile.provider in PROVIDERS:
            yield Route(resolve(profile, CONFIG))
    yield from distinct_routes()
    for provider, dialect in (("openai", "openai-responses"), ("openai", "openai-chat"), ("anthropic", None)):
        yield route(provider, "newcomer-9", dialect)


@pytest.mark.slow
@each("found", routes, ids=lambda found: f"{found.target.profile.name}-{found}")
def test_every_body_is_one_that_the_sdk_could_have_written(found: Route) -> None:
    for value, system, stream in product(VALUES, (None, "be brief"), (True, False)):
        limit = 9000 if system else None
        prepared = prepare(
            found.target, parse_think(value), Prompt("hi", system), REFERENCE, max_output_tokens=limit, stream=stream
        )
        body = json.loads(prepared.request.body)
        if found.target.dialect != "gemini-generate":
            assert bool(body.get("stream")) is stream
        check(found.target.dialect, body)


SHAPES = (
    Shape(), Shape(short_schema("name, age int, note? str"), "person"), Shape({"type": "array", "items": {}}),
    Shape({"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}, "patternProperties": {"^x": {}}}),
    Shape({"$ref": "#/$defs/n", "$defs": {"n": {"type": "object", "properties": {"n": {"$ref": "#/$defs/n"}}}}}),
)  # fmt: skip


@pytest.mark.slow
@each("found", routes, ids=lambda found: f"{found.target.profile.name}-{found}")
def test_every_body_with_a_shape_is_one_that_the_sdk_could_have_written(found: Route) -> None:
    for value, shape in product(("auto", "off", "low", "high"), SHAPES):
        prepared = prepare(found.target, parse_think(value), Prompt("hi", shape=shape), REFERENCE)
        check(found.target.dialect, json.loads(prepared.request.body))


@pytest.mark.slow
@each(
    "dialect, body",
    [
        ("openai-responses", {"model": "m", "input": "hi", "reasonning": {}}),
        ("openai-responses", {"model": "m", "input": "hi", "reasoning": {"effort": "xlow"}}),
        ("openai-responses", {"model": "m", "input": "hi", "reasoning": {"budget": 5}}),
        ("openai-responses", {"model": "m", "input": [{"role": "nobody", "content": "hi"}]}),
        ("openai-chat", {"model": "m", "messages": [{"role": "user", "content": "hi"}], "reasoning": {}}),
        ("openai-chat", {"model": "m", "messages": [{"role": "user", "content": "hi", "extra": 1}]}),
        ("anthropic-messages",
         {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "thinking": {"type": "on"}}),
        ("anthropic-messages",
         {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}],
          "thinking": {"type": "disabled", "display": "summarized"}}),
        ("anthropic-messages",
         {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "effort": "high"}),
        ("anthropic-messages", {"model": "m", "messages": [{"role": "user", "content": "hi"}]}),
        ("gemini-interactions", {"model": "m", "input": "hi", "generationConfig": {}}),
        ("gemini-interactions", {"model": "m", "input": "hi", "generation_config": {"thinking_budget": 9}}),
        ("gemini-generate", {"contents": [], "thinkingConfig": {}}),
        ("gemini-generate", {"contents": [], "generationConfig": {"thinkingConfig": {"level": "LOW"}}}),
    ],
)  # fmt: skip
def test_the_check_finds_what_is_wrong(dialect: str, body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        check(dialect, body)


@pytest.mark.slow
def test_every_level_word_for_gemini_is_in_the_enum_of_the_sdk() -> None:
    known = {level.value for level in genai_types.ThinkingLevel}
    assert set(facts.spellings()["gemini-level"].words.values()) <= known
    # The SDK takes either case; so does the API.
    assert genai_types.ThinkingLevel("xhigh") is genai_types.ThinkingLevel.XHIGH
