"""Requests over httpx2: those that go through proxies, and those whose URL it has to bring into form.

It is imported for them alone.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from .compression import in_turns, unreadable, unreadable_coding
from .errors import CannotSendError, read_errors, words_of
from .response import Response, known_headers
from .sockets import keep_alive
from .stopwatch import Clock, Stopwatch, connect_timeout_s

MOST_IDLE = 64
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
        with read_errors():
            try:
                request = self._client.build_request(
                    method, url, content=body, headers=list(headers), timeout=timeout, extensions={"trace": trace}
                )
            except ValueError as error:
                raise CannotSendError(words_of(error)) from None
            for _ in range(MOST_STALE):
                try:
                    answer = await self._client.send(request, stream=True)
                    break
                except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
                    if is_fresh:
                        raise
            else:
                answer = await self._client.send(request, stream=True)
        try:
            known = known_headers(answer.headers.multi_items())
            coding = unreadable_coding(known.get("content-encoding"))
            yield Response(answer.status_code, known, unreadable(coding) if coding else self._stamped(answer, watch))
        finally:
            await answer.aclose()

    async def _stamped(self, answer: httpx2.Response, watch: Stopwatch) -> AsyncGenerator[bytes]:
        with read_errors():
            async for chunk in in_turns(answer.aiter_bytes()):
                watch.arrived = self._clock()
                yield chunk

    async def aclose(self) -> None:
        await self._client.aclose()


def _is_for_proxy(about: Mapping[str, Any]) -> bool:
    """Whether an event is about the request for a tunnel, and not about ours."""
    return getattr(about.get("request"), "method", None) == b"CONNECT"
