"""One reader: what a response says does not depend on who reads it, in which pieces it comes, or where it is cut."""

from __future__ import annotations

import ast
import asyncio
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.batch.provider.collector import reply_in_row
from thinkdial.engine.exchange import reader as module
from thinkdial.engine.exchange.connections.errors import ReadError
from thinkdial.engine.exchange.exchange import Exchange
from thinkdial.engine.exchange.outcome import Outcome, cancelled
from thinkdial.engine.exchange.raw_response import RawResponse, reply_of
from thinkdial.engine.exchange.reader import ResponseReader
from thinkdial.engine.exchange.retry import Patience
from thinkdial.engine.exchange.surroundings import Surroundings
from thinkdial.engine.runs.observer import Silent
from thinkdial.engine.targets.keys import Key
from thinkdial.providers.batches.contract import RowOutcome
from thinkdial.providers.errors import Failure
from thinkdial.providers.fold import Fold, Reply
from thinkdial.providers.registry import NAMES
from thinkdial.providers.schema import AnswerDelta, Complete, Notice, ReasoningDelta
from thinkdial.providers.turns.pieces import TurnPiece

from ...cases import each
from .recordings import CONTRACT, SSE, Recording, kind_of, prepared_for

SHARE_OF_CUTS = pytest.mark.parametrize("nth", [7, pytest.param(1, marks=pytest.mark.slow)])


def events_of(name: str) -> list[bytes]:
    """The events of the recorded answer, each as it is sent."""
    return [CONTRACT["frame"](name, event, document) for event, document in CONTRACT["events_of"](name)]


def hostile(name: str) -> Iterator[tuple[bytes, range]]:
    """The recorded answer with a broken event in it, and with one behind its end; and where to cut them."""
    events = events_of(name)
    broken = CONTRACT["frame"](name, "", "{broken")
    within = b"".join([*events[:3], broken, *events[3:5]])
    behind = b"".join([*events, broken, *events[:2]])
    yield within, range(len(within) + 1)
    yield behind, range(len(within), len(behind) + 1, 7)


class Cassette:
    """A tape of one call."""

    def __init__(self) -> None:
        self.data = b""

    def begin(self, index: int, prepared: Any) -> None: ...

    def opened(self, index: int, status: int, headers: Any) -> None: ...

    is_behind = False

    def received(self, index: int, data: bytes) -> None:
        self.data += data


async def call(
    name: str, raw: RawResponse, size: int = 64, breaks: BaseException | None = None, key: str = ""
) -> tuple[Outcome, RawResponse]:
    """What a live call makes of the response, and what was taken down of it."""
    tape = Cassette()
    surroundings = Surroundings(Recording(raw, size, breaks), clock=lambda: 0.0, tape=tape)
    secret = Key(key, "here") if key else None
    exchange = Exchange(prepared_for(name), secret, Patience(5, 60, 0), surroundings, Silent())
    try:
        outcome = await exchange.run()
    except asyncio.CancelledError:
        outcome = cancelled(exchange.outcome())
    return outcome, replace(raw, body=tape.data)


def replayed(name: str, raw: RawResponse, broken: Failure | None = None) -> Reply:
    return reply_of(raw, name, prepared_for(name).target.use.quirks, False, broken=broken)


def in_pieces(name: str, raw: RawResponse, size: int) -> Reply:
    quirks = prepared_for(name).target.use.quirks
    reader, fold = ResponseReader(raw.status, raw.content_type, raw.headers, name, quirks), Fold()
    for at in range(0, len(raw.data), size):
        for delta in reader.feed(raw.data[at : at + size]):
            fold.add(delta)
    for delta in reader.close():
        fold.add(delta)
    return fold.reply()


def in_row(name: str, data: bytes) -> Reply:
    """What a collected row of a provider's batch says."""
    return reply_in_row(RowOutcome("r", "response", status=200, body=data), prepared_for(name).target, emulated=False)


