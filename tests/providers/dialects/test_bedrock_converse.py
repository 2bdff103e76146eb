"""Bedrock Converse: blocks without a type, usage after the stop, exceptions as frames and as headers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from thinkdial.providers.errors import Failure
from thinkdial.providers.framing.choice import EVENT_STREAM
from thinkdial.providers.framing.sse import Event
from thinkdial.providers.registry import dialect

from ...cases import each

CACHE = {"cacheReadInputTokens": 10, "cacheWriteInputTokens": 5}
USAGE = {"inputTokens": 15, "outputTokens": 40, "totalTokens": 70} | CACHE


def delta(index: int = 0, **piece: Any) -> Event:
    return made("contentBlockDelta", {"contentBlockIndex": index, "delta": piece, "p": "abcdef"})


def thought(**piece: Any) -> Event:
    return delta(reasoningContent=piece)


def made(name: str, document: Any) -> Event:
    return Event(name, json.dumps(document).encode())


STOP = made("messageStop", {"stopReason": "end_turn"})
META = made("metadata", {"usage": USAGE, "metrics": {"latencyMs": 9}})


def whole(*blocks: Any, stop: str | None = "end_turn") -> dict[str, Any]:
    return {"output": {"message": {"role": "assistant", "content": list(blocks)}}, "stopReason": stop, "usage": USAGE}


@pytest.fixture
def bedrock(speak: Callable[..., Any]) -> Any:
    return speak("bedrock-converse")


def ran(api: Any, events: Iterable[Event]) -> Any:
    return api.events([made("messageStart", {"role": "assistant"}), *events])


def test_text_and_reasoning_need_no_start_and_usage_comes_after_the_stop(bedrock: Any) -> None:
    blocks = [thought(text="Hm. "), thought(text="3"), thought(signature="c2ln")]
    blocks += [delta(1, text="It is "), delta(1, text="3")]
    for ending in ([STOP, META], [META, STOP]):
        reply = ran(bedrock, [*blocks, made("contentBlockStop", {"contentBlockIndex": 1}), *ending])
        assert (reply.reasoning, reply.visibility, reply.answer) == ("Hm. 3", "full", "It is 3")
        assert (reply.finish, reply.complete) == ("stop", True)
        usage = reply.usage
        assert (usage.input_tokens, usage.cached_input_tokens, usage.cache_write_tokens) == (30, 10, 5)
        assert (usage.output_tokens, usage.reasoning_tokens, usage.total_tokens) == (40, None, 70)


def test_without_metadata_the_answer_is_complete_and_the_counts_unknown(bedrock: Any) -> None:
    reply = ran(bedrock, [delta(text="3"), STOP])
    assert (reply.complete, reply.answer, reply.usage.output_tokens) == (True, "3", None)


@pytest.mark.parametrize(
    ("piece", "block", "visibility"),
    [
        ({"signature": "s"}, {"reasoningText": {"text": "", "signature": "s"}}, "hidden"),
        ({"redactedContent": "YmxvYg=="}, {"redactedContent": "YmxvYg=="}, "redacted"),
        ({"text": ""}, {"reasoningText": {"text": ""}}, "none"),
    ],
)
def test_reasoning_that_is_not_shown_is_told_from_none(bedrock: Any, piece: Any, block: Any, visibility: str) -> None:
    stream = ran(bedrock, [thought(**piece), delta(1, text="3"), STOP, META])
    for reply in (stream, bedrock.whole(whole({"reasoningContent": block}, {"text": "3"}))):
        assert (reply.reasoning, reply.visibility, reply.answer) == ("", visibility, "3")


def test_a_whole_body_has_the_same_blocks(bedrock: Any) -> None:
    shown = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}}
    reply = bedrock.whole(whole(shown, {"text": "3"}, {"toolUse": {"name": "f"}}))
    assert (reply.reasoning, reply.answer, reply.complete, reply.usage.input_tokens) == ("Hm.", "3", True, 30)


@pytest.mark.parametrize(
    ("raw", "finish"),
    [
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_call"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("malformed_model_output", "error"),
        ("something_new", "unknown"),
    ],
)
def test_reasons_to_stop(bedrock: Any, raw: str, finish: str) -> None:
    reply = ran(bedrock, [delta(text="3"), made("messageStop", {"stopReason": raw}), META])
    assert (reply.finish, reply.finish_raw, reply.complete) == (finish, raw, True)


@pytest.mark.parametrize(
    ("name", "message", "kind", "retryable"),
    [
        ("throttlingException", "Too many tokens, please wait", "rate_limit", True),
        ("serviceUnavailableException", "m", "overloaded", True),
        ("internalServerException", "m", "server", True),
        ("modelStreamErrorException", "m", "server", True),
        ("modelTimeoutException", "m", "timeout", True),
        ("validationException", "m", "invalid_request", False),
        ("validationException", "Input is too long for requested model.", "context_length", False),
        ("brandNewException", "m", "server", True),
        ("500", "m", "server", True),
    ],
)
@pytest.mark.parametrize("field", ["message", "Message"])
def test_an_exception_in_the_stream_ends_it_and_what_came_is_kept(
    bedrock: Any, name: str, message: str, kind: str, retryable: bool, field: str
) -> None:
    reply = ran(bedrock, [thought(text="Hm."), delta(1, text="It "), made(f"exception:{name}", {field: message})])
    assert (reply.failure.kind, reply.failure.message, reply.failure.retryable) == (kind, message, retryable)
    assert (reply.complete, reply.reasoning, reply.answer, reply.usage.output_tokens) == (False, "Hm.", "It ", None)


@pytest.mark.parametrize(
    ("payload", "words"), [(b"in words", "in words"), (b"", "Bedrock sent x"), (b"{}", "Bedrock sent x")]
)
def test_an_exception_need_not_be_json(bedrock: Any, payload: bytes, words: str) -> None:
    assert ran(bedrock, [Event("exception:x", payload)]).failure.message == words


def test_a_stream_without_a_stop_was_interrupted(bedrock: Any) -> None:
    reply = ran(bedrock, [delta(text="It ")])
    assert (reply.complete, reply.failure.kind, reply.answer) == (False, "protocol", "It ")


def test_a_body_cut_into_frames_at_the_wrong_place_is_a_protocol_failure(bedrock: Any) -> None:
    assert bedrock.raw(b"\x00\x00\x00\x20\x00\x00", EVENT_STREAM).failure.kind == "protocol"
    assert bedrock.raw(b'{"message": "not frames at all"}', EVENT_STREAM).failure.kind == "protocol"


@each(
    ("status", "name", "message", "kind"),
    [
        (400, "ValidationException", "m", "invalid_request"),
        (400, "ValidationException:http://internal.amazon.com/coral/", "Input is too long.", "context_length"),
        (400, "ValidationException", "The provided model identifier is invalid.", "not_found"),
        (400, "ServiceQuotaExceededException", "m", "quota"),
        (403, "AccessDeniedException", "You don't have access to the model with the specified model ID.", "permission"),
        (403, "AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.", "auth"),
        (403, None, "Authentication failed: Please make sure your API Key is valid.", "auth"),
        (403, None, "Bearer Token has expired", "auth"),
        (403, "UnrecognizedClientException", "The security token included in the request is invalid.", "auth"),
        (403, "ExpiredTokenException", "m", "auth"),
        (404, "ResourceNotFoundException", "m", "not_found"),
        (408, "ModelTimeoutException", "m", "timeout"),
        (424, "ModelErrorException", "m", "server"),
        (429, "ThrottlingException", "Too many tokens, please wait before trying again.", "rate_limit"),
        (429, "ModelNotReadyException", "m", "rate_limit"),
        (429, None, "m", "rate_limit"),
        (500, "InternalServerException", "m", "server"),
        (503, "ServiceUnavailableException", "m", "overloaded"),
    ],
)
def test_the_name_of_an_error_is_in_a_header_or_in_the_body(
    status: int, name: str | None, message: str, kind: str
) -> None:
    def read(headers: dict[str, str], document: Any) -> Failure:
        return dialect("bedrock-converse").read_error(status, headers, document)

    body = {"Message": message}
    found = [read({"x-amzn-errortype": name} if name else {}, body)]
    found += [read({}, body | {"__type": f"com.amazon.coral.service#{name.partition(':')[0]}"})] if name else []
    assert {(failed.kind, failed.message, failed.status) for failed in found} == {(kind, message, status)}


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic.claude-haiku-4-5-20251001-v1%3A0"),
        ("arn:aws:bedrock:us:1:inference-profile/x", "arn%3Aaws%3Abedrock%3Aus%3A1%3Ainference-profile%2Fx"),
    ],
)
def test_the_model_is_escaped_in_the_path(bedrock: Any, model: str, path: str) -> None:
    assert bedrock.request(model=model).url == f"https://host.example/model/{path}/converse-stream"
    assert bedrock.request(model=model, stream=False).url == f"https://host.example/model/{path}/converse"


def test_system_and_limit_have_places_of_their_own(bedrock: Any) -> None:
    body = bedrock.body(system="Be brief.", max_output_tokens=9, prompt="How many?")
    assert body["system"] == [{"text": "Be brief."}]
    assert body["inferenceConfig"] == {"maxTokens": 9}
    assert body["messages"] == [{"role": "user", "content": [{"text": "How many?"}]}]


def test_a_cited_answer_is_text(bedrock: Any) -> None:
    cited = {"citationsContent": {"content": [{"text": "3"}, {"text": " r"}], "citations": [{"title": "t"}]}}
    assert bedrock.whole(whole({"text": "It has "}, cited)).answer == "It has \n\n3 r"
    assert bedrock.whole(whole({"citationsContent": {"content": "odd"}})).answer == ""
    streamed = [delta(text="3"), delta(citation={"title": "t"}), delta(text=" r"), made("messageStop", {})]
    assert ran(bedrock, streamed).answer == "3 r"
