"""Mistral: content that changes its type within one stream, thinking as a list, errors of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from thinkdial.providers.errors import Failure
from thinkdial.providers.registry import dialect

from ...cases import each


def chunk(content: Any = None, finish: str | None = None, **top: Any) -> dict[str, Any]:
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "model": "mistral-medium-2604", "choices": [choice], **top}


def thinking(*words: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": word} for word in words], "closed": True}


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


USAGE = {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60}


@pytest.fixture
def mistral(speak: Callable[..., Any]) -> Any:
    return speak("mistral-chat")


def refusal(document: Any, status: int = 400) -> Failure:
    return dialect("mistral-chat").read_error(status, {}, document)


def test_lists_and_strings_of_content_in_one_stream_make_one_answer(mistral: Any) -> None:
    reply = mistral.stream(
        chunk([thinking("One ")]),
        chunk([thinking("two"), words("It ")]),
        chunk("is "),
        chunk([words("3"), {"type": "reference", "reference_ids": [1]}]),
        chunk("", "stop", usage=USAGE),
        done=True,
    )
    assert (reply.reasoning, reply.visibility, reply.answer) == ("One two", "full", "It is 3")
    assert (reply.complete, reply.usage.output_tokens, reply.usage.reasoning_tokens) == (True, 50, None)


def test_thinking_is_a_list_of_several_kinds_of_chunks(mistral: Any) -> None:
    part = thinking("a", "b") | {"signature": "s"}
    part["thinking"] += [{"type": "reference", "reference_ids": [1]}, {"type": "tool_reference", "tool": "t"}]
    message = {"role": "assistant", "content": [part, words("3")]}
    reply = mistral.whole({"choices": [{"index": 0, "finish_reason": "stop", "message": message}], "usage": USAGE})
    assert (reply.reasoning, reply.answer, reply.complete) == ("ab", "3", True)


def test_a_choice_may_hold_messages_in_the_place_of_one_message(mistral: Any) -> None:
    messages = [{"role": "assistant", "content": [thinking("hm"), words("3")]}]
    reply = mistral.whole({"choices": [{"index": 0, "finish_reason": "stop", "messages": messages}], "usage": USAGE})
    assert (reply.reasoning, reply.answer, reply.complete) == ("hm", "3", True)


@pytest.mark.parametrize(
    ("usage", "cached"),
    [
        ({"num_cached_tokens": 4}, 4),
        ({"prompt_tokens_details": {"cached_tokens": 4}}, 4),
        ({"prompt_token_details": {"cached_tokens": 4}}, 4),
        ({}, None),
    ],
)
def test_the_cached_count_has_three_names_and_is_inside_the_prompt(mistral: Any, usage: Any, cached: Any) -> None:
    reply = mistral.stream(chunk("3", "stop", usage=USAGE | usage), done=True)
    assert (reply.usage.input_tokens, reply.usage.cached_input_tokens) == (10, cached)


def test_a_stream_may_end_without_usage(mistral: Any) -> None:
    reply = mistral.stream(chunk("3"), chunk("", "stop"), done=True)
    assert (reply.complete, reply.failure, reply.usage.output_tokens) == (True, None, None)


def test_a_stream_without_a_finish_reason_was_interrupted(mistral: Any) -> None:
    reply = mistral.stream(chunk([thinking("a")]), chunk("It "))
    assert (reply.complete, reply.failure.kind, reply.reasoning, reply.answer) == (False, "protocol", "a", "It ")
    assert "before its terminal event" in reply.failure.message


@pytest.mark.parametrize("finish", ["length", "model_length"])
def test_both_words_for_the_output_limit(mistral: Any, finish: str) -> None:
    assert mistral.stream(chunk("3", finish), done=True).finish == "length"


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        ({"object": "error", "message": "m", "type": "internal_error", "code": "3000"}, "server"),
        ({"object": "error", "message": "m", "type": "x", "code": "3051", "raw_status_code": 503}, "overloaded"),
        ({"object": "error", "message": "m", "type": "service_tier_capacity_exceeded", "code": "3505"}, "overloaded"),
        ({"error": {"message": "m", "type": "rate_limited", "code": "1300"}}, "rate_limit"),
        ({"error": {"message": "m"}}, "server"),
    ],
)
def test_an_error_frame_under_200_ends_the_answer_and_keeps_it(mistral: Any, frame: Any, kind: str) -> None:
    reply = mistral.stream(chunk("It "), frame, done=True)
    assert (reply.failure.kind, reply.failure.message, reply.complete, reply.answer) == (kind, "m", False, "It ")
    assert reply.failure.retryable


def test_3051_alone_is_no_long_prompt() -> None:
    flat = {"object": "error", "type": "invalid_request_invalid_args", "param": None, "code": "3051"}
    long = "Prompt contains 300000 tokens and 0 draft tokens, too large for model with 262144 maximum context length"
    assert refusal(flat | {"message": long}).kind == "context_length"
    assert refusal(flat | {"message": "image input is not enabled for this model"}).kind == "invalid_request"


@pytest.mark.parametrize(
    "message",
    [
        "reasoning_effort='low' is not supported for this model. Must be one of (<ReasoningEffort.none: 'none'>, ...)",
        "reasoning_effort low is not supported for this model, supported values: ['none', 'high']",
        "reasoning_effort 'medium' is not supported; supported values: ['low', 'high', 'max']",
        "reasoning_effort is not enabled for this model",
    ],
)
def test_every_wording_of_a_refused_effort_is_an_invalid_request_with_its_words(message: str) -> None:
    failed = refusal({"object": "error", "message": message, "type": "invalid_request_invalid_args", "code": "3051"})
    assert (failed.kind, failed.message, failed.retryable) == ("invalid_request", message, False)


@each(
    ("document", "message"),
    [
        ({"detail": [{"loc": ["body", "max_tokens"], "msg": "too big", "type": "t"}]}, "body.max_tokens: too big"),
        ({"message": {"detail": [{"loc": ["body", 0], "msg": "a"}, {"loc": [], "msg": "b"}]}}, "body.0: a; b"),
        ({"detail": [{"loc": 7, "msg": "a"}, {"msg": 7}, 7]}, "a"),
        ({"detail": "Unauthorized"}, "Unauthorized"),
        ({"error": "text"}, "text"),
        ({}, "the provider sent an error without a message"),
    ],
)
def test_the_complaints_of_fastapi_are_read_wherever_they_are(document: Any, message: str) -> None:
    assert (refusal(document, 422).kind, refusal(document, 422).message) == ("invalid_request", message)


@each(
    ("status", "document", "kind", "retryable"),
    [
        (400, {"message": "Invalid model: x", "type": "invalid_model", "code": "1500"}, "not_found", False),
        (400, {"error": {"message": "m", "type": "unknown_model"}}, "not_found", False),
        (401, {"detail": "Unauthorized"}, "auth", False),
        (403, {"message": "tier"}, "permission", False),
        (429, {"message": "m", "type": "service_tier_capacity_exceeded", "code": "3505"}, "overloaded", True),
        (429, {"message": "m", "type": "rate_limited", "code": "1300"}, "rate_limit", True),
        (502, {}, "server", True),
    ],
)
def test_the_type_and_then_the_status_decide(status: int, document: Any, kind: str, retryable: bool) -> None:
    failed = refusal(document, status)
    assert (failed.kind, failed.retryable) == (kind, retryable)


def test_the_request_asks_for_no_usage_and_limits_by_max_tokens(mistral: Any) -> None:
    body = mistral.body(max_output_tokens=100, native={"reasoning_effort": "high"})
    assert mistral.request().url == "https://host.example/v1/chat/completions"
    assert (body["max_tokens"], body["reasoning_effort"], body["stream"]) == (100, "high", True)
    assert "stream_options" not in body
