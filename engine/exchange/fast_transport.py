"""The transport of a batch: the same exchange over aiohttp, at a fifth of the CPU of

aiohttp imports slowly, so this module is imported for batches only. What goes wrong is raised as the plain
transport raises it: the meaning of an error does not depend on who carries it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError
from aiohttp.payload import Payload
from multidict import CIMultiDict
from yarl import URL

from ...providers.schema import HttpRequest
from ..targets.target import is_loopback
from .connections.compression import PACKAGES, unreadable, unreadable_coding, unreadable_error
from .connections.errors import (
    CannotSendError,
    ConnectError,
    ConnectTimedOutError,
    DecodingError,
    LocalProtocolError,
    ReadError,
    ReadTimedOutError,
    RemoteProtocolError,
    TransportError,
    WriteTimedOutError,
    words_of,
)
from .connections.response import Response, known_headers
from .connections.sockets import keep_alive, proxies_are_set
from .connections.stopwatch import ArrivalClock, Clock, Stopwatch, connect_timeout_s
from .transport import USER_AGENT, Sender, Transport

if TYPE_CHECKING:
    import ssl
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.connector import Connection

LONGEST_HEADER_BYTES = 64 * 1024
SMALL_BODY_BYTES = 64 * 1024
"""A body that fits into the system's buffers leaves without waiting."""

MOST_ROUTES = 512
"""URLs whose connections are looked up without parsing them again."""

MOST_WORDS = 300
"""Characters of an error's words: aiohttp quotes what it cannot read."""

NOT_OURS = ("Content-Type", "Accept-Encoding", "User-Agent")
"""Headers that aiohttp would add."""


class _Line(ResponseHandler):
    """A connection that knows when its last bytes came, when it began to be made, and whether it was used before."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        super().__init__(loop=loop)
        self.arrived: float | None = None
        self.connecting: float | None = None
        self.used = False
        self._arrival: Callable[[], float] = clock

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            keep_alive(sock)
            self._arrival = ArrivalClock(self._arrival, sock)

    def data_received(self, data: bytes) -> None:
        if data:
            self.arrived = self._arrival()
        super().data_received(data)


class _Connector(aiohttp.TCPConnector):
    """Makes connections that are kept alive, and that tell a request's body whether they were used before."""

    def __init__(self, trust: ssl.SSLContext | bool, clock: Clock, *, fresh: bool) -> None:
        super().__init__(limit=0, ssl=trust, force_close=fresh)  # pyright: ignore[reportUnknownMemberType]
        self._factory = partial(_Line, self._loop, clock)
        self._clock = clock

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: Any,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 as aiohttp has it
    ) -> Connection:
        began = self._clock()
        connection = await super().connect(req, traces, timeout)
        line, body = connection.protocol, req.body
        if isinstance(line, _Line) and isinstance(body, _Body):
            body.go_over(line, None if line.used else began)
            line.used = True
        return connection


