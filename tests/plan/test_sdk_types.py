"""The bodies that we post, against the request types of the vendors' own SDKs: no unknown key, no unknown word."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from thinkdial.engine.prepare import Prompt, prepare
from thinkdial.engine.target import resolve
from thinkdial.profiles import facts
from thinkdial.profiles.load import load_builtin
from thinkdial.providers.think import parse_think

from .routes import DISTINCT_ROUTES, PROVIDERS, VALUES, Route, route

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the SDKs do at import is not ours
    from anthropic.types.message_create_params import MessageCreateParams
    from google.genai import types as google_types
    from openai.types.chat.completion_create_params import CompletionCreateParams
    from openai.types.responses.response_create_params import ResponseCreateParams

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class GenerateBody(BaseModel):
    """The REST body of generateContent: what the SDK calls config is spread over it."""

    model_config = ConfigDict(extra="forbid")

    contents: list[google_types.Content]
    systemInstruction: google_types.Content | None = None  # noqa: N815 the wire's name
    generationConfig: google_types.GenerationConfig | None = None  # noqa: N815 the wire's name


ADAPTERS: dict[str, TypeAdapter[Any]] = {
    "openai-responses": TypeAdapter(ResponseCreateParams, config=STRICT),
    "openai-chat": TypeAdapter(CompletionCreateParams, config=STRICT),
    "anthropic-messages": TypeAdapter(MessageCreateParams, config=STRICT),
    "gemini-generate": TypeAdapter(GenerateBody),
}


def exhaust(value: Any) -> None:
    """Read every lazily validated iterable to its end: pydantic checks the items of an `Iterable` only then."""
    if isinstance(value, dict):
        for inner in value.values():
            exhaust(inner)
    elif not isinstance(value, str | BaseModel) and hasattr(value, "__iter__"):
        for inner in value:
            exhaust(inner)


def check(dialect: str, body: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exhaust(ADAPTERS[dialect].validate_python(body))


def routes() -> Iterator[Route]:
    """The built-in profiles, and a model of every kind."""
    config = load_builtin()
    for profile in config.profiles.values():
        if profile.provider in PROVIDERS:
            yield Route(resolve(profile, config))
    yield from DISTINCT_ROUTES
    for provider, dialect in (("openai", "openai-responses"), ("openai", "openai-chat"), ("anthropic", None)):
        yield route(provider, "newcomer-9", dialect)


@pytest.mark.parametrize("found", list(routes()), ids=lambda found: f"{found.target.profile.name}-{found}")
def test_every_body_is_one_that_the_sdk_could_have_written(found: Route) -> None:
    reference = facts.reference()
    for value, system, stream in product(VALUES, (None, "be brief"), (True, False)):
        limit = 9000 if system else None
        prepared = prepare(
            found.target, parse_think(value), Prompt("hi", system), reference, max_output_tokens=limit, stream=stream
        )
        body = json.loads(prepared.request.body)
        if found.target.dialect != "gemini-generate":
            assert bool(body.get("stream")) is stream
        check(found.target.dialect, body)


@pytest.mark.parametrize(
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
        ("gemini-generate", {"contents": [], "thinkingConfig": {}}),
        ("gemini-generate", {"contents": [], "generationConfig": {"thinkingConfig": {"level": "LOW"}}}),
    ],
)  # fmt: skip
def test_the_check_finds_what_is_wrong(dialect: str, body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        check(dialect, body)


def test_every_level_word_for_gemini_is_in_the_enum_of_the_sdk() -> None:
    known = {level.value for level in google_types.ThinkingLevel}
    assert set(facts.spellings()["gemini-level"].words.values()) <= known
    # The SDK takes either case; so does the API.
    assert google_types.ThinkingLevel("xhigh") is google_types.ThinkingLevel.XHIGH
