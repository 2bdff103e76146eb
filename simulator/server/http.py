"""HTTP/1.1 over one asyncio connection: requests in, paced replies out. `h11` does the parsing.

Source: https://www.rfc-editor.org/rfc/rfc9112, https://h11.readthedocs.io/en/latest/api.html
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

from ..calls.reply import Ending, HttpReply, Piece
from ..calls.request import Request

MAX_BODY_BYTES = 64 * 1024 * 1024
#: Batches and their files may be as large as the vendors allow, so that these are the ones who refuse.
MAX_UPLOAD_BYTES = 544 * 1024 * 1024
UPLOAD_TARGET = re.compile(rb"/(files|messages/batches|batch/jobs|requests)$|:batchGenerateContent$|/upload/")
MAX_HEAD_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
FILLER_BYTES = b"x" * READ_BYTES
LINGER_S = 2.0
SERVER = ("server", "thinkdial-simulator")


class MalformedError(Exception):
    """Bytes that are not HTTP, or a body over the limit; `status` is what to answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Channel:
    """One client connection, used for one request after another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)

    async def receive(self) -> Request | None:
        """The next request, or None when the client has closed. Raises `MalformedError`."""
        head: h11.Request | None = None
        body = bytearray()
        limit = MAX_BODY_BYTES
        while True:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError as error:
                raise MalformedError(error.error_status_hint, str(error)) from error
            if event is h11.NEED_DATA:
                if self._h11.they_are_waiting_for_100_continue:
                    await self._write(h11.InformationalResponse(status_code=100, headers=[]))
                self._h11.receive_data(await self._reader.read(READ_BYTES))
            elif isinstance(event, h11.Request):
                head = event
                limit = MAX_UPLOAD_BYTES if UPLOAD_TARGET.search(head.target.partition(b"?")[0]) else MAX_BODY_BYTES
                _refuse_long_body(head, limit)
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > limit:
                    raise MalformedError(413, "Request body too large")
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return _request(head, bytes(body))
            else:
                return None

    async def send(
        self,
        reply: HttpReply,
        *,
        method: str,
        wait: Callable[[float], Awaitable[None]],
        finishing: Callable[[], None] | None = None,
    ) -> bool:
        """Write a reply at its pace. True when it was written to its end and the connection can go on.

        `finishing` is called when all but the last bytes are written, so that a client which has them all finds them
        in the log.
        """
        if reply.pieces:
            await wait(reply.pieces[0].after_s)
        if reply.status:
            await self._write(h11.Response(status_code=reply.status, headers=[SERVER, *reply.headers, _framing(reply)]))
        pieces = reply.pieces if method != "HEAD" else ()
        for position, piece in enumerate(pieces, 1):
            if position > 1:
                await wait(piece.after_s)
            if self._reader.at_eof():
                return False
            if finishing is not None and position == len(pieces) and reply.ending is Ending.COMPLETE:
                finishing()
            for data in _slices(piece):
                await self._write(h11.Data(data=data))
        if reply.ending is Ending.HANG:
            await self._gone()
        if reply.ending is not Ending.COMPLETE:
            return False
        await self._write(h11.EndOfMessage())
        return True

    def next_cycle(self) -> bool:
        """Get ready for another request on this connection; False when it has to be closed."""
        if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
            return False
        self._h11.start_next_cycle()
        return True

    async def linger(self) -> None:
        """Read on for a moment, so that closing does not reset a client that is still sending its body."""
        try:
            async with asyncio.timeout(LINGER_S):
                await self._gone()
        except TimeoutError:
            return

    async def close(self) -> None:
        """Close the connection, whatever the client thinks of it."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return

    async def _gone(self) -> None:
        while await self._reader.read(READ_BYTES):
            pass

    async def _write(self, event: h11.Event) -> None:
        data = self._h11.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()


def _refuse_long_body(head: h11.Request, limit: int) -> None:
    for name, value in head.headers:
        if name == b"content-length" and int(value) > limit:
            raise MalformedError(413, "Request body too large")


def _request(head: h11.Request, body: bytes) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw_value in head.headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    target = urlsplit(head.target.decode("latin-1"))
    query = dict(parse_qsl(target.query, keep_blank_values=True))
    return Request(head.method.decode("ascii"), unquote(target.path), query, headers, body)


def _framing(reply: HttpReply) -> tuple[str, str]:
    if reply.streamed:
        return ("transfer-encoding", "chunked")
    return ("content-length", str(reply.announced_bytes or sum(piece.size for piece in reply.pieces)))


def _slices(piece: Piece) -> Iterator[bytes]:
    if not piece.filler_bytes:
        yield piece.payload
        return
    yield piece.payload[: piece.filler_at]
    for start in range(0, piece.filler_bytes, READ_BYTES):
        yield FILLER_BYTES[: piece.filler_bytes - start]
    yield piece.payload[piece.filler_at :]
