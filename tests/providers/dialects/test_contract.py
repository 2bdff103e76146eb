"""What every dialect promises, over its own small traffic in `wire/NAME/`: the same answer whole and as a stream.

`whole.json` is a body, `stream.jsonl` the events of the same answer, one `[name, document]` a line. They are wrapped
here as the vendor sends them.
"""

from __future__ import annotations

import base64
import copy
import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from msgspec.structs import replace

from tests.cases import each
from thinkdial.providers.errors import ConfigError, Failure
from thinkdial.providers.fold import Reply
from thinkdial.providers.framing.sse import Event
from thinkdial.providers.registry import NAMES, dialect
from thinkdial.providers.turns.turn import plain_text

ANTHROPIC = ("anthropic-messages", "bedrock-invoke")
WIRE = Path(__file__).parent / "wire"
REASONING = "Let me spell it: s-t-r-a-w-b-e-r-r-y — три “r”. 数える。"
ANSWER = "There are 3 r’s 🍓 in “strawberry”."

AWS, NDJSON, SSE = "application/vnd.amazon.eventstream", "application/x-ndjson", "text/event-stream"
CONTENT_TYPE = {"bedrock-converse": AWS, "bedrock-invoke": AWS, "ollama-chat": NDJSON}
ENDS_AT = {
    "anthropic-messages": b"event: message_stop",
    "bedrock-converse": b"messageStop",
    "bedrock-invoke": base64.b64encode(b'{"type":"message_stop"}'),
    "cohere-chat": b"event: message-end",
    "gemini-generate": b'"finishReason"',
    "gemini-interactions": b"event: interaction.completed",
    "mistral-chat": b'"finish_reason":"stop"',
    "ollama-chat": b'"done":true',
    "openai-chat": b'"finish_reason":"stop"',
    "openai-responses": b"event: response.completed",
}
"""Where in the stream the first bytes stand that say the answer is over."""

JUNK: list[Any] = [None, True, 7, -1, 0.5, 10**30, "x", "", [], [[1]], [None, {}], {}, {"a": {"b": 1}}]


def events_of(name: str) -> list[tuple[str, Any]]:
    lines = (WIRE / name / "stream.jsonl").read_text(encoding="utf-8").splitlines()
    return [tuple(json.loads(line)) for line in lines]


def whole_of(name: str) -> Any:
    return json.loads((WIRE / name / "whole.json").read_text(encoding="utf-8"))


def written(document: Any) -> bytes:
    return document.encode() if isinstance(document, str) else json.dumps(document, separators=(",", ":")).encode()


def frame(name: str, event: str, document: Any) -> bytes:
    """One event as the vendor sends it."""
    data = written(document)
    match CONTENT_TYPE.get(name, SSE):
        case "application/x-ndjson":
            return data + b"\n"
        case "application/vnd.amazon.eventstream":
            headers = b"".join(
                bytes([len(key)]) + key + b"\x07" + struct.pack(">H", len(value)) + value
                for key, value in ((b":message-type", b"event"), (b":event-type", event.encode()))
            )
            prelude = struct.pack(">II", 16 + len(headers) + len(data), len(headers))
            message = prelude + struct.pack(">I", crc32(prelude)) + headers + data
            return message + struct.pack(">I", crc32(message))
        case _:
            return (f"event: {event}\n".encode() if event else b"") + b"data: " + data + b"\n\n"


def stream_of(name: str) -> bytes:
    return b"".join(frame(name, event, document) for event, document in events_of(name))


def told(reply: Reply) -> Reply:
    """The reply without what a broken stream adds."""
    return replace(reply, failure=None, notices=[])


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def api(speak: Callable[..., Any], name: str) -> Any:
    return speak(name)


def read(api: Any, body: bytes, size: int | None = None) -> Reply:
    pieces = [body[at : at + size] for at in range(0, len(body), size)] if size else [body]
    return api.chunks(pieces, CONTENT_TYPE.get(api.name, SSE))