class FastTransport(Transport):
    """A `Transport` for many requests to few hosts. Where a proxy is configured the plain one does the work."""

    def __init__(self, *, user_agent: str = USER_AGENT, clock: Clock = time.monotonic) -> None:
        super().__init__(user_agent=user_agent, clock=clock)
        self._sessions: dict[tuple[bool, bool], aiohttp.ClientSession] = {}
        self._routes: dict[str, tuple[aiohttp.ClientSession, URL] | None] = {}
        self._timeouts: dict[float, aiohttp.ClientTimeout] = {}
        self._last_given: tuple[object, object] | None = None
        self._last_headers: CIMultiDict[str] = CIMultiDict()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        self._routes.clear()
        await super().__aexit__(kind, error, trace)

    def open(
        self,
        request: HttpRequest,
        auth: Mapping[str, str] | None,
        *,
        idle_timeout_s: float,
        on_sent: Sender | None = None,
        watch: Stopwatch | None = None,
    ) -> AbstractAsyncContextManager[Response]:
        """Send `request` with the headers `auth` added, and give its response. `on_sent` is called when it left.

        Raises what `Transport.open` raises.
        """
        route = self._route(request.url)
        if route is None:
            return super().open(request, auth, idle_timeout_s=idle_timeout_s, on_sent=on_sent, watch=watch)
        headers = self._headers(request, auth)
        trip = _Trip(watch or Stopwatch(), self._clock, on_sent)
        return _Opened(self, route, request, headers, self._timeout(idle_timeout_s), trip)

    def fresh_session(self, url: URL) -> aiohttp.ClientSession:
        """A session that never uses a connection twice."""
        return self._session(url.scheme == "https", fresh=True)

    def _route(self, url: str) -> tuple[aiohttp.ClientSession, URL] | None:
        """The session for `url` and its parsed form; None where a proxy is on the way."""
        if url in self._routes:
            return self._routes[url]
        if len(self._routes) >= MOST_ROUTES:
            self._routes.clear()
        route = None
        if is_loopback(url) or not proxies_are_set():
            route = self._session(url.startswith("https://")), _parsed(url)
        self._routes[url] = route
        return route

    def _session(self, secure: bool, *, fresh: bool = False) -> aiohttp.ClientSession:
        if (secure, fresh) not in self._sessions:
            trust = self._trust_store() if secure else False
            self._sessions[secure, fresh] = aiohttp.ClientSession(
                connector=_Connector(trust, self._clock, fresh=fresh),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=NOT_OURS,
                max_line_size=LONGEST_HEADER_BYTES,
                max_field_size=LONGEST_HEADER_BYTES,
            )
        return self._sessions[secure, fresh]

    def _timeout(self, idle_s: float) -> aiohttp.ClientTimeout:
        if idle_s not in self._timeouts:
            self._timeouts[idle_s] = aiohttp.ClientTimeout(
                total=None, connect=connect_timeout_s(idle_s), sock_connect=None, sock_read=idle_s
            )
        return self._timeouts[idle_s]

    def _headers(self, request: HttpRequest, auth: Mapping[str, str] | None) -> CIMultiDict[str]:
        given = (request.headers, auth)
        if given == self._last_given:  # as for all rows of a profile
            return self._last_headers
        headers = CIMultiDict(self._all_headers(request, auth))
        for name, value in headers.items():
            if not (name.isascii() and value.isascii() and (value.isprintable() or _is_clean(value))):
                raise CannotSendError(f"the header {name!r} holds what a header cannot")
        self._last_given, self._last_headers = given, headers
        return headers


