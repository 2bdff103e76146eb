"""What is told of time: the provider's, from when the request could leave to when its answer arrived."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from typing import Any

import pytest

from thinkdial.engine.exchange.connections import stopwatch
from thinkdial.engine.exchange.connections.line import HttpLine
from thinkdial.engine.exchange.connections.pool import Pool
from thinkdial.engine.exchange.connections.stopwatch import ArrivalClock, Stopwatch
from thinkdial.engine.exchange.reader import ResponseReader
from thinkdial.engine.exchange.transport import Transport
from thinkdial.providers.schema import HttpRequest


@pytest.mark.usefixtures("each_loop")
def test_a_connection_is_told_apart(kit: Any, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes 3 s by the clock, and the answer none."""
    clock = kit.FakeTime()
    connect = Pool.connect

    async def slow(*args: Any, **options: Any) -> Any:
        made = await connect(*args, **options)
        clock.now += 3.0
        return made

    async def go() -> Any:
        async with kit.Server(wire.good) as server:
            monkeypatch.setattr(Pool, "connect", slow)
            (result,), _ = await kit.run([kit.profile(server.url)], time=clock)
            return result.latency

    latency = asyncio.run(go())
    assert latency.connect_s == 3.0
    assert (latency.first_byte_s, latency.first_answer_s, latency.total_s) == (0.0, 0.0, 0.0)


@pytest.mark.usefixtures("each_loop")
def test_what_decoding_takes_is_not_the_providers(kit: Any, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, feed = kit.FakeTime(), ResponseReader.feed

    def slowly(self: ResponseReader, data: bytes) -> Any:
        clock.now += 7.0
        return feed(self, data)

    async def go() -> Any:
        async with kit.Server(wire.good) as server:
            (result,), _ = await kit.run([kit.profile(server.url)], time=clock)
            return result

    monkeypatch.setattr(ResponseReader, "feed", slowly)
    result = asyncio.run(go())
    assert result.answer == "42" and clock.now >= 7.0
    assert (result.latency.first_byte_s, result.latency.first_answer_s, result.latency.total_s) == (0.0, 0.0, 0.0)


@pytest.mark.usefixtures("each_loop")
def test_a_silence_that_is_given_up_counts_in_full(kit: Any, wire: Any) -> None:
    """The last byte came long before; the total is until nobody waited any more."""
    clock = kit.FakeTime()

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(wire.stream(*wire.opening))
        await writer.drain()
        await asyncio.sleep(0.05)
        clock.now = 90.0
        await asyncio.Event().wait()

    async def go() -> Any:
        async with kit.Server(script) as server:
            (result,), _ = await kit.run([kit.profile(server.url)], time=clock, idle_s=0.2, retries=0)
            return result

    result = asyncio.run(go())
    assert (result.status, result.answer) == ("partial", "42")
    assert (result.latency.first_answer_s, result.latency.total_s) == (0.0, 90.0)


def test_an_open_connection_was_not_made_for_this_call(wire: Any) -> None:
    whole = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"

    ended: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(asyncio.Event())
        try:
            for _ in range(2):
                await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(2)
                writer.write(whole)
            await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
            ended[-1].set()

    async def go() -> list[Stopwatch]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        request, watches = HttpRequest("POST", url, (), b"{}"), [Stopwatch(), Stopwatch()]
        async with Transport() as transport:
            for watch in watches:
                async with transport.open(request, None, idle_timeout_s=5, watch=watch) as response:
                    assert [chunk async for chunk in response.chunks] == [b"{}"]
        for one in ended:
            await one.wait()
        server.close()
        return watches

    first, second = asyncio.run(go())
    assert first.connect_s is not None and first.connect_s >= 0 and second.connect_s is None
    for watch in (first, second):
        assert watch.left is not None and watch.arrived is not None and watch.left <= watch.arrived


class Wires(asyncio.Transport):
    """The side of a connection that asyncio has."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert low == 0  # what is written is what the system has

    def pause_reading(self) -> None:
        self.said.append("pause")

    def resume_reading(self) -> None:
        self.said.append("resume")

    def is_closing(self) -> bool:
        return False

    def write(self, data: Any) -> None:
        self.said.append(f"write {len(data)}")


def test_each_piece_keeps_its_arrival_however_late_it_is_read(kit: Any) -> None:
    clock = kit.FakeTime()

    async def go() -> list[tuple[bytes, float | None]]:
        line = HttpLine(asyncio.get_running_loop(), clock)
        line.connection_made(Wires())
        await line.send(b"", b"", 5.0)
        for clock.now, piece in ((1.0, b"HTTP/1.1 200 OK\r\n\r\none"), (2.0, b"two" * 4)):
            line.data_received(piece)
        clock.now = 50.0
        line.eof_received()
        return [(await line.read(), line.arrived) for _ in range(3)]

    assert asyncio.run(go()) == [(b"one", 1.0), (b"two" * 4, 2.0), (b"", 2.0)]


def test_no_more_is_taken_than_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> list[str]:
        line, wires = HttpLine(asyncio.get_running_loop(), time.monotonic), Wires()
        line.connection_made(wires)
        await line.send(b"", b"", 5.0)
        line.data_received(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(3):
            line.data_received(b"x" * 600_000)
        line.eof_received()
        while await line.read():
            pass
        return wires.said

    assert asyncio.run(go()) == ["write 0", "pause", "resume"]


def test_the_system_knows_when_late_bytes_came(monkeypatch: pytest.MonkeyPatch) -> None:
    class Socket:
        def __init__(self, age_ms: int | None) -> None:
            self.age_ms = age_ms

        def getsockopt(self, *_: int) -> bytes:
            if self.age_ms is None:
                raise OSError("no TCP")
            return bytes(52) + struct.pack("=I", self.age_ms)

    def now() -> float:
        return 100.0

    monkeypatch.setattr(stopwatch.time, "monotonic", now)
    monkeypatch.setattr(socket, "TCP_INFO", 11, raising=False)
    came = [ArrivalClock(now, Socket(age_ms))() for age_ms in (0, 4, 200, None)]
    assert came == [100.0, 100.0, 99.8, 100.0]
    assert ArrivalClock(lambda: 5.0, Socket(200))() == 5.0  # by another clock that age means nothing


def test_nothing_arrives_before_it_was_asked_for() -> None:
    watch = Stopwatch(left=5.0)
    for at, noted in ((4.996, 5.002), (5.0, 5.0), (5.5, 5.5), (None, None)):
        watch.note_arrival(at)
        assert watch.arrived == noted
