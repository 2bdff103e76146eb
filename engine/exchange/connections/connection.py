"""The sockets below httpx2: they remember when each piece came, and write without leaving the turn."""

from __future__ import annotations

import asyncio
import select
import ssl
from collections import deque
from collections.abc import Iterable
from typing import Any, cast

import httpcore2

from .sockets import keep_alive
from .stopwatch import ArrivalClock, Clock

MOST_UNREAD_BYTES = 1024 * 1024
MOST_WRITTEN_BYTES = 256 * 1024
"""Given to the system at once: asyncio copies what it does not take."""

HAPPY_EYEBALLS_S = 0.25
"""Seconds that one address of a name may take before the next is tried beside it (RFC 8305)."""


class Connection(asyncio.Protocol, httpcore2.AsyncNetworkStream):
    """One connection, as asyncio feeds it and as httpcore2 reads it. `get_extra_info("arrived")` is when the piece
    that was read last came.
    """

    def __init__(self, clock: Clock) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock
        self._arrival: ArrivalClock | None = None
        self._transport: asyncio.Transport | None = None
        self._unread: deque[tuple[bytes, float]] = deque()
        self._unread_bytes = 0
        self._arrived: float | None = None
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

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if not self._unread and not self._ended:
            self._reader = self._loop.create_future()
            if not await self._woken(self._reader, timeout):
                raise httpcore2.ReadTimeout
        if not self._unread:
            if self._error is not None:
                raise httpcore2.ReadError(str(self._error)) from self._error
            return b""
        data, self._arrived = self._unread.popleft()
        if len(data) > max_bytes:
            self._unread.appendleft((data[max_bytes:], self._arrived))
            data = data[:max_bytes]
        self._unread_bytes -= len(data)
        if self._is_paused and self._unread_bytes < MOST_UNREAD_BYTES // 2 and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if len(buffer) <= MOST_WRITTEN_BYTES:
            await self._write(buffer, timeout)
            return
        whole = memoryview(buffer)
        for at in range(0, len(buffer), MOST_WRITTEN_BYTES):
            await self._write(whole[at : at + MOST_WRITTEN_BYTES], timeout)

    async def _write(self, buffer: bytes | memoryview, timeout: float | None) -> None:
        if self._transport is None or self._transport.is_closing():
            raise httpcore2.WriteError(str(self._error or "the connection is closed")) from self._error
        if buffer:
            self._transport.write(buffer)
        if self._is_full:
            self._writer = self._loop.create_future()
            if not await self._woken(self._writer, timeout):
                raise httpcore2.WriteTimeout
            if self._error is not None:
                raise httpcore2.WriteError(str(self._error)) from self._error

    async def aclose(self) -> None:
        if self._transport is not None:
            self._transport.abort()  # nothing more is expected, and a peer that does not read would hold a close up

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        if self._transport is None:
            raise httpcore2.ConnectError("there is no connection")
        try:
            async with asyncio.timeout(timeout):
                self._transport = await self._loop.start_tls(
                    self._transport, self, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as error:
            await self.aclose()
            raise httpcore2.ConnectTimeout from error
        except OSError as error:  # ssl.SSLError is one
            await self.aclose()
            raise httpcore2.ConnectError(str(error)) from error
        except BaseException:
            await self.aclose()
            raise
        if self._transport is not None:
            self._transport.set_write_buffer_limits(0)
        return self

    def get_extra_info(self, info: str) -> Any:
        match info:
            case "arrived":
                return self._arrived
            case "is_readable":
                return self._ended or bool(self._unread) or _is_readable(self._extra("socket"))
            case "ssl_object" | "socket":
                return self._extra(info)
            case "client_addr":
                return self._extra("sockname")
            case "server_addr":
                return self._extra("peername")
            case _:
                return None

    def _extra(self, name: str) -> Any:
        return None if self._transport is None else self._transport.get_extra_info(name)

    async def _woken(self, waiter: asyncio.Future[bool], within_s: float | None) -> bool:
        """Whether something came before so many seconds were over."""
        timer = None if within_s is None else self._loop.call_later(within_s, _wake, waiter, False)
        try:
            return await waiter
        finally:
            if timer is not None:
                timer.cancel()


class Network(httpcore2.AsyncNetworkBackend):
    """Makes connections on the running loop of asyncio."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        attempts: dict[str, Any] = {}
        if isinstance(loop, asyncio.BaseEventLoop):  # uvloop knows nothing of it
            attempts["happy_eyeballs_delay"] = HAPPY_EYEBALLS_S
        local = None if local_address is None else (local_address, 0)
        try:
            async with asyncio.timeout(timeout):
                _, connection = await loop.create_connection(
                    lambda: Connection(self._clock), host, port, local_addr=local, **attempts
                )
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout from error
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        sock = connection.get_extra_info("socket")
        for option in socket_options or ():
            sock.setsockopt(*option)
        return connection

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


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
