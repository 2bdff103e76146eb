"""One connection to a server, and HTTP/1.1 over it, one exchange after the other. The responses are parsed by llhttp.

Source: https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from contextlib import suppress
from typing import Any, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from .errors import (
    OnlyHeadersError,
    ReadError,
    ReadTimedOutError,
    RemoteProtocolError,
    TransportError,
    WriteTimedOutError,
    words_of,
)
from .response import add_header
from .sockets import is_readable, keep_alive
from .stopwatch import ArrivalClock, Clock

MOST_HEAD_BYTES = 256 * 1024
"""Of status and headers together, interim responses included, and of what may come between two pieces of a body or
behind the last: extensions of chunks, and trailers.
"""

MOST_UNREAD_BYTES = 1024 * 1024
MOST_AT_ONCE = 64 * 1024
"""Bytes that the system takes without waiting: a request of no more is sent as one piece."""

MOST_WRITTEN_BYTES = 256 * 1024
"""Given to the event loop at once: it copies what the system does not take."""

REFUSALS = 300
"""Statuses from here on answer what is not wanted. A stream may begin before all of its question is there.

Source: https://www.rfc-editor.org/rfc/rfc9112#section-9.5
"""

_LENIENT = {
    "lenient_headers": True,
    "lenient_optional_cr_before_lf": True,
    "lenient_spaces_after_chunk_size": True,
}
"""What many servers get wrong, and every client takes. Two lengths, or a length beside chunks, stay errors."""


class HttpLine(asyncio.Protocol):
    """One connection. `send`, `answered` and `read` are one exchange, by one task; then it may be used again.

    `status` and `headers`, with lower-case names, are those of the response once it is `answered`; headers that came
    twice are joined. `arrived` is when the piece that was read last came. `has_heard`: of this response bytes came.
    """

    __slots__ = (
        "_alarm", "_alarm_at", "_arrival", "_clock", "_deadline", "_ended", "_error", "_has_head", "_head_bytes",
        "_idle_s", "_is_full", "_is_interim", "_is_paused", "_is_spoilt", "_is_whole", "_keeps", "_loop", "_parser",
        "_pieces", "_seen_bytes", "_segment", "_transport", "_unread_bytes", "_waiter", "_writer", "arrived",
        "has_heard", "headers", "status", "used",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self._loop, self._clock = loop, clock
        self._arrival: Clock = clock
        self._transport: asyncio.Transport | None = None
        self._parser = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(**_LENIENT)
        self._waiter: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = self._deadline = self._idle_s = 0.0
        self._ended = self._is_full = self._is_paused = self._is_spoilt = self.used = False
        self._error: TransportError | None = None
        self._pieces: deque[tuple[bytes, float]] = deque()
        self._segment: list[bytes] = []
        self._begin(0.0)

    def _begin(self, idle_s: float) -> None:
        self.status, self.headers = 0, dict[str, str]()
        self.arrived: float | None = None
        self.has_heard = self._has_head = self._is_interim = self._is_whole = self._keeps = False
        self._head_bytes = self._seen_bytes = self._unread_bytes = 0
        self._idle_s = idle_s
        self._pieces.clear()

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no instance of it
        self._transport.set_write_buffer_limits(1, 0)  # written is what the system has; of 0 TLS is always full
        sock = transport.get_extra_info("socket")
        if sock is not None:
            keep_alive(sock)
            self._arrival = ArrivalClock(self._clock, sock)

    def data_received(self, data: bytes) -> None:
        if self._is_whole:  # nobody has asked for it, nor for what may still follow
            self._is_spoilt = True
            if self._transport is not None:
                self._transport.abort()
            return
        arrived = self._arrival()
        self.has_heard = True
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._fail("the server speaks another protocol than HTTP/1.1")
        except HttpParserError as error:
            self._fail(f"the answer is no HTTP: {words_of(error)}")
        if self._segment:
            self._take(arrived)
            self._head_bytes = 0
        else:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._fail(f"more than {MOST_HEAD_BYTES // 1024} KiB came that are headers and no answer")
        self._wake()

    def _take(self, arrived: float) -> None:
        segment = self._segment
        piece = segment[0] if len(segment) == 1 else b"".join(segment)
        segment.clear()
        self._pieces.append((piece, arrived))
        self._unread_bytes += len(piece)
        if self._unread_bytes > MOST_UNREAD_BYTES and not self._is_paused and self._transport is not None:
            self._transport.pause_reading()
            self._is_paused = True

    def eof_received(self) -> bool:
        self._end(None)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and not self._is_whole and not self._ended:
            self._hear_last()
        self._end(exc)
        self._is_full = False
        if self._alarm is not None:
            self._alarm.cancel()
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    def _hear_last(self) -> None:
        """Read what came before the connection broke: a server that wants no more says why, and hangs up."""
        taken = self._transport
        if taken is None or taken.get_extra_info("ssl_object") is not None:
            return
        descriptor = taken.get_extra_info("socket").fileno()
        with suppress(OSError, RuntimeError):  # of uvloop, for a transport that is closed
            while not self._is_whole and self._error is None and (data := os.read(descriptor, MOST_AT_ONCE)):
                self.data_received(data)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    # What the parser tells.

    def on_message_begin(self) -> None:
        if self._is_whole:  # another answer has begun, be it with a single letter
            self._is_spoilt = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:  # a trailer, or an answer to nothing
            self._is_spoilt = self._is_spoilt or self._is_whole
            return
        add_header(self.headers, name, value)

    def on_headers_complete(self) -> None:
        if self._is_whole:
            self._is_spoilt = True
            return
        self.status = self._parser.get_status_code()
        self._is_interim = self.status < 200
        if self.status == 101:
            self._fail("the server speaks another protocol than HTTP/1.1")
        elif self.status < 100:
            self._fail(f"the answer is no HTTP: its status is {self.status}")
        elif self._is_interim:
            self.headers = {}
        else:
            self._has_head = True

    def on_body(self, body: bytes) -> None:
        if self._is_whole:
            self._is_spoilt = True
        else:
            self._segment.append(body)

    def on_message_complete(self) -> None:
        if self._is_interim:
            self._is_interim = False
            return
        self._is_whole = True
        self._keeps = self._parser.should_keep_alive()

    # What an exchange is made of.

    @property
    def is_open(self) -> bool:
        """Whether another request may be sent over it: the exchange before has come to its end, and it still lives."""
        is_held_up = self._is_full or self._is_paused
        return self._is_whole and self._keeps and not (self._ended or self._is_spoilt or is_held_up)

    def has_unread(self) -> bool:
        """Whether an answer to nothing, or an end, waits to be read, of which the event loop has not told yet.

        What is sent now would take it for its own.
        """
        sock = None if self._transport is None else self._transport.get_extra_info("socket")
        return sock is not None and is_readable(sock.fileno())

    async def send(self, head: bytes, body: bytes, idle_s: float) -> bool:
        """Send a request. Whether all of it is gone, or in the hands of the system; not where an answer came before.

        Raises `WriteTimedOutError` where it does not leave in time, and what tells of an end.
        """
        self._begin(idle_s)
        transport = self._transport
        if transport is None or transport.is_closing() or self._error is not None:
            raise self._error or ReadError("the connection is closed")
        self.used, whole = True, len(head) + len(body) <= MOST_AT_ONCE
        transport.write(head + body if whole else head)
        if whole:
            return True
        view = memoryview(body)
        for at in range(0, len(body), MOST_WRITTEN_BYTES):
            # A refusal that does not wait for all of it, or an end of which the event loop tells later.
            if self._ended or self.status >= REFUSALS or transport.is_closing():
                self._is_spoilt = True
                return False
            transport.write(view[at : at + MOST_WRITTEN_BYTES])
            if self._is_full:
                await self._drained(idle_s)
            else:
                await asyncio.sleep(0)  # what comes is read before an end makes it unreadable
        return not self._ended

    async def _drained(self, within_s: float) -> None:
        self._writer = self._loop.create_future()
        try:
            async with asyncio.timeout(within_s):
                await self._writer
        except TimeoutError:
            raise WriteTimedOutError("the request does not leave") from None
        finally:
            self._writer = None

    async def answered(self) -> None:
        """Wait for status and headers. Raises what `errors.py` has for silence and for an end."""
        if not self._has_head:
            self._expect()
        while not self._has_head:
            if self._error is not None:
                raise self._error
            await self._news()

    async def read(self) -> bytes:
        """The next piece of the body; nothing at its end. Raises as `answered` does."""
        if not self._pieces:
            self._expect()
        while not self._pieces:
            if self._is_whole:
                return b""
            if self._error is not None:
                raise self._error
            await self._news()
        piece, self.arrived = self._pieces.popleft()
        self._unread_bytes -= len(piece)
        if self._is_paused and self._unread_bytes < MOST_UNREAD_BYTES // 2 and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return piece

    def rest_at_hand(self) -> bytes | None:
        """All that is still to be read of the body, where that is one piece which has come; else None."""
        if not self._is_whole or self._is_paused or len(self._pieces) != 1:
            return None
        piece, self.arrived = self._pieces.popleft()
        self._unread_bytes = 0
        return piece

    def close(self) -> None:
        """Break it off: nothing more is expected, and a peer that does not read would hold an orderly end up."""
        self._ended = True
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._transport is not None:
            self._transport.abort()

    # Waiting.

    def _expect(self) -> None:
        """What is waited for now, a head or a piece of a body, has its time; single letters of headers add none."""
        self._deadline, self._seen_bytes = self._loop.time() + self._idle_s, self._head_bytes

    async def _news(self) -> None:
        waiter = self._waiter = self._loop.create_future()
        # One timer serves all waits: it looks whether it is meant when it rings, which is cheaper than one for each.
        if self._alarm is None or self._alarm_at > self._deadline:
            self._set_alarm()
        try:
            await waiter
        finally:
            self._waiter = None

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = self._deadline
        self._alarm = self._loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() < self._deadline:
            self._set_alarm()
        else:
            kind = ReadTimedOutError if self._head_bytes == self._seen_bytes else OnlyHeadersError
            self._waiter.set_exception(kind(f"{kind.came} came for {self._idle_s:g} s"))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, words: str) -> None:
        """What comes cannot be read. After the end of a response that is no matter of it."""
        self._is_spoilt = True
        if not self._is_whole and self._error is None:
            self._error = RemoteProtocolError(words)
            if self._transport is not None:
                self._transport.abort()

    def _end(self, error: Exception | None) -> None:
        self._ended = True
        if not self._is_whole and self._error is None:
            if self._has_head and error is None and _lasts_to_the_end(self.headers) and not self._is_torn():
                self._is_whole = True
            else:
                what = "before the answer was whole" if self.has_heard else "without an answer"
                closed = RemoteProtocolError(f"the server closed the connection {what}")
                self._error = closed if error is None else ReadError(words_of(error))
                self._error.__cause__ = error
        self._wake()

    def _is_torn(self) -> bool:
        """Whether TLS ended without the alert that closes it: then anybody on the way may have cut what came.

        Source: https://www.rfc-editor.org/rfc/rfc9112#section-9.8
        """
        spoken = None if self._transport is None else self._transport.get_extra_info("ssl_object")
        if spoken is None:
            return False
        try:
            return spoken.read(1) != b""
        except OSError:  # ssl.SSLError: it would wait for more
            return True


def _lasts_to_the_end(headers: dict[str, Any]) -> bool:
    """Whether nothing but the end of the connection ends the body."""
    return "content-length" not in headers and "chunked" not in headers.get("transfer-encoding", "").lower()
