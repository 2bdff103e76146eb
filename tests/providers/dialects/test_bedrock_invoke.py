"""InvokeModel for Claude: Anthropic's answers in base64, in frames, under Bedrock's own address and errors."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from thinkdial.providers.framing.choice import EVENT_STREAM
from thinkdial.providers.framing.sse import Event
from thinkdial.providers.registry import dialect

ID = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
START = {"type": "message_start", "message": {"model": "claude-sonnet-4-5-20250929", "usage": {"input_tokens": 45}}}
TEXT = {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "1 + 1 = 2"}}
END = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 39}}
STOP = {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 45, "outputTokenCount": 39}}


def chunk(document: Any) -> Event:
    held = base64.b64encode(json.dumps(document).encode()).decode()
    return Event("chunk", json.dumps({"bytes": held, "p": "abcdef"}).encode())


@pytest.fixture
def invoke(speak: Callable[..., Any]) -> Any:
    return speak("bedrock-invoke")


@pytest.mark.parametrize("stream", [True, False])
def test_the_model_and_the_stream_are_said_in_the_address(invoke: Any, stream: bool) -> None:
    request = invoke.request(model=ID, stream=stream, system="Be brief.", max_output_tokens=100)
    method = "invoke-with-response-stream" if stream else "invoke"
    assert request.url == f"https://host.example/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/{method}"
    assert dict(request.headers)["accept"] == (EVENT_STREAM if stream else "application/json")
    assert json.loads(request.body) == {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "How many r?"}],
        "system": "Be brief.",
    }


def test_another_version_of_the_body_is_a_quirk(speak: Callable[..., Any]) -> None:
    assert speak("bedrock-invoke", body_version="2026-10-21").body()["anthropic_version"] == "2026-10-21"


def test_counting_holds_the_whole_body_for_the_foundation_model(invoke: Any) -> None:
    from thinkdial.providers.dialects import bedrock_invoke
    from thinkdial.providers.schema import Call

    request = bedrock_invoke.build_count(Call(ID, "hi"), "https://host.example", {})
    assert request is not None
    assert request.url == "https://host.example/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens"
    body = json.loads(base64.b64decode(json.loads(request.body)["input"]["invokeModel"]["body"]))
    assert body["messages"] == [{"role": "user", "content": "hi"}]
    assert bedrock_invoke.build_count(Call("arn:aws:bedrock:us-east-1:1:x", "hi"), "https://host.example", {}) is None
    assert bedrock_invoke.read_count({"inputTokens": 9}) == 9


def test_each_chunk_holds_one_event_of_the_messages_api(invoke: Any, speak: Callable[..., Any]) -> None:
    events = [START, TEXT, END, STOP]
    reply = invoke.events(map(chunk, events))
    assert (reply.answer, reply.finish, reply.complete) == ("1 + 1 = 2", "stop", True)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (45, 39)
    assert reply == speak("anthropic-messages").events(Event("", json.dumps(event).encode()) for event in events)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("throttlingException", "rate_limit"),
        ("modelTimeoutException", "timeout"),
        ("validationException", "invalid_request"),
    ],
)
def test_an_exception_ends_the_stream_and_what_came_is_kept(invoke: Any, name: str, kind: str) -> None:
    reply = invoke.events([chunk(START), chunk(TEXT), Event(f"exception:{name}", b'{"message": "m"}')])
    assert (reply.answer, reply.failure.kind, reply.failure.message) == ("1 + 1 = 2", kind, "m")


def test_an_error_inside_a_chunk_is_anthropics(invoke: Any) -> None:
    said = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    assert invoke.events([chunk(START), chunk(said)]).failure.kind == "overloaded"


@pytest.mark.parametrize("payload", ['{"bytes": "&&&"}', '{"bytes": "e30"}', "{"])
def test_a_chunk_that_is_no_base64_is_told(invoke: Any, payload: str) -> None:
    reply = invoke.events([chunk(START), Event("chunk", payload.encode())])
    assert (reply.failure.kind, reply.complete) == ("protocol", False)


def test_errors_are_named_in_a_header() -> None:
    headers = {"x-amzn-errortype": "AccessDeniedException:http://internal.amazon.com/coral/com.amazon.bedrock/"}
    failed = dialect("bedrock-invoke").read_error(403, headers, {"message": "You don't have access to the model."})
    assert (failed.kind, failed.status) == ("permission", 403)