class _Opened:
    """An exchange: sent when it is entered, closed when it is left. A class, as a generator takes twice the CPU.

    Where a connection that was used before dies before it says anything, as those do that a server has just closed for
    being idle, the request is sent again at once, on a fresh one.
    """

    __slots__ = ("_answer", "_headers", "_request", "_route", "_timeout", "_transport", "_trip")

    def __init__(
        self,
        transport: FastTransport,
        route: tuple[aiohttp.ClientSession, URL],
        request: HttpRequest,
        headers: CIMultiDict[str],
        timeout: aiohttp.ClientTimeout,
        trip: _Trip,
    ) -> None:
        self._transport, self._route, self._request = transport, route, request
        self._headers, self._timeout = headers, timeout
        self._trip = trip
        self._answer: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> Response:
        session, url = self._route
        given, trip = self._request.body, self._trip
        body = _Body(given, self._timeout.sock_read, trip) if given else None
        try:
            try:
                answer = await self._send(session, url, body)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if body is None or not body.on_used:
                    raise
                answer = await self._send(self._transport.fresh_session(url), url, body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _translated(error) from error
        except ValueError as error:
            raise CannotSendError(words_of(error)) from None
        self._answer = answer
        if not given and trip.on_sent is not None:
            trip.on_sent()
        headers = known_headers(answer.headers.items())
        coding = unreadable_coding(headers.get("content-encoding"), several=False)
        return Response(answer.status, headers, unreadable(coding) if coding else _Chunks(answer.content, trip))

    async def _send(self, session: aiohttp.ClientSession, url: URL, body: _Body | None) -> aiohttp.ClientResponse:
        return await session.request(
            self._request.method, url, data=body, headers=self._headers, allow_redirects=False, timeout=self._timeout
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._answer is not None:
            self._answer.close()  # a connection whose response has been read to its end is kept


class _Chunks:
    """The bytes of a body as they come."""

    __slots__ = ("_content", "_trip")

    def __init__(self, content: aiohttp.StreamReader, trip: _Trip) -> None:
        self._content, self._trip = content, trip

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._content.readany()
        except (aiohttp.ClientError, HttpProcessingError, TimeoutError, OSError) as error:
            raise _translated(error) from error
        if not chunk:
            raise StopAsyncIteration
        if (line := self._trip.line) is not None:
            self._trip.watch.arrived = line.arrived
        return chunk


class _Trip:
    """What is noted on the way: when the request left, on which connection, and who hears that it did."""

    __slots__ = ("_clock", "line", "on_sent", "watch")

    def __init__(self, watch: Stopwatch, clock: Clock, on_sent: Sender | None) -> None:
        self.watch, self._clock, self.on_sent = watch, clock, on_sent
        self.line: _Line | None = None

    def leave(self) -> None:
        self.watch.left = self._clock()


class _Body(Payload):
    """The bytes of a request. When the last of them has gone, or is in the hands of the system, somebody hears.

    `on_used`: they go over a connection that has brought an answer before.
    """

    on_used = False

    def __init__(self, value: bytes, within_s: float | None, trip: _Trip) -> None:
        super().__init__(value)
        self._value: bytes = value
        self._size = len(value)
        self._within_s, self._trip = within_s, trip

    def go_over(self, line: _Line, connecting: float | None) -> None:
        """Take note of the connection, and of when it began to be made for this request."""
        self.on_used = line.used
        self._trip.line, self._trip.watch.connecting = line, connecting

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._value.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        self._trip.leave()
        if len(self._value) < SMALL_BODY_BYTES:
            await writer.write(self._value)
        else:
            async with asyncio.timeout(self._within_s):
                await writer.write(self._value)
        if self._trip.on_sent is not None:
            self._trip.on_sent()

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        await self.write(writer)


def _parsed(url: str) -> URL:
    """`url` as it is written. Raises `CannotSendError` for one that is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
        if not parts.hostname or not url.isprintable():
            raise ValueError("the URL names no host, or holds what is no character of a URL")
        return URL(url, encoded=url.isascii() and " " not in url)
    except ValueError as error:
        raise CannotSendError(words_of(error)) from None


def _plain_words(error: Exception) -> str:
    """What lies behind an error, on one line, without the request that aiohttp quotes."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            found = words_of(error.certificate_error)
        case aiohttp.ClientConnectorError():
            found = words_of(error.os_error)
        case aiohttp.ClientResponseError():
            found = error.message
        case _:
            found = words_of(error)
    return " ".join(found.split())[:MOST_WORDS]


def _is_clean(value: str) -> bool:
    return value.replace("\t", "").isprintable()


def _translated(error: Exception) -> TransportError:
    """Our error that means the same."""
    words = _plain_words(error)
    match error:
        case aiohttp.ConnectionTimeoutError():
            return ConnectTimedOutError(words)
        case aiohttp.ServerTimeoutError():
            return ReadTimedOutError(words)
        case TimeoutError() if not isinstance(error, aiohttp.ClientError):
            return WriteTimedOutError(words)  # the only one that is ours, of a body that does not leave
        case aiohttp.ClientConnectorError() | aiohttp.ServerFingerprintMismatch():
            return ConnectError(words)
        case aiohttp.NonHttpUrlClientError():
            return LocalProtocolError(words)
        case aiohttp.InvalidURL():
            return LocalProtocolError(words)
        case aiohttp.ClientPayloadError() if isinstance(error.__cause__, ContentEncodingError):
            return DecodingError(words)
        case aiohttp.ClientResponseError() if words.startswith("Can not decode content-encoding"):
            return unreadable_error(next((name for name in PACKAGES if f"({name})" in words), "something else"))
        case aiohttp.ServerDisconnectedError():
            return RemoteProtocolError("the server closed the connection without an answer")
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError() | HttpProcessingError():
            return RemoteProtocolError(words)
        case _:
            return ReadError(words)