def choice(**piece: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": piece}]}).encode() + b"\n\n"


CHAT_END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def test_what_follows_a_broken_event_counts_everywhere_alike() -> None:
    data = choice(content="A") + b"data: {broken\n\n" + choice(content="B").rstrip()
    raw = RawResponse(200, SSE, True, data)
    live, _ = asyncio.run(call("openai-chat", raw))
    assert live.reply.answer == "AB" and live.reply.failure is not None
    assert replayed("openai-chat", raw) == live.reply
    assert in_row("openai-chat", data) == replace(live.reply, service_tier="batch")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_live_replay_and_batch_agree_at_every_cut(name: str) -> None:
    async def go() -> None:
        for whole, cuts in hostile(name):
            for cut in cuts:
                raw = RawResponse(200, kind_of(name), True, whole[:cut])
                expected = replayed(name, raw)
                assert in_pieces(name, raw, 20 + cut % 60) == expected, cut
                live, taken_down = await call(name, raw, 20 + cut % 60)
                assert live.reply == expected, cut
                assert replayed(name, taken_down) == expected, cut
                if kind_of(name) == SSE:
                    row = in_row(name, whole[:cut])
                    assert row == replace(replayed(name, replace(raw, content_type="")), service_tier="batch"), cut

    asyncio.run(go())


@SHARE_OF_CUTS
@each("name", NAMES)
def test_a_body_agrees_at_every_cut(name: str, nth: int) -> None:
    body = json.dumps(CONTRACT["whole_of"](name)).encode()

    async def go() -> None:
        for cut in range(0, len(body) + 1, nth):
            raw = RawResponse(200, "application/json", False, body[:cut])
            expected = replayed(name, raw)
            assert in_pieces(name, raw, 20 + cut % 60) == expected, cut
            assert in_row(name, body[:cut]) == replace(expected, service_tier="batch"), cut
            assert (await call(name, raw))[0].reply == expected, cut

    asyncio.run(go())


@SHARE_OF_CUTS
@each("name", NAMES)
@each("broke", [lambda: ReadError("reset"), asyncio.CancelledError], ids=["reset", "interrupted"])
def test_live_and_replay_agree_wherever_it_broke(name: str, broke: Callable[[], BaseException], nth: int) -> None:
    async def go() -> None:
        for whole, cuts in hostile(name):
            for cut in cuts[:: 4 * nth]:
                outcome, taken_down = await call(name, RawResponse(200, kind_of(name), True, whole[:cut]), 50, broke())
                failed = outcome.reply.failure
                told = failed if failed is not None and failed.kind != "protocol" else None
                assert replayed(name, taken_down, told) == outcome.reply, cut

    asyncio.run(go())


def test_what_follows_the_end_is_taken_alike_when_the_wait_for_it_is_interrupted() -> None:
    data = choice(content="A") + CHAT_END + choice(content="B").rstrip()
    raw = RawResponse(200, SSE, True, data)
    outcome, _ = asyncio.run(call("openai-chat", raw, breaks=asyncio.CancelledError()))
    assert (outcome.reply.answer, outcome.reply.complete) == ("A", True)
    assert replayed("openai-chat", raw) == outcome.reply


@pytest.mark.parametrize("breaks", [None, ReadError("reset")])
def test_bytes_that_might_have_become_our_key_are_read_as_they_are_taken_down(breaks: Exception | None) -> None:
    """The last brace is held back as the possible beginning of the key, until the end."""
    raw = RawResponse(200, SSE, True, choice(content="A") + choice(content="B").rstrip())
    outcome, taken_down = asyncio.run(call("openai-chat", raw, breaks=breaks, key="}secret"))
    assert taken_down.data == raw.data and outcome.reply.answer == "AB"
    told = outcome.reply.failure if breaks else None
    assert replayed("openai-chat", taken_down, told) == outcome.reply


def deltas_of(reader: ResponseReader, *pieces: bytes) -> list[Any]:
    return [delta for piece in pieces for delta in reader.feed(piece)]


def chat(status: int = 200, kind: str = SSE, **headers: str) -> ResponseReader:
    return ResponseReader(status, kind, headers, "openai-chat", {})


def test_its_state_says_what_is_expected_yet() -> None:
    reader = chat()
    assert (reader.awaits, reader.is_settled, reader.is_over, reader.streamed) == ("answer", False, False, True)
    assert [delta.text for delta in deltas_of(reader, choice(content="A"))] == ["A"]
    assert not reader.is_settled
    deltas_of(reader, CHAT_END)
    assert (reader.is_settled, reader.is_over) == (True, False)
    reader.close()
    assert reader.is_over and reader.feed(choice(content="B")) == [] and reader.close() == []


ODD = (b": OPENROUTER PROCESSING", b"{broken", b"17", b'"processing"', b"[" * 5000, b"null, null", b"\xff\xfe")


@each("odd", ODD)
@each("number", [1, 3])
def test_an_odd_event_costs_itself_and_is_told(odd: bytes, number: int) -> None:
    reader = chat()
    found = deltas_of(reader, choice(content="A"), (b"data: " + odd + b"\n\n") * number, choice(content="B"), CHAT_END)
    found += reader.close()
    assert [delta.text for delta in found if isinstance(delta, AnswerDelta)] == ["A", "B"]
    assert not any(isinstance(delta, Failure) for delta in found) and any(isinstance(d, Complete) for d in found)
    (told,) = [delta for delta in found if isinstance(delta, Notice)]
    assert told.code == "events_skipped" and told.message.startswith(f"{number} event") and len(told.message) < 300


def test_nothing_but_odd_events_is_no_answer_of_this_api() -> None:
    reader = chat()
    found = [*deltas_of(reader, b"data: upstream connect error\n\n" * 2), *reader.close()]
    (failed,) = [delta for delta in found if isinstance(delta, Failure)]
    assert failed.kind == "protocol" and "upstream connect error" in failed.message


def test_odd_events_are_told_when_it_broke_off() -> None:
    reader = chat()
    deltas_of(reader, choice(content="A"), b"data: oops\n\n")
    told = [delta for delta in reader.break_off(Failure("connection", "it broke")) if not isinstance(delta, TurnPiece)]
    assert [type(delta) for delta in told] == [Failure, Notice] and reader.break_off() == []


@each(
    ("piece", "heard"),
    [
        (b": keep-alive\n\n", False),
        (b": keep-al", False),
        (b"\n\n", False),
        (b'data: {"cho', True),
        (b"event: ping\ndata: {}\n\n", True),
        (b": x\n\n" + choice(content="B"), True),
    ],
)
def test_comments_and_blanks_are_no_sign_of_life(piece: bytes, heard: bool) -> None:
    reader = chat()
    deltas_of(reader, choice(content="A"))
    reader.feed(piece)
    assert reader.has_heard is heard


def test_the_reason_of_a_break_is_told_once_and_not_of_what_is_settled() -> None:
    lost = Failure("connection", "it broke")
    reader = chat()
    deltas_of(reader, choice(content="is a </thi"))
    told = reader.break_off(lost)
    assert told[0] is lost and told[1].text == "</thi" and reader.break_off(lost) == []
    reader = chat()
    deltas_of(reader, choice(content="A"), CHAT_END)
    assert lost not in reader.break_off(lost)


def test_a_body_where_a_stream_was_asked_for_is_no_stream() -> None:
    reader = chat()
    deltas_of(reader, json.dumps(CONTRACT["whole_of"]("openai-chat")).encode())
    assert reader.streamed
    reader.close()
    assert not reader.streamed


def test_an_error_is_read_at_its_end() -> None:
    reader = chat(429, "application/json", **{"retry-after": "7"})
    assert (reader.awaits, reader.streamed) == ("error", False)
    assert deltas_of(reader, b'{"error": {"mess', b'age": "slow down"}}') == []
    (failed,) = reader.close()
    assert isinstance(failed, Failure)
    assert (failed.kind, failed.message, failed.retry_after_s) == ("rate_limit", "slow down", 7)
    assert reader.is_settled and reader.close() == []


def test_an_error_whose_end_is_missing_says_only_why_the_exchange_broke() -> None:
    lost = Failure("cancelled", "killed")
    reader = chat(429, "application/json")
    deltas_of(reader, b'{"error": {"mess')
    assert reader.break_off(lost) == [lost]
    assert chat(429).break_off() == []


def test_of_a_redirect_nothing_is_read() -> None:
    for end in (ResponseReader.close, ResponseReader.break_off):
        reader = chat(302, location="https://elsewhere.example/?token=1")
        assert (reader.awaits, reader.feed(b"moved")) == ("nothing", [])
        (failed,) = end(reader)
        assert isinstance(failed, Failure) and failed.status == 302
        assert "elsewhere.example" in failed.message and "token" not in failed.message
    (failed,) = chat(302, location=f"https://elsewhere.example/{'x' * 9000}#token=1").close()
    assert isinstance(failed, Failure) and len(failed.message) < 400 and "token" not in failed.message
    (failed,) = chat(304).close()
    assert isinstance(failed, Failure) and "304" in failed.message and "redirect" not in failed.message


def test_what_a_proxy_refuses_is_told_of_the_proxy() -> None:
    reader = chat(407, "text/html")
    reader.feed(b"<html>log in</html>")
    (failed,) = reader.close()
    assert isinstance(failed, Failure) and (failed.kind, failed.status, failed.retryable) == ("connection", 407, False)
    assert "proxy" in failed.message and "NO_PROXY" in (failed.hint or "")


def test_what_is_compressed_without_a_word_is_told_so() -> None:
    reader = chat(200, "application/json")
    reader.feed(gzip.compress(b"{}"))
    (failed,) = reader.close()
    assert isinstance(failed, Failure) and "gzip" in failed.message


def test_events_before_one_that_is_too_large_count_in_whatever_pieces_they_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from thinkdial.providers.framing import choice as framers

    small = framers.SseFramer
    monkeypatch.setattr(framers, "SseFramer", lambda: small(max_event_bytes=200))
    raw = RawResponse(200, SSE, True, choice(content="A") + b"data: " + b"x" * 500 + b"\n\n" + choice(content="B"))
    for size in (1, 7, 150, 1000):
        reply = in_pieces("openai-chat", raw, size)
        assert reply.answer == "A" and reply.failure is not None and "larger than" in reply.failure.message, size


@pytest.mark.parametrize(
    ("error", "words"),
    [(KeyError("oh"), "KeyError: 'oh'"), (TypeError("no"), "TypeError: no")],
)
def test_a_decoder_that_trips_is_a_failure(monkeypatch: pytest.MonkeyPatch, error: Exception, words: str) -> None:
    from thinkdial.providers.dialects.openai_chat import ChatDecoder

    def trips(*_: Any) -> Any:
        raise error

    for method in ("feed", "close"):
        with monkeypatch.context() as patched:
            patched.setattr(ChatDecoder, method, trips)
            reader = chat()
            found = [*deltas_of(reader, choice(content="A")), *reader.close()]
        (failed,) = [delta for delta in found if isinstance(delta, Failure)]
        assert failed.message == f"the answer is not what this API sends: {words}"


def test_the_reader_knows_neither_sockets_nor_clocks() -> None:
    tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    assert names <= {"__future__", "json", "collections.abc", "dataclasses", "msgspec", "typing"}


def test_texts_that_come_together_are_one_delta_and_others_stay_apart() -> None:
    def event(**delta: str) -> bytes:
        return f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta}]})}\n\n".encode()

    reader = ResponseReader(200, "text/event-stream", {}, "openai-chat", {})
    thought, said = [event(reasoning_content=word) for word in ("So", " it is")], [event(content=c) for c in "42!"]
    texts = [
        one.text for one in reader.feed(b"".join((*thought, *said))) if isinstance(one, AnswerDelta | ReasoningDelta)
    ]
    assert texts == ["So it is", "42!"]
    assert [one for one in reader.feed(event(content="?")) if isinstance(one, AnswerDelta)] == [AnswerDelta("?")]
