"""One request in; status, headers and bytes out. No other way leads to a network."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypedDict

from ...providers.dialect import failure
from ...providers.errors import Failure
from ...providers.schema import HttpRequest
from ...providers.version import VERSION
from ..targets.target import is_loopback
from .connections.direct import DirectClient, PlainUrl, plain_url
from .connections.errors import (
    PROXY_HINT,
    CannotSendError,
    ConnectError,
    ConnectTimedOutError,
    DecodingError,
    LocalProtocolError,
    ProxyError,
    ReadError,
    ReadTimedOutError,
    RemoteProtocolError,
    SlowBodyError,
    TimedOutError,
    TransportError,
    UnreadableCodingError,
    WriteError,
    WriteTimedOutError,
    words_of,
)
from .connections.response import Response
from .connections.sockets import proxies_are_set
from .connections.stopwatch import Clock, Stopwatch, connect_timeout_s
from .connections.trust import absent_roots, trust_store
from .lessons.memory import Lessons

if TYPE_CHECKING:
    import ssl

    from .connections.proxied import ProxiedClient

USER_AGENT = f"thinkdial/{VERSION}"

MOST_ROUTES = 512
"""URLs that are remembered as they were parsed."""

Sender = Callable[[], None]

TRUST_HINTS = {
    "mismatch": "is the base_url right? The certificate is for another name",
    "expired": "whoever runs the server has to renew it; or is the clock of this machine wrong?",
    "not yet valid": "is the clock of this machine right?",
}
"""By what OpenSSL says, as far as it is about the certificate itself.

Source: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
"""

ROOT_HINT = "where a proxy or a company signs with a root of its own, name its PEM file in SSL_CERT_FILE"


class _Trip(TypedDict):
    """What a client is told of an exchange besides the request."""

    idle_timeout_s: float
    on_sent: Sender | None
    watch: Stopwatch


class Transport:
    """One HTTP client for all calls. A TLS context is made only when the first https URL needs it, and shared.

    `lessons` are what the endpoints that it spoke to have taught.
    Redirects are never followed: a prompt and a key go where the configuration says and nowhere else. Requests to this
    machine do not go through a proxy.
    """

    def __init__(self, *, user_agent: str = USER_AGENT, clock: Clock = time.monotonic) -> None:
        self._user_agent = user_agent
        self._clock = clock
        self._direct = DirectClient(self._trust_store, clock)
        self._proxied: dict[tuple[bool, bool], ProxiedClient] = {}
        self._tls: ssl.SSLContext | None = None
        self._routes: dict[str, PlainUrl | None] = {}
        self._last_given: tuple[object, object] | None = None
        self._last_headers: list[tuple[str, str]] = []
        self.lessons = Lessons()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._direct.close()
        for client in self._proxied.values():
            await client.aclose()
        self._proxied.clear()

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
        Raises what `connections/errors.py` has, now or when it is entered or read; `read_transport_error` turns that
        into a `Failure`.
        """
        headers = self._headers(request, auth)
        trip: _Trip = {"idle_timeout_s": idle_timeout_s, "on_sent": on_sent, "watch": watch or Stopwatch()}
        plain = self._routes[request.url] if request.url in self._routes else self._route(request.url)
        if plain is not None:
            return self._direct.open(request.method, plain, headers, request.body, **trip)
        return self._proxied_client(request.url).open(request.method, request.url, headers, request.body, **trip)

    def _route(self, url: str) -> PlainUrl | None:
        """Where a request goes that needs neither a proxy nor another form of its URL; else None."""
        try:
            plain = plain_url(url)
        except ValueError as error:
            raise CannotSendError(words_of(error)) from None
        if len(self._routes) >= MOST_ROUTES:
            self._routes.clear()
        found = self._routes[url] = plain if is_loopback(url) or not proxies_are_set() else None
        return found

    def _proxied_client(self, url: str) -> ProxiedClient:
        from .connections.proxied import ProxiedClient

        secure, local = url.startswith("https://"), is_loopback(url)
        if (secure, local) not in self._proxied:
            trust = self._trust_store() if secure else None
            self._proxied[secure, local] = ProxiedClient(trust, self._clock, uses_proxies=not local)
        return self._proxied[secure, local]

    def _headers(self, request: HttpRequest, auth: Mapping[str, str] | None) -> list[tuple[str, str]]:
        """The headers of `request` and those that are added, unless it has them already."""
        if (request.headers, auth) != self._last_given:  # which they are for all rows of a profile
            given = {name.lower() for name, _ in request.headers}
            added = {**(auth or {}), "user-agent": self._user_agent, "accept-encoding": "identity"}
            others = ((name, value) for name, value in added.items() if name.lower() not in given)
            self._last_headers, self._last_given = [*request.headers, *others], (request.headers, auth)
        return self._last_headers

    def _trust_store(self) -> ssl.SSLContext:
        """Made for the first https URL: loading it costs tens of milliseconds."""
        if self._tls is None:
            try:
                self._tls = trust_store()
            except (ValueError, ImportError, OSError) as error:
                raise CannotSendError(words_of(error)) from None
        return self._tls


