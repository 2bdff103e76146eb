"""What becomes of responses that lie, break off, never end or are no answers at all."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from thinkdial.engine.exchange.vigil import Vigil

from ...cases import each

Exchange = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("each_loop")


def check_cut(result: Any) -> None:
    """What came is kept; what only the end could tell is unknown."""
    assert (result.status, result.answer, result.reasoning.text) == ("partial", "42", "Hm. ")
    assert result.finish == "error" and result.error is not None
    assert result.usage.output_tokens is None and result.usage.reasoning_tokens is None
    assert result.cost.usd is None and result.attempts == 1


def test_a_good_stream_and_a_good_body_agree(exchange: Exchange, wire: Any) -> None:
    streamed, whole = exchange(wire.good).result, exchange(wire.http(json.dumps(wire.whole)), stream=False).result
    for result in (streamed, whole):
        assert (result.status, result.answer, result.reasoning.text) == ("ok", "42", "Hm. ")
        assert (result.finish, result.usage.output_tokens, result.usage.reasoning_tokens) == ("stop", 30, 20)
        assert result.error is None and result.attempts == 1
    assert streamed.latency.first_answer_s is not None and whole.latency.first_answer_s is None


@each("kind", ["text/event-stream", "application/json", "text/plain; charset=latin-1", None])
def test_content_types_may_lie(exchange: Exchange, wire: Any, kind: str | None) -> None:
    stream = wire.http(wire.events(*wire.opening, *wire.end), kind=kind)
    body = wire.http(json.dumps(wire.whole), kind=kind)
    for reply in (stream, body):
        result = exchange(reply).result
        assert (result.status, result.answer, result.reasoning.text) == ("ok", "42", "Hm. ")


@each("kind", ["text/html", "application/json", "text/event-stream"])
def test_html_with_200(exchange: Exchange, wire: Any, kind: str) -> None:
    error = exchange(wire.http("\n  <!DOCTYPE html><html>Log in to the hotel wifi</html>", kind=kind)).result.error
    assert error.kind == "protocol" and not error.retryable
    assert "HTML" in error.message and kind in error.message and "base_url" in error.message


@pytest.mark.parametrize("body", ["", "   \r\n\n  "])
def test_an_empty_body(exchange: Exchange, wire: Any, body: str) -> None:
    error = exchange(wire.http(body)).result.error
    assert error.kind == "protocol" and error.message == "the answer is not what this API sends: it is empty"


def test_an_empty_stream(exchange: Exchange, wire: Any) -> None:
    result = exchange(wire.stream()).result
    assert result.status == "error" and "before its terminal event" in result.error.message


@each(
    "body",
    [
        b"\x1f\x8b\x08\x00\xff\xfe" + bytes(range(256)),
        b"upstream connect error",
        b'{"choices": [{"message": {"content": "4',
        b"[" * 100_000,
        b"NaN",
        b'"just a string"',
        b"null",
        b"[]",
        b"{}",
    ],
)
@each(
    "target",
    [
        {},
        {"provider": "openai", "model": "gpt-6-sol"},
        {"provider": "google", "model": "gemini-3.8-flash"},
        {"provider": "anthropic", "model": "claude-opus-5-5"},
    ],
)
@each("kind", ["application/json", "text/event-stream"])
def test_garbage_is_a_protocol_error(
    exchange: Exchange, wire: Any, body: bytes, target: dict[str, str], kind: str
) -> None:
    result = exchange(wire.http(body, kind=kind), **target).result
    assert result.status == "error" and result.answer == ""
    assert result.error.kind == "protocol" and len(result.error.message) < 300
    assert result.usage.output_tokens is None


@each(
    "choice",
    [
        {"delta": "text"},
        {"delta": {"content": 5, "reasoning_content": [1, None]}},
        {"delta": None, "message": 7},
        {"delta": {"content": [None, 1, {"type": "text", "text": None}]}, "finish_reason": 7},
        "no object",
        None,
    ],
)
def test_wrong_types_inside_are_skipped(exchange: Exchange, wire: Any, choice: Any) -> None:
    ran = exchange(wire.stream({"choices": [choice], "usage": "free", "model": 5}, *wire.opening, *wire.end))
    assert (ran.result.status, ran.result.answer) == ("ok", "42")


def test_garbage_in_the_middle_costs_one_event(exchange: Exchange, wire: Any) -> None:
    result = exchange(wire.stream(*wire.opening, "{oops", ": processing", *wire.end)).result
    assert (result.status, result.answer, result.usage.output_tokens, result.error) == ("ok", "42", 30, None)
    (told,) = [warning for warning in result.warnings if warning.code == "events_skipped"]
    assert told.message.startswith("2 events") and "oops" in told.message


def test_a_cut_stream(exchange: Exchange, wire: Any) -> None:
    result = exchange(wire.stream(*wire.opening)).result
    check_cut(result)
    assert "before its terminal event" in result.error.message


def test_a_stream_that_is_cut_inside_an_event(exchange: Exchange, wire: Any) -> None:
    """The missing end is the news, not where exactly the JSON broke."""
    whole = wire.stream(*wire.opening, *wire.end)
    result = exchange(whole[: whole.index(b"finish_reason") + 3]).result
    check_cut(result)
    assert "before its terminal event" in result.error.message


def test_a_chunked_body_that_breaks_off(exchange: Exchange, wire: Any) -> None:
    events = wire.events(*wire.opening)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    result = exchange(head + b"%x\r\n%s\r\n" % (len(events), events)).result
    check_cut(result)
    assert result.error.kind == "connection"


def test_text_that_a_decoder_held_back_is_kept(exchange: Exchange, wire: Any) -> None:
    """`<thi` may become a tag; when the connection breaks it was text, and it is not lost."""
    result = exchange(wire.then_hold(wire.stream(wire.delta(content="is a <thi"))), idle_s=0.15).result
    assert result.status == "partial" and result.answer == "is a <thi" and result.error.kind == "timeout"


def test_an_error_in_the_middle(exchange: Exchange, wire: Any) -> None:
    late = {"error": {"message": "the model crashed", "type": "server_error"}}
    result = exchange(wire.stream(*wire.opening, late)).result
    check_cut(result)
    assert (result.error.kind, result.error.message) == ("server", "the model crashed")


def test_silence_in_the_middle(exchange: Exchange, wire: Any) -> None:
    result = exchange(wire.then_hold(wire.stream(*wire.opening)), idle_s=0.15).result
    check_cut(result)
    assert result.error.kind == "timeout" and "sent nothing for 0.15 s" in result.error.message


def test_a_stream_that_goes_on_and_on_ends_with_the_total_time(exchange: Exchange, wire: Any) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(wire.stream(*wire.opening))
        while True:
            writer.write(wire.events({"choices": []}))
            await writer.drain()
            await asyncio.sleep(0.02)

    result = exchange(drip, idle_s=0.15, total_s=0.4).result
    check_cut(result)
    assert result.error.kind == "timeout" and result.error.message == "not finished after 0.4 s in all"


@each("opening", [False, True])
@each("comment", [b": still here\n\n", b"\n", b": half a comm"])
def test_comments_alone_are_no_life(exchange: Exchange, wire: Any, comment: bytes, opening: bool) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(wire.stream(*wire.opening) if opening else wire.stream())
        while True:
            writer.write(comment)
            await writer.drain()
            await asyncio.sleep(0.01)

    result = exchange(drip, idle_s=0.15, total_s=20.0).result
    assert result.error.kind == "timeout" and "sent only comments for 0.15 s" in result.error.message
    assert result.attempts == 1 and result.answer == ("42" if opening else "")


def test_a_ping_of_the_vendor_is_life(exchange: Exchange, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each next one comes when most of the time is over, by a clock that is put forward when the last one was read."""
    note, read = Vigil.note, asyncio.Queue[None]()

    def noted(vigil: Vigil, reader: Any) -> None:
        note(vigil, reader)
        read.put_nowait(None)

    async def drip(writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        writer.write(wire.stream())
        for _ in range(8):
            writer.write(b": comment\n\nevent: ping\ndata: {}\n\n")
            await writer.drain()
            await read.get()
            monkeypatch.setattr(loop, "time", partial(passed, loop.time, 4_000))
        writer.write(wire.events(*wire.opening, *wire.end))

    def passed(clock: Callable[[], float], seconds: float) -> float:
        return clock() + seconds

    monkeypatch.setattr(Vigil, "note", noted)
    assert exchange(drip, idle_s=5_000, total_s=1_000_000).result.status == "ok"


STOPPED = {
    "chat": ({}, (-1,)),
    "usage apart": ({}, (-1,)),
    "google": (
        {"provider": "google", "model": "gemini-3.8-flash"},
        ({
            "candidates": [{"content": {"parts": [{"text": "42"}]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 30, "totalTokenCount": 40},
        },),
    ),
}  # fmt: skip


@each("name", STOPPED)
@each("comments", [False, True])
def test_a_stop_with_its_counts_is_an_end_although_the_connection_stays(
    exchange: Exchange, wire: Any, name: str, comments: bool
) -> None:
    target, events = STOPPED[name]
    stop, _ = wire.end
    if name == "chat":
        events = (*wire.opening, stop)
    elif name == "usage apart":
        events = (*wire.opening, {"choices": stop["choices"]}, {"choices": [], "usage": stop["usage"]})

    async def keep(writer: asyncio.StreamWriter) -> None:
        writer.write(wire.stream(*events))
        while True:
            await writer.drain()
            await asyncio.sleep(0.02)
            if comments:
                writer.write(b": alive\n\n")

    result = exchange(keep, idle_s=0.2, **target).result
    assert (result.status, result.answer, result.usage.output_tokens) == ("ok", "42", 30)
    assert result.attempts == 1 and result.latency.total_s == 0.0


def test_what_ends_before_any_text_is_asked_again(exchange: Exchange, wire: Any) -> None:
    for cut in (wire.stream(), wire.stream({"choices": []}), wire.stream() + b": alive\n\n", wire.http("")):
        ran = exchange(cut, wire.good)
        assert (ran.result.status, ran.result.answer, ran.result.attempts) == ("ok", "42", 2)
    assert exchange(wire.stream(*wire.opening), wire.good).result.attempts == 1


def test_slow_bytes_are_no_silence(exchange: Exchange, wire: Any) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        reply = wire.good
        for start in range(0, len(reply), 40):
            writer.write(reply[start : start + 40])
            await writer.drain()
            await asyncio.sleep(0.01)

    assert exchange(drip, idle_s=0.15).result.status == "ok"


def test_a_server_that_keeps_the_connection_after_the_end(exchange: Exchange, wire: Any) -> None:
    began = time.monotonic()
    ran = exchange(wire.then_hold(wire.good), idle_s=30.0)
    assert time.monotonic() - began < 5
    assert ran.result.status == "ok" and ran.result.usage.output_tokens == 30 and ran.result.attempts == 1


def test_nonsense_after_the_end_does_no_harm(exchange: Exchange, wire: Any) -> None:
    result = exchange(wire.stream(*wire.opening, *wire.end, "{nonsense", {"choices": 7})).result
    assert (result.status, result.answer, result.error) == ("ok", "42", None)


def test_bytes_that_are_no_utf8(exchange: Exchange, wire: Any) -> None:
    event = b'data: {"choices":[{"index":0,"delta":{"content":"caf\xe9 \xf0\x9f\x8e\x89"}}]}\n\n'
    result = exchange(wire.stream() + event + wire.events(*wire.end)).result
    assert result.status == "ok" and result.answer == "caf\ufffd 🎉"


def test_lone_surrogates_become_replacement_characters(exchange: Exchange, wire: Any) -> None:
    event = b'data: {"choices":[{"index":0,"delta":{"content":"x\\ud800y"}}]}\n\n'
    result = exchange(wire.stream() + event + wire.events(*wire.end)).result
    assert result.answer.encode() and "x" in result.answer and "y" in result.answer


def test_a_body_that_was_compressed_uninvited(exchange: Exchange, wire: Any) -> None:
    squeezed = gzip.compress(wire.events(*wire.opening, *wire.end))
    ran = exchange(wire.http(squeezed, kind="text/event-stream", content_encoding="gzip"))
    assert ran.server.asked[0].headers["accept-encoding"] == "identity"
    assert (ran.result.status, ran.result.answer) == ("ok", "42")


def test_a_body_that_only_claims_to_be_compressed(exchange: Exchange, wire: Any) -> None:
    result = exchange(wire.http(b"not gzip at all", kind="text/event-stream", content_encoding="gzip")).result
    assert result.error.kind == "protocol" and "decompressed" in result.error.message


def endless(head: bytes, piece: bytes, sent: list[int]) -> Callable[[asyncio.StreamWriter], Any]:
    """A gigabyte, unless the client hangs up."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while sent[0] < 2**30:
            writer.write(piece)
            await writer.drain()
            sent[0] += len(piece)

    return script


@pytest.mark.slow
@pytest.mark.parametrize("begin", ["", 'data: {"choices":[{"index":0,"delta":{"content":"'])
def test_a_gigabyte_in_one_event(exchange: Exchange, wire: Any, begin: str) -> None:
    sent = [0]
    began = time.monotonic()
    tracemalloc.start()
    try:
        head = wire.stream(*wire.opening) + begin.encode()
        result = exchange(endless(head, b"x" * 2**20, sent)).result
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    check_cut(result)
    assert result.error.kind == "protocol" and "larger than 32 MiB" in result.error.message
    assert sent[0] < 80 * 2**20 and peak < 160 * 2**20 and time.monotonic() - began < 10


def test_a_body_without_end(exchange: Exchange, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from thinkdial.engine.exchange import intake

    monkeypatch.setattr(intake, "MAX_RESPONSE_BYTES", 4 * 2**20)
    sent = [0]
    result = exchange(endless(wire.http(b"{", framed=False), b" " * 2**20, sent)).result
    assert result.error.kind == "protocol" and "larger than 4 MiB" in result.error.message
    assert sent[0] < 40 * 2**20


def test_a_stream_of_small_events_without_end(exchange: Exchange, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from thinkdial.engine.exchange import intake

    monkeypatch.setattr(intake, "MAX_RESPONSE_BYTES", 2 * 2**20)
    sent = [0]
    piece = wire.events(*[wire.delta(reasoning_content="again ")] * 100)
    result = exchange(endless(wire.stream(), piece, sent)).result
    assert result.status == "partial" and "larger than 2 MiB" in result.error.message and sent[0] < 40 * 2**20


def test_the_error_of_a_4xx_survives_a_body_that_never_ends(exchange: Exchange, wire: Any) -> None:
    head = wire.error(401, "invalid_api_key", "bad key").replace(b"content-length: ", b"content-length: 9")
    result = exchange(wire.then_hold(head), idle_s=0.15).result
    assert result.error.kind == "auth" and result.error.status == 401


def test_a_4xx_page_is_quoted_and_bounded(exchange: Exchange, wire: Any) -> None:
    result = exchange(wire.http("<h1>Bad Gateway</h1>\n" + "<p>so sorry</p> " * 100_000, 502), retries=0).result
    assert result.error.kind == "server" and result.error.status == 502
    assert result.error.message.startswith("<h1>Bad Gateway</h1> <p>so") and len(result.error.message) < 250


def test_an_error_without_words(exchange: Exchange, wire: Any) -> None:
    assert exchange(wire.http(b"", 418)).result.error.message == "HTTP 418 without a message"


def test_a_blocked_prompt_is_an_answer(exchange: Exchange, wire: Any) -> None:
    blocked = {"error": {"code": "content_filter", "message": "filtered", "innererror": {"code": "x"}}}
    result = exchange(wire.http(json.dumps(blocked), 400)).result
    assert (result.status, result.finish, result.error) == ("ok", "content_filter", None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(kit: Any, wire: Any, status: int) -> None:
    async def go() -> tuple[Any, Any]:
        async with kit.Server(wire.good) as elsewhere:
            there = wire.http(b"", status, location=f"{elsewhere.url}/v1?token=secret")
            async with kit.Server(there) as server:
                (result,), _ = await kit.run([kit.profile(server.url)])
            return result, elsewhere

    result, elsewhere = asyncio.run(go())
    assert elsewhere.connections == 0
    assert result.error.kind == "protocol" and result.error.status == status and result.attempts == 1
    assert elsewhere.url in result.error.message and "secret" not in result.error.message


def test_a_decoder_that_trips_stops_nobody_else(kit: Any, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from thinkdial.providers.dialects.openai_chat import ChatDecoder

    feed = ChatDecoder.feed

    def tripping(self: ChatDecoder, event: Any) -> Any:
        if b"trip" in event.data:
            raise KeyError("oh")
        return feed(self, event)

    def tripping_soon(self: ChatDecoder, chunk: Any) -> Any:
        raise KeyError("ah")

    monkeypatch.setattr(ChatDecoder, "feed", tripping)
    monkeypatch.setattr(ChatDecoder, "_placed", tripping_soon)

    async def go() -> Any:
        trap = wire.stream(*wire.opening, wire.delta(content="trip"))
        async with kit.Server(trap) as bad, kit.Server(wire.good) as good:
            return await kit.run([kit.profile(bad.url, "bad"), kit.profile(good.url, "good")])

    (bad, good), _ = asyncio.run(go())
    check_cut(bad)
    assert "KeyError" in bad.error.message and good.status == "ok"


def test_a_price_table_that_trips_loses_no_answer(
    exchange: Exchange, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from thinkdial.engine.costs.prices import pricing

    def tripping(*_: Any) -> Any:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(pricing, "cost_of", tripping)
    result = exchange(wire.good).result
    assert result.answer == "42" and result.cost.usd is None and "ZeroDivisionError" in (result.cost.note or "")
