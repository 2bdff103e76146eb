"""The only module that opens a socket: one request in, status, headers and bytes out."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx2
from msgspec import Struct

from ...providers.dialect import failure
from ...providers.errors import Failure
from ...providers.schema import HttpRequest
from ...providers.version import VERSION
from ..targets.target import is_loopback
from .connections.compression import UnreadableCodingError, unreadable, unreadable_coding
from .connections.sockets import add_named_roots, keep_alive
from .connections.stopwatch import Clock, Stopwatch
from .lessons.memory import Lessons

if TYPE_CHECKING:
    import ssl

USER_AGENT = f"thinkdial/{VERSION}"
CONNECT_TIMEOUT_S = 10.0

MOST_STALE = 5
"""How often a request is sent again because a connection that was used before had died: each is met only once."""

Sender = Callable[[], None]


ROOT_HINT = "where a proxy or a company signs with a root of its own, name its PEM file in SSL_CERT_FILE"


class CannotSendError(Exception):
    """Nothing can be sent: a proxy variable, a trust store or a header that cannot be used."""


class OnlyCommentsError(httpx2.ReadTimeout):
    """Bytes that keep a connection alive came, and no event among them."""


class Response(Struct, frozen=True):
    """An answer whose body is still to come. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


class Transport:
    """One HTTP client for all calls. A TLS context is made only when the first https URL needs it, and shared.

    `lessons` are what the endpoints that it spoke to have taught.
    Redirects are never followed: a prompt and a key go where the configuration says and nowhere else. Requests to this
    machine do not go through a proxy.
    """

    def __init__(self, *, user_agent: str = USER_AGENT, clock: Clock = time.monotonic) -> None:
        self._user_agent = user_agent
        self._clock = clock
        self._clients: dict[tuple[bool, bool], httpx2.AsyncClient] = {}
        self._tls: ssl.SSLContext | None = None
        self.lessons = Lessons()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

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

        `watch` gets the moments of the exchange by the transport's clock.
        A header that the request has already, because a profile sets it, is not added.
        Raises what httpx2 raises, and `CannotSendError`; `read_transport_error` turns that into a `Failure`.
        """
        return self._opened(request, auth, idle_timeout_s, on_sent, watch or Stopwatch())

    @asynccontextmanager
    async def _opened(
        self,
        request: HttpRequest,
        auth: Mapping[str, str] | None,
        idle_timeout_s: float,
        on_sent: Sender | None,
        watch: Stopwatch,
    ) -> AsyncGenerator[Response]:
        is_fresh = False

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            nonlocal is_fresh
            if _is_for_proxy(info):
                return
            if event.endswith("connect_tcp.started"):
                watch.connecting = self._clock()
            elif event.endswith("send_request_headers.started"):
                watch.left = self._clock()
            elif event.endswith("send_request_body.complete"):
                if on_sent is not None:
                    on_sent()
            elif event.endswith("connect_tcp.complete"):
                is_fresh = True
                sock = info["return_value"].get_extra_info("socket")
                if sock is not None:
                    keep_alive(sock)

        timeout = httpx2.Timeout(idle_timeout_s, connect=connect_timeout_s(idle_timeout_s), pool=None)
        client = self._client(request.url)
        try:
            _ = urlsplit(request.url).port  # a port out of range is found here, and nowhere below in good order
            built = client.build_request(
                request.method,
                request.url,
                content=request.body,
                headers=self._all_headers(request, auth),
                timeout=timeout,
                extensions={"trace": trace},
            )
        except (ValueError, httpx2.InvalidURL) as error:  # the latter is none of the former
            raise CannotSendError(words_of(error)) from None
        for _ in range(MOST_STALE):
            try:
                answer = await client.send(built, stream=True)
                break
            except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
                if is_fresh:
                    raise
        else:
            answer = await client.send(built, stream=True)
        try:
            known = {name.lower(): value for name, value in answer.headers.items()}
            coding = unreadable_coding(known.get("content-encoding"))
            yield Response(answer.status_code, known, unreadable(coding) if coding else self._stamped(answer, watch))
        finally:
            await answer.aclose()

    async def _stamped(self, answer: httpx2.Response, watch: Stopwatch) -> AsyncGenerator[bytes]:
        stream = answer.extensions.get("network_stream")
        async for chunk in answer.aiter_bytes():
            came = None if stream is None else stream.get_extra_info("arrived")
            watch.arrived = self._clock() if came is None else came
            yield chunk

    def _client(self, url: str) -> httpx2.AsyncClient:
        secure, local = url.startswith("https://"), is_loopback(url)
        if (secure, local) not in self._clients:
            # A client for http URLs alone needs no trust store, whose loading costs tens of milliseconds.
            try:
                context = self._trust_store() if secure else False
                limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64)
                direct = None
                if local or not getproxies():
                    from .connections.direct import DirectTransport

                    direct = DirectTransport(context, limits, self._clock)
                self._clients[secure, local] = httpx2.AsyncClient(
                    verify=context, trust_env=not local, follow_redirects=False, limits=limits, transport=direct
                )
            except (ValueError, ImportError, OSError, httpx2.InvalidURL) as error:
                raise CannotSendError(words_of(error)) from None
        return self._clients[secure, local]

    def _all_headers(self, request: HttpRequest, auth: Mapping[str, str] | None) -> list[tuple[str, str]]:
        """The headers of `request` and those that are added, unless it has them already."""
        given = {name.lower() for name, _ in request.headers}
        added = {**(auth or {}), "user-agent": self._user_agent, "accept-encoding": "identity"}
        return [*request.headers, *((name, value) for name, value in added.items() if name.lower() not in given)]

    def _trust_store(self) -> ssl.SSLContext:
        if self._tls is None:
            try:
                self._tls = httpx2.create_ssl_context()
                add_named_roots(self._tls)
            except (ValueError, ImportError, OSError) as error:
                raise CannotSendError(words_of(error)) from None
        return self._tls


def _is_for_proxy(about: Mapping[str, Any]) -> bool:
    """Whether an event is about the request for a tunnel, and not about ours."""
    return getattr(about.get("request"), "method", None) == b"CONNECT"


def connect_timeout_s(idle_timeout_s: float) -> float:
    """How long a connection may take to be made."""
    return min(CONNECT_TIMEOUT_S, idle_timeout_s)


def read_transport_error(error: Exception, url: str, idle_timeout_s: float) -> Failure:
    """What a failed exchange means. Raises `error` again when the transport did not raise it."""
    host = url.split("/")[2]
    match error:
        case httpx2.ConnectTimeout():
            words = f"no connection to {host} within {connect_timeout_s(idle_timeout_s):g} s"
            return failure("timeout", words, hint="is the base_url right?")
        case httpx2.TimeoutException():
            kept_alive = isinstance(error, OnlyCommentsError)
            return failure(
                "timeout",
                f"{host} sent {'only comments' if kept_alive else 'nothing'} for {idle_timeout_s:g} s",
                hint="thinking can be silent for minutes: raise --timeout, or lower --think",
            )
        case httpx2.ConnectError() if "CERTIFICATE_VERIFY_FAILED" in words_of(error):
            words = f"cannot connect to {host}, whose certificate is not trusted: {words_of(error)}"
            return Failure("connection", words, hint=ROOT_HINT)
        case httpx2.ConnectError():
            words = f"cannot connect to {host}: {words_of(error)}"
            return failure("connection", words, hint="is the base_url right, and is the server up?")
        case CannotSendError():
            words = f"nothing can be sent to {host}: {error}"
            hint = "check base_url, headers, and the proxy and certificate variables of the environment"
            return failure("config", words, hint=hint)
        case httpx2.ProxyError():
            return failure("connection", f"the proxy on the way to {host} failed: {error}")
        case httpx2.RemoteProtocolError() | httpx2.NetworkError():
            return failure("connection", f"the connection to {host} broke: {words_of(error)}")
        case UnreadableCodingError():
            hint = "install what reads it, or have the server or the proxy on the way send it uncompressed"
            return failure("protocol", f"the answer of {host} cannot be read: {error}", hint=hint)
        case httpx2.DecodingError():
            return failure("protocol", f"{host} sent a body that cannot be decompressed")
        case httpx2.InvalidURL() | httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError():
            return failure("config", f"the request to {host} cannot be made: {words_of(error)}")
        case httpx2.HTTPError():
            return failure("connection", f"the exchange with {host} failed: {words_of(error)}")
        case _:
            raise error


def words_of(error: Exception) -> str:
    """What `error` says, else what lies behind it says, else its name."""
    cause: BaseException | None = error
    for _ in range(5):
        if cause is None:
            break
        if words := str(cause).strip():
            return words
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
