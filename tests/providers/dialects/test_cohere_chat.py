"""Cohere: deltas without a type, two kinds of counts, and failures in the last event of a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from thinkdial.providers.errors import Failure
from thinkdial.providers.registry import dialect
from thinkdial.providers.schema import Usage

from ...cases import each

USAGE = {
    "billed_units": {"input_tokens": 5.0, "output_tokens": 418.0},
    "tokens": {"input_tokens": 71.0, "output_tokens": 420.0},
    "cached_tokens": 3.0,
}


def delta(index: int, **content: str) -> dict[str, Any]:
    return {"type": "content-delta", "index": index, "delta": {"message": {"content": content}}}


def start(index: int, **content: str) -> dict[str, Any]:
    return {"type": "content-start", "index": index, "delta": {"message": {"content": content}}}


def end(finish: str | None = "COMPLETE", usage: Any = USAGE, **more: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": finish, "usage": usage, **more}}


@pytest.fixture
def cohere(speak: Callable[..., Any]) -> Any:
    return speak("cohere-chat")


def refusal(status: int, message: str = "m", **headers: str) -> Failure:
    return dialect("cohere-chat").read_error(status, headers, {"id": "i", "message": message})


def test_the_key_of_a_delta_says_whether_it_is_thinking_or_text(cohere: Any) -> None:
    reply = cohere.stream(
        {"type": "message-start", "id": "co-1", "delta": {"message": {"role": "assistant"}}},
        start(0, type="thinking", thinking="Hm"),
        delta(0, thinking=", 3"),
        {"type": "content-end", "index": 0},
        start(1, type="text", text="It "),
        delta(1, text="is 3"),
        {"type": "citation-start", "index": 0, "delta": {"message": {"citations": {"text": "3"}}}},
        end(),
    )
    assert (reply.reasoning, reply.visibility, reply.answer) == ("Hm, 3", "full", "It is 3")
    assert (reply.finish, reply.finish_raw, reply.response_id, reply.complete) == ("stop", "COMPLETE", "co-1", True)


def test_plans_and_calls_of_tools_are_no_answer(cohere: Any) -> None:
    plan = {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will look"}}}
    reply = cohere.stream(plan, {"type": "tool-call-start", "index": 0, "delta": {}}, end("TOOL_CALL"))
    assert (reply.answer, reply.reasoning, reply.finish) == ("", "", "tool_call")


def test_tokens_are_what_the_model_saw_and_billed_units_what_is_priced(cohere: Any) -> None:
    reply = cohere.stream(delta(0, text="3"), end())
    assert reply.usage == Usage(71, 3, None, 420, None, 491)
    assert reply.billed == Usage(input_tokens=5, output_tokens=418)


@pytest.mark.parametrize("billed", [None, {}, {"search_units": 1.0}, {"input_tokens": -1.0, "output_tokens": 0.5}])
def test_without_billed_counts_the_tokens_are_priced(cohere: Any, billed: Any) -> None:
    reply = cohere.stream(delta(0, text="3"), end(usage=USAGE | {"billed_units": billed}))
    assert (reply.billed, reply.usage.output_tokens) == (None, 420)


@pytest.mark.parametrize(
    ("finish", "more", "kind", "message"),
    [
        ("ERROR", {"error": "broke"}, "server", "broke"),
        ("ERROR", {}, "server", "the provider stopped with ERROR"),
        ("ERROR", {"error": "bad", "error_type": "INVALID_ARGUMENT"}, "invalid_request", "bad"),
        ("TIMEOUT", {}, "timeout", "the provider stopped with TIMEOUT"),
    ],
)
def test_a_failure_in_the_last_event_is_one_and_what_came_is_kept_and_counted(
    cohere: Any, finish: str, more: Any, kind: str, message: str
) -> None:
    content = [{"type": "text", "text": "It "}]
    whole = {"id": "i", "message": {"content": content}, "finish_reason": finish, "usage": USAGE}
    for reply in (cohere.stream(delta(0, text="It "), end(finish, **more)), cohere.whole(whole | more)):
        assert (reply.failure.kind, reply.failure.message, reply.complete) == (kind, message, False)
        assert (reply.answer, reply.finish, reply.usage.output_tokens) == ("It ", "error", 420)


@pytest.mark.parametrize("finish", ["STOP_SEQUENCE", "MAX_TOKENS", "SOMETHING_NEW", None])
def test_other_ends_are_answers(cohere: Any, finish: str | None) -> None:
    reply = cohere.stream(delta(0, text="3"), end(finish))
    known = {"STOP_SEQUENCE": "stop", "MAX_TOKENS": "length"}
    assert (reply.finish, reply.complete) == (known.get(finish or "", "unknown"), True)


def test_an_error_body_under_200_is_no_empty_answer(cohere: Any) -> None:
    for reply in (cohere.whole({"id": "i", "message": "broke"}), cohere.stream({"message": "broke"})):
        assert (reply.failure.kind, reply.failure.message, reply.complete) == ("server", "broke", False)


@pytest.mark.parametrize("cut", [b'data: {"type":"content-del', b"data: ", b"data: [DONE]\n\n", b"\n"])
def test_a_stream_without_message_end_was_interrupted_wherever_it_was_cut(cohere: Any, cut: bytes) -> None:
    head = b'data: {"type":"content-delta","delta":{"message":{"content":{"text":"It "}}}}\n\n'
    reply = cohere.raw(head + cut)
    assert (reply.answer, reply.complete, reply.failure.kind) == ("It ", False, "protocol")
    assert "before its terminal event" in reply.failure.message


@each(
    ("status", "message", "kind", "retryable"),
    [
        (400, "too many tokens: size limit exceeded by 100 tokens", "context_length", False),
        (400, "invalid request", "invalid_request", False),
        (401, "invalid api token", "auth", False),
        (402, "please add a card", "quota", False),
        (403, "m", "permission", False),
        (404, "model 'x' not found", "not_found", False),
        (422, "m", "invalid_request", False),
        (498, "token is on the deny list", "auth", False),
        (429, "You are using a Trial key, which is limited to 1000 API calls / month", "quota", False),
        (429, "monthly limit reached", "quota", False),
        (429, "You are using a Trial key, which is limited to 20 API calls / minute", "rate_limit", True),
        (429, "slow down", "rate_limit", True),
        (501, "m", "server", True),
        (503, "m", "overloaded", True),
        (504, "m", "timeout", True),
    ],
)
def test_the_status_decides_and_a_limit_by_month_is_a_quota(
    status: int, message: str, kind: str, retryable: bool
) -> None:
    failed = refusal(status, message)
    assert (failed.kind, failed.retryable, failed.message) == (kind, retryable, message)


def test_a_delay_is_obeyed() -> None:
    assert refusal(429, **{"retry-after": "7"}).retry_after_s == 7
    assert refusal(429, **{"retry-after-ms": "250"}).retry_after_s == 0.25


def test_stream_is_always_said(cohere: Any) -> None:
    assert cohere.request().url == "https://host.example/v2/chat"
    assert (cohere.body(stream=True)["stream"], cohere.body(stream=False)["stream"]) == (True, False)
    assert cohere.body(max_output_tokens=9)["max_tokens"] == 9