def test_a_stream_holds_reasoning_answer_counts_and_an_end(api: Any, name: str) -> None:
    reply = read(api, stream_of(name))
    assert (reply.reasoning, reply.answer, reply.finish) == (REASONING, ANSWER, "stop")
    assert (reply.complete, reply.failure, reply.notices) == (True, None, [])
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (25, 348)


def test_a_whole_body_gives_the_same_reply_as_the_stream(api: Any, name: str) -> None:
    assert api.whole(whole_of(name)) == read(api, stream_of(name))


def test_any_chunking_of_the_bytes_gives_the_same_reply(api: Any, name: str) -> None:
    body = stream_of(name)
    expected = read(api, body)
    for size in (1, 2, 3, 5, 7, 11, 64, 1000):
        assert read(api, body, size) == expected, size


def test_a_stream_under_the_wrong_label_is_read_all_the_same(api: Any, name: str) -> None:
    assert api.raw(json.dumps(whole_of(name)).encode(), SSE).answer == ANSWER
    if CONTENT_TYPE.get(name, SSE) == SSE:
        assert api.raw(stream_of(name), "application/json").answer == ANSWER


def test_unknown_events_are_ignored(api: Any, name: str) -> None:
    new = frame(name, "brand.new", {"type": "brand.new", "object": "brand.new", "payload": {"n": 1}})
    body = b"".join(new + frame(name, event, document) for event, document in events_of(name))
    assert read(api, body) == read(api, stream_of(name))


def with_unknown_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {"brand_new": {"text": 1}, **{key: with_unknown_fields(inner) for key, inner in value.items()}}
    return [with_unknown_fields(inner) for inner in value] if isinstance(value, list) else value


def test_unknown_fields_are_ignored_everywhere(api: Any, name: str) -> None:
    body = b"".join(frame(name, event, with_unknown_fields(document)) for event, document in events_of(name))
    for strange, known in (
        (read(api, body), read(api, stream_of(name))),
        (api.whole(with_unknown_fields(whole_of(name))), api.whole(whole_of(name))),
    ):
        # Pieces keep what they do not know: it may have to go back.
        assert plain_text(tuple(strange.pieces)) == plain_text(tuple(known.pieces)) != ""
        assert replace(strange, pieces=[]) == replace(known, pieces=[])


