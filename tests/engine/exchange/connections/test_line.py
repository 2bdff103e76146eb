"""HTTP/1.1 over one connection: what servers send, whole and byte by byte, and what they may not."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from thinkdial.engine.exchange.connections import line as module
from thinkdial.engine.exchange.connections.errors import CannotSendError, OnlyHeadersError, TransportError
from thinkdial.engine.exchange.connections.line import MOST_HEAD_BYTES, HttpLine
from thinkdial.engine.exchange.transport import Transport
from thinkdial.providers.schema import HttpRequest

OK = b"HTTP/1.1 200 OK\r\n"


class Wires(asyncio.Transport):
    """The side of a connection that the event loop has."""

    def __init__(self, **extra: Any) -> None:
        super().__init__(extra)
        self.written = bytearray()
        self.is_cut = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: Any) -> None:
        self.written += data

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def is_closing(self) -> bool:
        return self.is_cut

    def abort(self) -> None:
        self.is_cut = True


async def asked(data: bytes, step: int = 10**9, *, ends: bool = False) -> tuple[HttpLine, bytes]:
    """The line after an exchange that brought `data` in steps, and the body."""
    line = HttpLine(asyncio.get_running_loop(), lambda: 0.0)
    line.connection_made(Wires())
    await line.send(b"", b"", 5.0)
    for at in range(0, len(data), step):
        line.data_received(data[at : at + step])
    if ends:
        line.eof_received()
        line.connection_lost(None)
    await line.answered()
    body = bytearray()
    while piece := await line.read():
        body += piece
    return line, bytes(body)


RESPONSES = (
    (b"content-length: 5\r\n\r\nhello", b"hello", True),
    (b"Content-Length: 5\nX-A: b\n\nhello", b"hello", True),
    (b"transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\ntrailer: a\r\n\r\n", b"hello", True),
    (b"connection: close\r\ncontent-length: 5\r\n\r\nhello", b"hello", False),
    (b"content-length: 5\r\n\r\nhello" + OK + b"content-length: 9\r\n\r\nunasked!!", b"hello", False),
    (b"content-length: 5\r\n\r\nhello and more", b"hello", False),
    (b"content-length: 5\r\n\r\nhelloH", b"hello", False),
    (b"content-length: 5\r\n\r\nhello" + OK, b"hello", False),
    (b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 103 Early\r\nx: y", b"hello", False),
)


def test_bodies_whole_and_byte_by_byte_and_whether_the_connection_may_be_used_again() -> None:
    async def go() -> None:
        for interim in (b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n" * 2):
            for rest, body, is_open in RESPONSES:
                for step in (1, 7, 10**9):
                    line, found = await asked(interim + OK + rest, step)
                    assert (line.status, found, line.is_open) == (200, body, is_open), (interim, rest, step)
                    assert "link" not in line.headers and "trailer" not in line.headers
        line, found = await asked(b"HTTP/1.1 204 No Content\r\nx: y\r\n\r\n")
        assert (line.status, found, line.is_open) == (204, b"", True)

    asyncio.run(go())


def test_what_nobody_asked_for_spoils_the_connection() -> None:
    async def go() -> None:
        for unasked in (b"HTTP/1.1 4", OK + b"content-length: 0\r\n\r\n", b"\r\n", b"nonsense"):
            line, _ = await asked(OK + b"content-length: 0\r\n\r\n")
            assert line.is_open
            line.data_received(unasked)
            assert not line.is_open and line._transport is not None and line._transport.is_closing()

    asyncio.run(go())


def test_headers_of_chunks_are_counted_from_one_piece_of_the_body_to_the_next() -> None:
    async def go() -> None:
        chunk = b"1;x=" + b"y" * 1000 + b"\r\nz\r\n"
        count = 2 * MOST_HEAD_BYTES // len(chunk)
        line, body = await asked(OK + b"transfer-encoding: chunked\r\n\r\n" + chunk * count + b"0\r\n\r\n", 100)
        assert body == b"z" * count and line.is_open

    asyncio.run(go())


def test_a_long_body_that_is_left_unread_costs_its_connection() -> None:
    async def go() -> None:
        line = HttpLine(asyncio.get_running_loop(), lambda: 0.0)
        line.connection_made(Wires())
        await line.send(b"", b"", 5.0)
        line.data_received(OK + b"content-length: 2000000\r\n\r\n")
        for _ in range(2):
            line.data_received(b"x" * 1_000_000)
        await line.answered()
        assert not line.is_open, "nothing more is read from it"
        while await line.read():
            pass
        assert line.is_open

    asyncio.run(go())


def test_a_body_without_a_length_lasts_to_the_end_of_the_connection() -> None:
    async def go() -> None:
        for head in (OK, b"HTTP/1.0 200 OK\r\n"):
            line, found = await asked(head + b"x: y\r\n\r\nhello", 3, ends=True)
            assert found == b"hello" and not line.is_open

    asyncio.run(go())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        OK,
        OK + b"content-length: 9\r\n\r\nhello",
        OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        OK + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        OK + b"content-length: -1\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n" + OK + b"content-length: 0\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 000 X\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.1 099 X\r\ncontent-length: 5\r\n\r\nhello",
        b"\x16\x03\x01\x02\x00",
        OK + b"x: " + b"y" * (MOST_HEAD_BYTES + 10),
        OK + b"x: y\r\n" * (MOST_HEAD_BYTES // 6 + 2),
        b"HTTP/1.1 100 Continue\r\n\r\n" * (MOST_HEAD_BYTES // 25 + 2),
        OK + b"transfer-encoding: chunked\r\n\r\n0\r\nx: " + b"y" * (2 * MOST_HEAD_BYTES),
        OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n" + b"x: y\r\n" * (MOST_HEAD_BYTES // 3),
        OK + b"transfer-encoding: chunked\r\n\r\n5;x=" + b"y" * (2 * MOST_HEAD_BYTES),
    ],
)
def test_what_is_broken_is_told(data: bytes) -> None:
    async def go() -> None:
        for step in (5000, 10**9):
            with pytest.raises(TransportError) as caught:
                await asked(data, step, ends=True)
            assert str(caught.value) and "\n" not in str(caught.value)

    asyncio.run(go())


def test_a_refusal_that_does_not_wait_for_the_request_and_an_answer_that_begins_before_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_WRITTEN_BYTES", 1000)
    refused = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno"
    begun = OK + b"transfer-encoding: chunked\r\n\r\n2\r\nno\r\n"

    async def go() -> None:
        for early, late, status in ((refused, b"", 413), (begun, b"0\r\n\r\n", 200)):
            line, wires = HttpLine(asyncio.get_running_loop(), lambda: 0.0), Wires()
            line.connection_made(wires)
            write = wires.write
            told: list[bytes] = [early]

            def answered(
                data: Any, *, line: Any = line, wires: Any = wires, write: Any = write, told: Any = told
            ) -> None:
                write(data)
                if len(wires.written) > 5000 and told:
                    line.data_received(told.pop())

            wires.write = answered  # type: ignore[method-assign]
            is_whole = await line.send(b"head", b"x" * 200_000, 5.0)
            line.data_received(late)
            await line.answered()
            assert (line.status, await line.read(), await line.read()) == (status, b"no", b"")
            assert is_whole == line.is_open == (status == 200)
            assert (len(wires.written) == 200_004) == is_whole

    asyncio.run(go())


class Hours:
    """The time of an event loop, which goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self._alarms: list[tuple[float, Any]] = []

    def time(self) -> float:
        return self.now

    def create_future(self) -> Any:
        return asyncio.get_running_loop().create_future()

    def call_at(self, when: float, callback: Any) -> Any:
        self._alarms.append((when, callback))
        return asyncio.Event()  # what has nothing to cancel

    def pass_to(self, now: float) -> None:
        self.now = now
        due = [callback for when, callback in self._alarms if when <= now]
        self._alarms = [alarm for alarm in self._alarms if alarm[0] > now]
        for callback in due:
            callback()


