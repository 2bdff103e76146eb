"""HTTP/1.1 to servers before which no proxy stands, over connections that are kept for the next request.

httpx2 would bring a second runtime of tasks and a command line of its own, a third of the start of a plain call, and
takes ten times the CPU of a request.

Source: https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from .compression import body_of, packing_of
from .errors import CannotSendError, ReadError, RemoteProtocolError
from .line import HttpLine
from .pool import Pool
from .response import Response
from .stopwatch import Clock, Stopwatch, connect_timeout_s

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?[]!$&'()*+,;=%@")
"""Characters that stand in a request as they stand in its URL."""

NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~")
"""Characters of a header's name."""

FRAMING = frozenset(("content-length", "transfer-encoding", "connection"))
"""Headers that say how a request is sent, which only its sender knows."""

USUAL_PORT = {"http": 80, "https": 443}


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
        self._trust, self.clock = trust, clock
        self.pool = Pool(clock)
        self._last: tuple[str, PlainUrl, Sequence[tuple[str, str]]] | None = None
        self._last_head = b""

    def open(
        self,
        method: str,
        plain: PlainUrl,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        idle_timeout_s: float,
        on_sent: Callable[[], None] | None,
        watch: Stopwatch,
    ) -> DirectExchange:
        """Send a request, and give its response.

        Raises `CannotSendError`, and what `errors.py` has for what goes wrong on the way.
        """
        given = (method, plain, headers)
        if given != self._last:  # which they are for all rows of a profile
            self._last_head, self._last = _head_of(method, plain, headers), given
        head = b"%b\r\n" % self._last_head
        if body or method != "GET":
            head = b"%bcontent-length: %d\r\n\r\n" % (self._last_head, len(body))
        return DirectExchange(self, plain, head, body, idle_timeout_s, on_sent, watch)

    async def connected(self, plain: PlainUrl, within_s: float, watch: Stopwatch) -> HttpLine:
        """A new connection."""
        trust = self._trust() if plain.is_secure else None
        watch.connecting = self.clock()
        return await self.pool.connect(plain[:3], trust, within_s)

    def close(self) -> None:
        self.pool.close()


class DirectExchange:
    """A request and its response: sent when it is entered, ended when it is left. A generator takes twice the CPU.

    Where a connection that was used before dies before it says anything, as those do that a server has just closed for
    being idle, the request is sent again at once, on a new one.
    """

    __slots__ = ("_body", "_chunks", "_client", "_head", "_idle_s", "_line", "_on_sent", "_plain", "_watch")

    def __init__(
        self,
        client: DirectClient,
        plain: PlainUrl,
        head: bytes,
        body: bytes,
        idle_s: float,
        on_sent: Callable[[], None] | None,
        watch: Stopwatch,
    ) -> None:
        self._client, self._plain, self._head, self._body = client, plain, head, body
        self._idle_s, self._on_sent, self._watch = idle_s, on_sent, watch
        self._line: HttpLine | None = None
        self._chunks: _Chunks | None = None

    async def __aenter__(self) -> Response:
        kept = self._client.pool.take(self._plain[:3])
        try:
            line = await self._answered(kept)
        except (ReadError, RemoteProtocolError):
            if kept is None or kept.has_heard:
                raise
            line = await self._answered(None)
        chunks = self._chunks = _Chunks(line, self._watch)
        if packing := packing_of(line.headers):
            return Response(line.status, line.headers, body_of(chunks, packing))
        return Response(line.status, line.headers, chunks, chunks.at_hand)

    async def _answered(self, line: HttpLine | None) -> HttpLine:
        """The connection on which the response has begun: `line`, or a new one."""
        client, watch = self._client, self._watch
        if line is None:
            line = await client.connected(self._plain, connect_timeout_s(self._idle_s), watch)
        try:
            watch.left = client.clock()
            if await line.send(self._head, self._body, self._idle_s) and self._on_sent is not None:
                self._on_sent()
            await line.answered()
        except BaseException:
            line.close()
            raise
        self._line = line
        return line

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None and self._chunks is not None:
            self._chunks.end()
            self._client.pool.put(self._plain[:3], self._line)


class _Chunks:
    """The bytes of a body as they come, until it is at its `end` or nobody reads it any more."""

    __slots__ = ("_line", "_watch")

    def __init__(self, line: HttpLine, watch: Stopwatch) -> None:
        self._line: HttpLine | None = line
        self._watch = watch

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    def at_hand(self) -> bytes | None:
        """The whole body, where nothing of it has to be waited for."""
        line = self._line
        if line is None or (whole := line.rest_at_hand()) is None:
            return None
        self._watch.note_arrival(line.arrived)
        return whole

    async def __anext__(self) -> bytes:
        line = self._line
        if line is None or not (chunk := await line.read()):
            raise StopAsyncIteration
        self._watch.note_arrival(line.arrived)
        return chunk

    def end(self) -> None:
        self._line = None


def _head_of(method: str, plain: PlainUrl, headers: Sequence[tuple[str, str]]) -> bytes:
    """All of a request but its body and the length of that. Raises `CannotSendError` for what cannot be sent."""
    lines = [f"{method} {plain.target} HTTP/1.1"]
    given = {name.lower() for name, _ in headers}
    if framing := sorted(FRAMING & given):
        raise CannotSendError(f"the header {framing[0]!r} cannot be set: it says how a request is sent")
    usual = {"host": plain.authority, "accept": "*/*"}
    for name, value in (*(one for one in usual.items() if one[0] not in given), *headers):
        if not name or not NAME.issuperset(name) or not (value.isascii() and value.replace("\t", "").isprintable()):
            raise CannotSendError(f"the header {name!r} holds what a header cannot")
        lines.append(f"{name}: {value}")
    return "\r\n".join((*lines, "")).encode("ascii")
