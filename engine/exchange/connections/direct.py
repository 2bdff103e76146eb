"""HTTP/1.1 to servers before which no proxy stands: h11 speaks it, over connections that are kept for the next request.

httpx2 would bring a second runtime of tasks and a command line of its own, a third of the start of a plain call.

Source: https://www.rfc-editor.org/rfc/rfc9112, https://h11.readthedocs.io/en/latest/api.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import h11

from .compression import body_of
from .connection import Connection, connect
from .errors import CannotSendError, LocalProtocolError, ReadError, RemoteProtocolError, WriteError, words_of
from .response import Response, known_headers
from .stopwatch import Clock, Stopwatch, connect_timeout_s

if TYPE_CHECKING:
    import ssl

READ_BYTES = 64 * 1024
LONGEST_HEAD_BYTES = 100 * 1024
SMALL_BODY_BYTES = 64 * 1024
"""A body that leaves together with its head."""

MOST_IDLE = 64
LONGEST_IDLE_S = 5.0
"""How many connections are kept, and for how long: servers drop what is idle, some after a few seconds."""

MOST_STALE = 5
"""How often a request is sent again because a connection that was used before had died: each is met only once."""

PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?[]!$&'()*+,;=%@")
"""Characters that stand in a request as they stand in its URL."""

USUAL_PORT = {"http": 80, "https": 443}
WITH_BODY = ("POST", "PUT", "PATCH")


class PlainUrl(NamedTuple):
    """Where a request goes, and what it asks for there."""

    host: str
    port: int
    is_secure: bool
    authority: str
    target: str


def plain_url(url: str) -> PlainUrl | None:
    """Where `url` leads; None for one that has to be brought into form first. Raises `ValueError` for none at all."""
    parts = urlsplit(url)
    port, usual = parts.port, USUAL_PORT.get(parts.scheme)
    host, path = parts.hostname, parts.path or "/"
    if not host or usual is None or not PLAIN.issuperset(url) or "/." in path:
        return None
    if "@" in parts.netloc or "%" in parts.netloc:
        return None
    name = f"[{host}]" if ":" in host else host
    authority = name if port in (None, usual) else f"{name}:{port}"
    target = f"{path}?{parts.query}" if parts.query else path
    return PlainUrl(host, usual if port is None else port, parts.scheme == "https", authority, target)


class DirectClient:
    """Connections to any number of servers. `trust` is asked for when the first of them wants TLS."""

    def __init__(self, trust: Callable[[], ssl.SSLContext], clock: Clock) -> None:
        self._trust = trust
        self._clock = clock
        self._idle: dict[tuple[str, int, bool], list[_Line]] = {}

    @asynccontextmanager
    async def open(
        self,
        method: str,
        plain: PlainUrl,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        idle_timeout_s: float,
        on_sent: Callable[[], None] | None,
        watch: Stopwatch,
    ) -> AsyncGenerator[Response]:
        """Send a request, and give its response.

        Raises `CannotSendError`, and what `errors.py` has for what goes wrong on the way.
        """
        request = _request(method, plain, headers, body)
        for attempt in range(MOST_STALE + 1):
            line = self._take_idle(plain) if attempt < MOST_STALE else None
            is_fresh = line is None
            if line is None:
                line = await self._connected(plain, idle_timeout_s, watch)
            try:
                watch.left = self._clock()
                if await line.send(request, body, idle_timeout_s) and on_sent is not None:
                    on_sent()
                head = await line.head(idle_timeout_s)
                break
            except (RemoteProtocolError, ReadError):
                line.close()
                if is_fresh:
                    raise
            except BaseException:
                line.close()
                raise
        else:
            raise AssertionError("the last attempt has a connection of its own")
        chunks = _Chunks(line, idle_timeout_s, watch)
        try:
            known = known_headers(head.headers.raw_items())
            yield Response(head.status_code, known, body_of(chunks, known.get("content-encoding")))
        finally:
            chunks.end()
            self._put_back(plain, line)

    def close(self) -> None:
        for lines in self._idle.values():
            for line in lines:
                line.close()
        self._idle.clear()

    async def _connected(self, plain: PlainUrl, idle_timeout_s: float, watch: Stopwatch) -> _Line:
        trust = self._trust() if plain.is_secure else None
        watch.connecting = self._clock()
        within_s = connect_timeout_s(idle_timeout_s)
        try:
            return _Line(await connect(plain.host, plain.port, trust, self._clock, within_s))
        except ValueError as error:  # a name that is none
            raise CannotSendError(words_of(error)) from None

    def _take_idle(self, plain: PlainUrl) -> _Line | None:
        lines = self._idle.get(plain[:3], [])
        oldest = asyncio.get_running_loop().time() - LONGEST_IDLE_S
        while lines:
            line = lines.pop()
            if line.idle_since >= oldest and not line.is_spent:
                return line
            line.close()
        return None

    def _put_back(self, plain: PlainUrl, line: _Line) -> None:
        if not line.begin_again() or sum(map(len, self._idle.values())) >= MOST_IDLE:
            line.close()
            return
        line.idle_since = asyncio.get_running_loop().time()
        self._idle.setdefault(plain[:3], []).append(line)


class _Line:
    """A connection, and how far the exchange on it has come."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._http = h11.Connection(h11.CLIENT, LONGEST_HEAD_BYTES)
        self.idle_since = 0.0

    @property
    def arrived(self) -> float | None:
        return self._connection.arrived

    @property
    def is_spent(self) -> bool:
        return self._connection.is_spent

    async def send(self, request: h11.Request, body: bytes, within_s: float) -> bool:
        """Whether all of it left: a server may answer what it does not take to its end."""
        head = self._http.send(request) or b""
        rest = (self._http.send(h11.Data(data=body)) or b"") if body else b""
        self._http.send(h11.EndOfMessage())
        try:
            if len(rest) <= SMALL_BODY_BYTES:
                await self._connection.write(head + rest, within_s)
            else:
                await self._connection.write(head, within_s)
                await self._connection.write(rest, within_s)
        except WriteError:
            return False
        return True

    async def head(self, within_s: float) -> h11.Response:
        while True:
            event = await self._event(within_s)
            if isinstance(event, h11.Response):
                return event

    async def piece(self, within_s: float) -> bytes | None:
        """Some of the body; None at its end."""
        event = await self._event(within_s)
        return bytes(event.data) if isinstance(event, h11.Data) else None

    async def _event(self, within_s: float) -> object:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise RemoteProtocolError(str(error)) from error
            if event is not h11.NEED_DATA:
                return event
            data = await self._connection.read(READ_BYTES, within_s)
            if not data and self._http.their_state is h11.SEND_RESPONSE:
                raise RemoteProtocolError("Server disconnected without sending a response.")
            self._http.receive_data(data)

    def begin_again(self) -> bool:
        """Whether another request may go over it: both sides have said all that they had to say."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    def close(self) -> None:
        self._connection.close()


class _Chunks:
    """The bytes of a body as they come, until it is at its `end` or nobody reads it any more."""

    __slots__ = ("_line", "_watch", "_within_s")

    def __init__(self, line: _Line, within_s: float, watch: Stopwatch) -> None:
        self._line: _Line | None = line
        self._within_s, self._watch = within_s, watch

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._line is None or (chunk := await self._line.piece(self._within_s)) is None:
            self._line = None
            raise StopAsyncIteration
        self._watch.arrived = self._line.arrived
        return chunk

    def end(self) -> None:
        self._line = None


def _request(method: str, plain: PlainUrl, headers: Sequence[tuple[str, str]], body: bytes) -> h11.Request:
    """The head of a request. Raises `CannotSendError` and `LocalProtocolError` for headers that cannot be sent."""
    given = {name.lower() for name, _ in headers}
    usual = {"Host": plain.authority, "Accept": "*/*", "Connection": "keep-alive"}
    if (body or method in WITH_BODY) and "transfer-encoding" not in given:
        usual["Content-Length"] = str(len(body))
    added = [(name, value) for name, value in usual.items() if name.lower() not in given]
    try:
        encoded = [(name.encode("ascii"), value.encode("ascii")) for name, value in (*added, *headers)]
        return h11.Request(method=method, target=plain.target, headers=encoded)
    except ValueError as error:
        raise CannotSendError(words_of(error)) from None
    except h11.LocalProtocolError as error:
        raise LocalProtocolError(str(error)) from error