@pytest.mark.parametrize(
    ("head", "letters"),
    [
        (b"", OK + b"x: " + b"y" * 100),
        (b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 5),
        (OK + b"transfer-encoding: chunked\r\n\r\n1\r\nz\r\n", b"1;x=" + b"y" * 100),
        (OK + b"transfer-encoding: chunked\r\n\r\n1\r\nz\r\n", b"0\r\nx: " + b"y" * 100),
    ],
)
def test_letters_of_headers_that_trickle_in_do_not_make_us_wait_longer(head: bytes, letters: bytes) -> None:
    async def go() -> None:
        hours: Any = Hours()
        line = HttpLine(hours, lambda: 0.0)
        line.connection_made(Wires())
        await line.send(b"", b"", 5.0)
        line.data_received(head)
        if head:
            assert await line.read() == b"z"
        waiting = asyncio.create_task(line.read() if head else line.answered())
        for number in range(100):
            await asyncio.sleep(0)
            line.data_received(letters[number : number + 1])
            await asyncio.sleep(0)
            hours.pass_to(number / 10)
        with pytest.raises(OnlyHeadersError):
            await waiting

    asyncio.run(go())


def test_a_body_that_trickles_in_is_waited_for() -> None:
    async def go() -> None:
        hours: Any = Hours()
        line = HttpLine(hours, lambda: 0.0)
        line.connection_made(Wires())
        await line.send(b"", b"", 5.0)
        line.data_received(OK + b"content-length: 20\r\n\r\n")
        for number in range(20):
            waiting = asyncio.create_task(line.read())
            await asyncio.sleep(0)
            hours.pass_to(4.0 * number)
            line.data_received(b"x")
            assert await waiting == b"x"

    asyncio.run(go())


def test_what_a_server_said_before_it_hung_up_on_a_request_is_heard() -> None:
    refused = b"HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno"

    async def go() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        line = HttpLine(asyncio.get_running_loop(), lambda: 0.0)
        line.connection_made(Wires(socket=ours))
        await line.send(b"head", b"x", 5.0)
        theirs.sendall(refused)
        line.connection_lost(BrokenPipeError())
        await line.answered()
        assert (line.status, await line.read(), line.is_open) == (413, b"no", False)
        ours.close()
        theirs.close()

    asyncio.run(go())


def test_nothing_more_is_sent_once_the_connection_is_on_its_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WRITTEN_BYTES", 1000)

    async def go() -> None:
        line, wires = HttpLine(asyncio.get_running_loop(), lambda: 0.0), Wires()
        line.connection_made(wires)
        write = wires.write

        def broken(data: Any) -> None:
            assert not wires.is_cut
            write(data)
            wires.is_cut = len(wires.written) > 5000  # as a write that fails has it, before the loop tells anybody

        wires.write = broken  # type: ignore[method-assign]
        assert not await line.send(b"head", b"x" * 200_000, 5.0)
        assert not line.is_open

    asyncio.run(go())


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Connection"])
def test_how_a_request_is_framed_is_not_for_a_profile_to_say(name: str) -> None:
    async def go() -> None:
        async with Transport() as transport:
            request = HttpRequest("POST", "http://127.0.0.1:9/", ((name, "5"),), b"{}")
            with pytest.raises(CannotSendError):
                async with transport.open(request, None, idle_timeout_s=1):
                    pass

    asyncio.run(go())
