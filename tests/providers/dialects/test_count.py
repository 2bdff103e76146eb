"""Asking for a count: which fields go along and which must not, and how each answer reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thinkdial.providers.dialects import (
    anthropic_messages,
    bedrock_converse,
    gemini_generate,
    openai_chat,
    openai_responses,
)
from thinkdial.providers.schema import Call

COUNTS = {"counts": True}


def call(model: str, **changes: Any) -> Call:
    settings: dict[str, Any] = {"system": "Be brief", "max_output_tokens": 500, "stream": True}
    return Call(model=model, prompt="Is 91 prime? \u00e9", **(settings | changes))


def body_of(request: Any) -> Any:
    assert request is not None and request.method == "POST"
    return json.loads(request.body)


def test_messages_keeps_what_changes_the_count_and_nothing_else() -> None:
    asked = call(
        "claude-opus-5-5",
        native={"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
        params={"metadata": {"user_id": "u"}, "tools": [{"name": "f"}], "temperature": 1, "stop_sequences": ["x"]},
    )
    request = anthropic_messages.build_count(asked, "https://host", COUNTS)
    assert request is not None and request.url == "https://host/v1/messages/count_tokens"
    assert dict(request.headers) == {
        "content-type": "application/json", "accept": "application/json", "anthropic-version": "2023-06-01",
    }  # fmt: skip
    assert body_of(request) == {
        "model": "claude-opus-5-5",
        "messages": [{"role": "user", "content": "Is 91 prime? \u00e9"}],
        "system": "Be brief",
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "high"},
        "tools": [{"name": "f"}],
    }


def test_on_vertex_one_address_counts_for_all_models_and_the_body_names_the_model() -> None:
    quirks = {**COUNTS, "models_path": "/publishers/anthropic/models", "body_version": "vertex-2023-10-16"}
    request = anthropic_messages.build_count(call("claude-sonnet-4-5@20250929"), "https://v/p", quirks)
    assert request is not None and request.url == "https://v/p/publishers/anthropic/models/count-tokens:rawPredict"
    body = body_of(request)
    assert (body["model"], body["anthropic_version"]) == ("claude-sonnet-4-5@20250929", "vertex-2023-10-16")
    assert not {"max_tokens", "stream"} & set(body)


def test_responses_leaves_out_limit_stream_and_storage() -> None:
    asked = call(
        "gpt-6-sol",
        native={"reasoning": {"effort": "high", "summary": "auto"}},
        params={"service_tier": "flex", "include": ["x"], "text": {"verbosity": "low"}},
    )
    request = openai_responses.build_count(asked, "https://host/v1", COUNTS)
    assert request is not None and request.url == "https://host/v1/responses/input_tokens"
    assert body_of(request) == {
        "model": "gpt-6-sol",
        "input": [{"role": "user", "content": "Is 91 prime? \u00e9"}],
        "instructions": "Be brief",
        "reasoning": {"effort": "high", "summary": "auto"},
        "text": {"verbosity": "low"},
    }


def test_chat_is_counted_by_responses_unless_a_field_is_spelled_otherwise_there() -> None:
    asked = call("gpt-6-sol", native={"reasoning_effort": "high"}, params={"temperature": 1})
    request = openai_chat.build_count(asked, "https://host/v1", {**COUNTS, "system_role": "developer"})
    assert request is not None and request.url == "https://host/v1/responses/input_tokens"
    assert set(body_of(request)) == {"model", "input", "instructions"}
    for field in ("tools", "functions", "response_format", "messages"):
        assert openai_chat.build_count(call("m", params={field: []}), "https://host/v1", COUNTS) is None


@pytest.mark.parametrize("dialect", [anthropic_messages, openai_responses, openai_chat])
def test_servers_that_only_speak_the_dialect_are_not_asked(dialect: Any) -> None:
    assert dialect.build_count(call("m"), "https://host", {}) is None


def test_the_gemini_api_wants_the_whole_request_wrapped() -> None:
    asked = call(
        "models/gemini-4-argon",
        native={"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}},
        params={"safetySettings": [], "serviceTier": "flex"},
    )
    request = gemini_generate.build_count(asked, "https://host", {})
    assert request is not None and request.url == "https://host/v1/models/gemini-4-argon:countTokens"
    assert body_of(request) == {
        "generateContentRequest": {
            "model": "models/gemini-4-argon",
            "contents": [{"role": "user", "parts": [{"text": "Is 91 prime? \u00e9"}]}],
            "systemInstruction": {"parts": [{"text": "Be brief"}]},
            "generationConfig": {"maxOutputTokens": 500, "thinkingConfig": {"thinkingLevel": "LOW"}},
        }
    }
    latest = gemini_generate.build_count(call("gemini-flash-latest"), "https://host", {})
    assert latest is not None and latest.url == "https://host/v1beta/models/gemini-flash-latest:countTokens"


def test_vertex_takes_the_fields_of_gemini_directly() -> None:
    request = gemini_generate.build_count(
        call("gemini-4-argon"), "https://v/p", {"models_path": "/publishers/google/models"}
    )
    assert request is not None and request.url == "https://v/p/publishers/google/models/gemini-4-argon:countTokens"
    assert set(body_of(request)) == {"contents", "systemInstruction", "generationConfig"}


@pytest.mark.parametrize(
    "model, named",
    [
        ("us.anthropic.claude-opus-5-5", "anthropic.claude-opus-5-5"),
        ("us-gov.anthropic.claude-opus-4-6-v1", "anthropic.claude-opus-4-6-v1"),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic.claude-haiku-4-5-20251001-v1%3A0"),
        ("anthropic.claude-sonnet-4-6", "anthropic.claude-sonnet-4-6"),
        ("openai.gpt-oss-120b-1:0", "openai.gpt-oss-120b-1%3A0"),
    ],
)
def test_bedrock_counts_for_the_foundation_model(model: str, named: str) -> None:
    asked = call(model, native={"additionalModelRequestFields": {"thinking": {"type": "adaptive"}}})
    request = bedrock_converse.build_count(asked, "https://host", {})
    assert request is not None and request.url == f"https://host/model/{named}/count-tokens"
    assert body_of(request) == {
        "input": {
            "converse": {
                "messages": [{"role": "user", "content": [{"text": "Is 91 prime? \u00e9"}]}],
                "system": [{"text": "Be brief"}],
                "additionalModelRequestFields": {"thinking": {"type": "adaptive"}},
            }
        }
    }


def test_an_arn_does_not_tell_the_foundation_model() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/p"
    assert bedrock_converse.build_count(call(arn), "https://host", {}) is None


@pytest.mark.parametrize(
    "dialect, document",
    [
        (anthropic_messages, {"input_tokens": 14}),
        (openai_responses, {"object": "response.input_tokens", "input_tokens": 14}),
        (openai_chat, {"object": "response.input_tokens", "input_tokens": 14}),
        (gemini_generate, {"totalTokens": 14, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 14}]}),
        (bedrock_converse, {"inputTokens": 14}),
    ],
)
def test_the_answers(dialect: Any, document: dict[str, Any]) -> None:
    assert dialect.read_count(document) == 14
    for other in ({}, [], None, "14", dict.fromkeys(document, -1), dict.fromkeys(document, True)):
        assert dialect.read_count(other) is None
