"""Requests that go through no proxy: httpx2's, over a pool of connections of our own making."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, cast

import httpcore2
import httpx2

from .connection import Network
from .stopwatch import Clock


class DirectTransport(httpx2.AsyncBaseTransport):
    """What httpx2 does below its client, with sockets that remember when each piece came."""

    def __init__(self, context: ssl.SSLContext | bool, limits: httpx2.Limits, clock: Clock) -> None:
        self._connections = httpcore2.AsyncConnectionPool(
            ssl_context=context if isinstance(context, ssl.SSLContext) else None,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=Network(clock),
        )

    async def __aenter__(self) -> Self:
        await self._connections.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        with _as_httpx2():
            await self._connections.__aexit__(exc_type, exc_value, traceback)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        asked = httpcore2.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=cast("httpx2.AsyncByteStream", request.stream),
            extensions=request.extensions,
        )
        with _as_httpx2():
            answer = await self._connections.handle_async_request(asked)
        told = cast("dict[str, Any]", answer.extensions)  # pyright: ignore[reportUnknownMemberType]
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=told)

    async def aclose(self) -> None:
        await self._connections.aclose()


class _Body(httpx2.AsyncByteStream):
    """The body of a response, as it comes."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx2():
            async for chunk in self._stream:
                yield chunk

    async def aclose(self) -> None:
        with _as_httpx2():
            await self._stream.aclose()


@contextmanager
def _as_httpx2() -> Generator[None]:
    """What goes wrong below, by the name that httpx2 has for it: both call them alike."""
    try:
        yield
    except Exception as error:
        names = (kind.__name__ for kind in type(error).__mro__ if kind.__module__.partition(".")[0] == "httpcore2")
        found = next((kind for name in names if (kind := getattr(httpx2, name, None)) is not None), None)
        if found is None:
            raise
        raise found(str(error)) from error