@pytest.mark.parametrize("nth", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_a_stream_cut_anywhere_is_never_complete_and_keeps_what_came(api: Any, name: str, nth: int) -> None:
    body = stream_of(name)
    end = body.index(ENDS_AT[name])
    before = read(api, b"")
    for length in (*range(0, end, nth), end):
        reply = read(api, body[:length])
        assert not reply.complete
        assert reply.failure is not None
        counts = (reply.usage.output_tokens, reply.usage.reasoning_tokens, reply.usage.total_tokens)
        # Only here the last counts come before the end, beside the reason to stop.
        assert counts == (None, None, None) or (name in ANTHROPIC and reply.finish == "stop")
        assert reply.reasoning.startswith(before.reasoning)
        assert reply.answer.startswith(before.answer)
        before = reply
    assert (before.reasoning, before.answer) == (REASONING, ANSWER)


def test_a_body_cut_anywhere_is_never_complete(api: Any, name: str) -> None:
    body = json.dumps(whole_of(name)).encode()
    for length in range(len(body)):
        reply = api.raw(body[:length], "application/json")
        assert not reply.complete
        assert reply.failure is not None


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths(item, (*at, key))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    result = copy.copy(document)
    result[path[0]] = replaced(document[path[0]], path[1:], value)
    return result


def checked(reply: Reply) -> None:
    """A reply that can be shown and stored, whatever was in the traffic."""
    assert isinstance(reply.answer, str)
    assert isinstance(reply.reasoning, str)
    (reply.answer + reply.reasoning + str(reply.model) + str(reply.finish_raw)).encode()
    usage = reply.usage
    for count in (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens, usage.reasoning_tokens):
        assert count is None or 0 <= count < 10**16


@pytest.mark.slow
def test_values_of_any_type_in_a_stream_raise_nothing_but_value_error(api: Any, name: str) -> None:
    events = [Event(event, written(document)) for event, document in events_of(name)]
    for number, (event, document) in enumerate(events_of(name)):
        for path in paths(document):
            for junk in JUNK:
                changed = [*events]
                changed[number] = Event(event, written(replaced(document, path, junk)))
                checked(api.events(changed))


def test_values_of_any_type_in_a_body_raise_nothing_but_value_error(api: Any, name: str) -> None:
    document = whole_of(name)
    for path in paths(document):
        for junk in JUNK:
            checked(api.events([Event("body", written(replaced(document, path, junk)))]))


@each("event", ["", "body", "stray", "message", "line", "error"])
@each("data", [b"[]", b"{}", b"null", b"7", b'"x"', b"[[]]", b"[{}]", b'{"error":null}', b"{", b""])
def test_documents_of_any_type_raise_nothing_but_value_error_and_end_nothing(api: Any, event: str, data: bytes) -> None:
    reply = api.events([Event(event, data)])
    checked(reply)
    assert not reply.complete
    assert reply.failure is not None


@each("junk", JUNK)
def test_an_error_body_of_any_type_is_read(name: str, junk: Any) -> None:
    speech = dialect(name)
    for document in (junk, [junk], {"error": junk}, {"error": {"message": junk, "type": junk, "code": junk}},
                     {"error": {"details": junk, "status": junk}}, {"message": junk, "detail": junk}):  # fmt: skip
        assert isinstance(speech.read_error(500, {}, document), Failure)
        assert speech.answers_in_error(document) is None


@each(
    ("status", "kind", "retryable"),
    [(401, "auth", False), (403, "permission", False), (404, "not_found", False), (429, "rate_limit", True),
     (500, "server", True), (503, "overloaded", True)],
)  # fmt: skip
def test_an_error_that_says_nothing_is_read_by_its_status(name: str, status: int, kind: str, retryable: bool) -> None:
    failed = dialect(name).read_error(status, {"retry-after": "2"}, {})
    assert (failed.kind, failed.retryable, failed.status, failed.retry_after_s) == (kind, retryable, status, 2.0)
    assert failed.message


@each("stream", [True, False])
def test_a_request_is_json_with_model_and_prompt(api: Any, stream: bool) -> None:
    prompt = 'How many r in "strawberry"?\n数 🍓 \ud83d'
    request = api.request(model="model-7", prompt=prompt, system="Be brief.", stream=stream)
    body = json.loads(request.body)
    assert request.method == "POST"
    assert dict(request.headers)["content-type"] == "application/json"
    assert body.get("model") == "model-7" or "/model-7" in request.url
    assert json.dumps(prompt) in json.dumps(body)
    assert json.dumps("Be brief.") in json.dumps(body)


def test_a_request_carries_no_credential(api: Any) -> None:
    request = api.request()
    names = {header.lower() for header, _ in request.headers}
    assert not names & {"authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie"}
    assert "key=" not in request.url


def test_params_win_over_native_fields_and_native_over_the_dialect(api: Any) -> None:
    native = {"brand": {"x": 1, "y": 1}, "other": 1}
    body = api.body(native=native, params={"brand": {"x": 2}, "other": None})
    assert (body["brand"], body["other"]) == ({"x": 2, "y": 1}, None)
    for key in api.body():
        assert api.body(native={key: "native"})[key] == "native"
        assert api.body(native={key: "native"}, params={key: "mine"})[key] == "mine"


def test_building_a_request_changes_none_of_its_inputs(api: Any) -> None:
    native, params = {"a": {"b": 1}}, {"a": {"c": 1}}
    assert api.request(native=native, params=params) == api.request(native=native, params=params)
    assert (native, params) == ({"a": {"b": 1}}, {"a": {"c": 1}})


def test_every_dialect_lists_its_quirks_and_is_found_by_name(name: str) -> None:
    assert isinstance(dialect(name).QUIRKS, frozenset)
    assert isinstance(dialect(name).NEEDS_OUTPUT_LIMIT, bool)


def test_an_unknown_dialect_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"did you mean openai-chat\?"):
        dialect("openai-chats")
