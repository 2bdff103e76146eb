"""The ways to an MCP server for the official client: a program whose lines are bounded, or an address of this machine.

The client's own transport for programs passes on more variables, lets the server write to our terminal, and holds a
line of any length.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import httpx2
import mcp_types
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage

from .process import end_process, size_words

MOST_LINE = 8 * 2**20
"""Bytes of one message; with more the server is ended."""

GRACE_S = 1.0
"""Seconds for a server to end by itself, once its input is closed."""


class TooMuchError(Exception):
    """A server has sent more than is read."""


@asynccontextmanager
async def program_transport(argv: Sequence[str], environment: Mapping[str, str]) -> AsyncGenerator[Any]:
    """The streams of a server that is started, in `environment` alone; it ends with them, and all that it has begun.

    Raises `OSError` where it cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=dict(environment), start_new_session=True, limit=MOST_LINE
    )
    incoming, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, outgoing = anyio.create_memory_object_stream[SessionMessage](0)

    async def listen() -> None:
        async with incoming:
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                async for message in _messages(process):
                    await incoming.send(message)

    async def speak() -> None:
        async with outgoing:
            with suppress(OSError):
                async for said in outgoing:
                    line = said.message.model_dump_json(by_alias=True, exclude_unset=True)
                    if process.stdin is not None:
                        process.stdin.write(f"{line}\n".encode())
                        await process.stdin.drain()

    tasks = [asyncio.create_task(listen()), asyncio.create_task(speak())]
    try:
        yield read, write
    finally:
        read.close()
        write.close()
        if process.stdin is not None:
            process.stdin.close()
        with suppress(TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(process.wait(), GRACE_S)
        for task in tasks:
            task.cancel()
        await asyncio.shield(asyncio.gather(end_process(process), *tasks, return_exceptions=True))


async def _messages(process: Process) -> AsyncIterator[SessionMessage | Exception]:
    """What the server says, a message a line, to its end. A line that is none is passed on as the error that it is."""
    if (pipe := process.stdout) is None:
        return
    while True:
        try:
            line = await pipe.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            return
        except asyncio.LimitOverrunError:
            yield TooMuchError(f"a message of more than {size_words(MOST_LINE)}")
            return
        try:
            yield SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))
        except ValueError as error:
            yield error


@asynccontextmanager
async def address_transport(url: str) -> AsyncGenerator[Any]:
    """The streams of a server that listens on this machine. No proxy, no key, and no redirect to anywhere else."""
    bounded = _Bounded(httpx2.AsyncHTTPTransport())
    timeout = httpx2.Timeout(30.0, read=None)
    async with (
        httpx2.AsyncClient(transport=bounded, timeout=timeout, trust_env=False) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=MOST_LINE) as streams,
    ):
        yield streams


class _Bounded(httpx2.AsyncBaseTransport):
    """Answers of which no more is read than a message may have."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._inner.handle_async_request(request)
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer  # a stream of many messages, each of which is bounded
        if isinstance(answer.stream, httpx2.AsyncByteStream):
            answer.stream = _BoundedStream(answer.stream)
        return answer

    async def aclose(self) -> None:
        await self._inner.aclose()


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._inner:
            size += len(chunk)
            if size > MOST_LINE:
                raise httpx2.ReadError(f"the answer has more than {size_words(MOST_LINE)}")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
