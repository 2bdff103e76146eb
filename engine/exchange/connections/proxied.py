"""Requests over httpx2: those that go through proxies, and those whose URL it has to bring into form.

It is imported for them alone.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx2

from .compression import body_of, packing_of
from .direct import USUAL_PORT
from .errors import CannotSendError, ConnectError, OnlyHeadersError, ProxyError, read_errors, words_of
from .response import Response, known_headers
from .sockets import keep_alive
from .stopwatch import Clock, Stopwatch, connect_timeout_s

MOST_IDLE = 64
SLACK_S = 0.5
"""So much later than httpx2 notices that nothing comes at all."""

MOST_STALE = 5
"""How often a request is sent again because a connection that was used before had died: each is met only once."""


class ProxiedClient:
    """A client of httpx2 for all https URLs, or for all others, with `trust` in the former's certificates.

    `uses_proxies`: as the environment says. Redirects are never followed.
    """

    def __init__(self, trust: ssl.SSLContext | None, clock: Clock, *, uses_proxies: bool) -> None:
        self._clock = clock
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=MOST_IDLE)
        try:
            self._client = httpx2.AsyncClient(
                verify=trust or False, trust_env=uses_proxies, follow_redirects=False, limits=limits
            )
        except (ValueError, ImportError, OSError, httpx2.InvalidURL) as error:
            raise CannotSendError(words_of(error)) from None

    @asynccontextmanager
    async def open(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        idle_timeout_s: float,
        on_sent: Callable[[], None] | None,
        watch: Stopwatch,
    ) -> AsyncGenerator[Response]:
        """Send a request, and give its response. Raises what `DirectClient.open` raises."""
        timeout = httpx2.Timeout(idle_timeout_s, connect=connect_timeout_s(idle_timeout_s), pool=None)
        with read_errors():
            leg = _Leg(url, self._clock, watch, on_sent, idle_timeout_s)
            try:
                request = self._client.build_request(
                    method, url, content=body, headers=list(headers), timeout=timeout, extensions={"trace": leg.note}
                )
            except ValueError as error:
                raise CannotSendError(words_of(error)) from None
            for _ in range(MOST_STALE):
                try:
                    answer = await self._sent(request, leg)
                    break
                except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
                    if leg.is_fresh:
                        raise
            else:
                answer = await self._sent(request, leg)
        try:
            known = known_headers(answer.headers.multi_items())
            yield Response(answer.status_code, known, body_of(self._stamped(answer, watch), packing_of(known)))
        finally:
            await answer.aclose()

    async def _sent(self, request: httpx2.Request, leg: _Leg) -> httpx2.Response:
        """The answer to `request`. Raises `ProxyError` for what goes wrong before a proxy is behind us."""
        leg.begin()
        try:
            async with leg.limit:
                return await self._client.send(request, stream=True)
        except ExceptionGroup as error:
            raise CannotSendError(f"no connection can be made to {leg.peer}: {words_of(_first(error))}") from None
        except (httpx2.TimeoutException, TimeoutError) as error:
            if leg.is_at_proxy:
                raise ProxyError(f"{leg.peer} does not answer") from error
            if leg.limit.expired():
                raise OnlyHeadersError("the headers do not come to an end") from error
            raise
        except httpx2.ProxyError:
            raise
        except httpx2.TransportError as error:
            if leg.is_at_proxy:
                raise ProxyError(f"{leg.peer}: {words_of(error)}") from error
            if leg.is_tunnel and isinstance(error, httpx2.ConnectError):
                raise ConnectError(f"{words_of(error)}, through the proxy {leg.peer}") from error
            raise

    async def _stamped(self, answer: httpx2.Response, watch: Stopwatch) -> AsyncGenerator[bytes]:
        with read_errors():
            async for chunk in answer.aiter_raw():
                watch.arrived = self._clock()
                yield chunk

    async def aclose(self) -> None:
        await self._client.aclose()


class _Leg:
    """How far a request has come, by what httpx2 tells of it.

    `is_at_proxy`: a connection to a proxy is being made, or a tunnel asked for, so that nothing of the request has
    left. `is_tunnel`: that is or was asked for last. `peer` is what was connected to last. `limit` runs while a tunnel
    or the headers of the answer are awaited, of which httpx2 waits for each byte anew.
    """

    def __init__(
        self, url: str, clock: Clock, watch: Stopwatch, on_sent: Callable[[], None] | None, idle_s: float
    ) -> None:
        parts = httpx2.URL(url)
        self._target = parts.host, parts.port or USUAL_PORT.get(parts.scheme)
        self._clock, self._watch, self._on_sent, self._idle_s = clock, watch, on_sent, idle_s
        self.begin()

    def begin(self) -> None:
        """It is sent, perhaps once more."""
        self.limit = asyncio.timeout(None)
        self.peer = "the server"
        self.is_fresh = self.is_at_proxy = self.is_tunnel = False

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        match event.rpartition(".")[0].rpartition(".")[2], event.rpartition(".")[2]:
            case "connect_tcp", "started":
                self._watch.connecting = self._clock()
                host, port = info["host"], info["port"]
                self.peer = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
                self.is_at_proxy = (host, port) != self._target
            case "connect_tcp", "complete":
                self.is_fresh = True
                if (sock := info["return_value"].get_extra_info("socket")) is not None:
                    keep_alive(sock)
            case "send_request_headers", "started":
                self.is_tunnel = getattr(info.get("request"), "method", None) == b"CONNECT"
                if self.is_tunnel:
                    self._begin_to_wait(connect_timeout_s(self._idle_s))
                else:
                    self.is_at_proxy = False
                    self._watch.left = self._clock()
            case "send_request_body", "complete":
                if not self.is_tunnel:
                    self._begin_to_wait(self._idle_s + SLACK_S)
                    if self._on_sent is not None:
                        self._on_sent()
            case "receive_response_headers", "complete":
                self.limit.reschedule(None)
            case "start_tls", "started":
                self.is_at_proxy = False
            case _:
                pass

    def _begin_to_wait(self, within_s: float) -> None:
        self.limit.reschedule(asyncio.get_running_loop().time() + within_s)


def _first(error: ExceptionGroup[Exception]) -> Exception:
    """What the group is about: of what went wrong at once, one is told."""
    one = error.exceptions[0]
    return _first(cast("ExceptionGroup[Exception]", one)) if isinstance(one, ExceptionGroup) else one
