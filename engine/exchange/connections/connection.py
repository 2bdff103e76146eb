"""The sockets: they remember when each piece came, and write without leaving the turn."""

from __future__ import annotations

import asyncio
import select
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from .errors import ConnectError, ConnectTimedOutError, ReadError, ReadTimedOutError, WriteError, WriteTimedOutError
from .sockets import keep_alive
from .stopwatch import ArrivalClock, Clock

if TYPE_CHECKING:
    import ssl

MOST_UNREAD_BYTES = 1024 * 1024
MOST_WRITTEN_BYTES = 256 * 1024
"""Given to the system at once: asyncio copies what it does not take."""

HAPPY_EYEBALLS_S = 0.25
"""Seconds that one address of a name may take before the next is tried beside it (RFC 8305)."""


class Connection(asyncio.Protocol):
    """One connection, as asyncio feeds it and as a client reads it. `arrived`: when what was read last came."""

    def __init__(self, clock: Clock) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock
        self._arrival: ArrivalClock | None = None
        self._transport: asyncio.Transport | None = None
        self._unread: deque[tuple[bytes, float]] = deque()
        self._unread_bytes = 0
        self.arrived: float | None = None
        self._ended = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[bool] | None = None
        self._writer: asyncio.Future[bool] | None = None
        self._is_full = self._is_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(0)  # written is what the system has
        sock = transport.get_extra_info("socket")
        if sock is not None:
            keep_alive(sock)
        self._arrival = ArrivalClock(self._clock, sock)

    def data_received(self, data: bytes) -> None:
        self._unread.append((data, self._arrival() if self._arrival else self._clock()))
        self._unread_bytes += len(data)
        if self._unread_bytes > MOST_UNREAD_BYTES and self._transport is not None and not self._is_paused:
            self._transport.pause_reading()
            self._is_paused = True
        _wake(self._reader)

    def eof_received(self) -> bool:
        self._ended = True
        _wake(self._reader)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._error = self._error or exc
        _wake(self._reader)
        _wake(self._writer)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        _wake(self._writer)

    async def read(self, most_bytes: int, within_s: float | None = None) -> bytes:
        """What has come, or comes within so many seconds; empty at the end. Raises `ReadError`, `ReadTimedOutError`."""
        if not self._unread and not self._ended:
            self._reader = self._loop.create_future()
            if not await self._woken(self._reader, within_s):
                raise ReadTimedOutError
        if not self._unread:
            if self._error is not None:
                raise ReadError(str(self._error)) from self._error
            return b""
        data, self.arrived = self._unread.popleft()
        if len(data) > most_bytes:
            self._unread.appendleft((data[most_bytes:], self.arrived))
            data = data[:most_bytes]
        self._unread_bytes -= len(data)
        if self._is_paused and self._unread_bytes < MOST_UNREAD_BYTES // 2 and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, within_s: float | None = None) -> None:
        """Give `buffer` to the system. Raises `WriteError` and `WriteTimedOutError`."""
        if len(buffer) <= MOST_WRITTEN_BYTES:
            await self._write(buffer, within_s)
            return
        whole = memoryview(buffer)
        for at in range(0, len(buffer), MOST_WRITTEN_BYTES):
            await self._write(whole[at : at + MOST_WRITTEN_BYTES], within_s)

    async def _write(self, buffer: bytes | memoryview, within_s: float | None) -> None:
        if self._transport is None or self._transport.is_closing():
            raise WriteError(str(self._error or "the connection is closed")) from self._error
        if buffer:
            self._transport.write(buffer)
        if self._is_full:
            self._writer = self._loop.create_future()
            if not await self._woken(self._writer, within_s):
                raise WriteTimedOutError
            if self._error is not None:
                raise WriteError(str(self._error)) from self._error

    def close(self) -> None:
        """End it at once: nothing more is expected, and a peer that does not read would hold a close up."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def is_spent(self) -> bool:
        """Whether nothing can go over it any more. What an idle connection has to read can only be its end."""
        sock = None if self._transport is None else self._transport.get_extra_info("socket")
        return self._ended or bool(self._unread) or _is_readable(sock)

    async def _woken(self, waiter: asyncio.Future[bool], within_s: float | None) -> bool:
        """Whether something came before so many seconds were over."""
        timer = None if within_s is None else self._loop.call_later(within_s, _wake, waiter, False)
        try:
            return await waiter
        finally:
            if timer is not None:
                timer.cancel()


async def connect(host: str, port: int, trust: ssl.SSLContext | None, clock: Clock, within_s: float) -> Connection:
    """A connection to a port, with TLS where there is somebody to trust.

    Raises `ConnectTimedOutError`, and `ConnectError` with what lies behind it.
    """
    loop = asyncio.get_running_loop()
    attempts: dict[str, Any] = {}
    if isinstance(loop, asyncio.BaseEventLoop):  # uvloop knows nothing of it
        attempts["happy_eyeballs_delay"] = HAPPY_EYEBALLS_S
    try:
        async with asyncio.timeout(within_s):
            _, connection = await loop.create_connection(
                lambda: Connection(clock), host, port, ssl=trust, server_hostname=host if trust else None, **attempts
            )
    except TimeoutError as error:
        raise ConnectTimedOutError from error
    except OSError as error:  # ssl.SSLError is one
        raise ConnectError(str(error)) from error
    return connection


def _wake(waiter: asyncio.Future[bool] | None, value: bool = True) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(value)


def _is_readable(sock: Any) -> bool:
    """Whether an idle connection has something to read, which can only be its end."""
    descriptor = -1 if sock is None else sock.fileno()
    if descriptor < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