def _trust_hint(words: str) -> str:
    """What to do about a certificate of which `words` complain."""
    said = (hint for mark, hint in TRUST_HINTS.items() if mark in words)
    return next(said, None) or "; ".join((*absent_roots(), ROOT_HINT))


def read_transport_error(error: Exception, url: str, idle_timeout_s: float) -> Failure:
    """What a failed exchange means. Raises `error` again when the transport did not raise it."""
    host = url.split("/")[2]
    match error:
        case ConnectTimedOutError():
            words = f"no connection to {host} within {connect_timeout_s(idle_timeout_s):g} s"
            return failure("timeout", words, hint="is the base_url right?")
        case WriteTimedOutError():
            words = f"{host} does not read on: nothing more of the request has left for {idle_timeout_s:g} s"
            return failure("timeout", words, hint="is the server up, and does it take so long a request?")
        case SlowBodyError():
            return failure("timeout", f"{host} is too slow: {error}")
        case TimedOutError():
            came = error.came if isinstance(error, ReadTimedOutError) else "nothing"
            return failure(
                "timeout",
                f"{host} sent {came} for {idle_timeout_s:g} s",
                hint="thinking can be silent for minutes: raise --timeout, or lower --think",
            )
        case ConnectError() if "CERTIFICATE_VERIFY_FAILED" in words_of(error):
            words = f"cannot connect to {host}, whose certificate is not trusted: {words_of(error)}"
            return Failure("connection", words, hint=_trust_hint(words))
        case ConnectError():
            words = f"cannot connect to {host}: {words_of(error)}"
            return failure("connection", words, hint="is the base_url right, and is the server up?")
        case CannotSendError():
            words = f"nothing can be sent to {host}: {error}"
            hint = "check base_url, headers, and the proxy and certificate variables of the environment"
            return failure("config", words, hint=hint)
        case ProxyError():
            return failure("connection", f"the proxy on the way to {host} failed: {error}", hint=PROXY_HINT)
        case RemoteProtocolError() | ReadError() | WriteError():
            return failure("connection", f"the connection to {host} broke: {words_of(error)}")
        case UnreadableCodingError():
            hint = "install what reads it, or have the server or the proxy on the way send it uncompressed"
            return failure("protocol", f"the answer of {host} cannot be read: {error}", hint=hint)
        case DecodingError():
            return failure("protocol", f"{host} sent a body that cannot be decompressed: {words_of(error)}")
        case LocalProtocolError():
            return failure("config", f"the request to {host} cannot be made: {words_of(error)}")
        case TransportError():
            return failure("connection", f"the exchange with {host} failed: {words_of(error)}")
        case _:
            raise error
