"""Requests without a proxy: which URLs go as they are written, and what becomes of the others."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys

import pytest

from thinkdial.engine.exchange.connections import pool
from thinkdial.engine.exchange.connections.direct import PlainUrl, plain_url
from thinkdial.engine.exchange.transport import Transport
from thinkdial.providers.schema import HttpRequest


class Echo:
    """Answers each request with its first line and its host, packed where `packed` says so."""

    def __init__(self, *, packed: bool = False) -> None:
        self._packed, self._writers = packed, list[asyncio.StreamWriter]()

    async def __aenter__(self) -> Echo:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
                host = next(line for line in lines if line.lower().startswith(b"host:"))
                body = lines[0] + b"|" + host[5:].strip()
                coding = b"content-encoding: gzip\r\n" if self._packed else b""
                body = gzip.compress(body) if self._packed else body
                writer.write(b"HTTP/1.1 200 OK\r\n%scontent-length: %d\r\n\r\n%s" % (coding, len(body), body))
        except (OSError, asyncio.IncompleteReadError):
            writer.close()


async def fetched(transport: Transport, url: str) -> str:
    async with transport.open(HttpRequest("GET", url, (), b""), None, idle_timeout_s=5) as response:
        return b"".join([chunk async for chunk in response.chunks]).decode()


def test_urls_that_are_sent_as_they_are_written() -> None:
    expected = {
        "https://a.example/v1/x:y?k=%20v": PlainUrl("a.example", 443, True, "a.example", "/v1/x:y?k=%20v"),
        "http://A.example:8080": PlainUrl("a.example", 8080, False, "a.example:8080", "/"),
        "https://a.example:443/v1": PlainUrl("a.example", 443, True, "a.example", "/v1"),
        "http://[::1]:81/v1": PlainUrl("::1", 81, False, "[::1]:81", "/v1"),
    }
    assert {url: plain_url(url) for url in expected} == expected
    others = ("https://ä.example/", "http://a/b c", "http://u:p@a/", "http://a/b/../c", "ftp://a/", "http:///v1", "a/b")
    assert [url for url in others if plain_url(url) is not None] == []


def test_other_urls_are_brought_into_form() -> None:
    async def go() -> tuple[str, str]:
        async with Echo() as echo, Transport() as transport:
            root = f"http://127.0.0.1:{echo.port}"
            return await fetched(transport, f"{root}/a b/ü"), await fetched(transport, f"{root}/a/../b?c#d")

    spaced, dotted = asyncio.run(go())
    assert spaced.startswith("GET /a%20b/%C3%BC HTTP/1.1|127.0.0.1:")
    assert dotted.startswith("GET /b?c HTTP/1.1|")


def test_a_body_that_comes_packed_is_unpacked() -> None:
    async def go() -> str:
        async with Echo(packed=True) as echo, Transport() as transport:
            return await fetched(transport, f"http://127.0.0.1:{echo.port}/v1")

    assert asyncio.run(go()).startswith("GET /v1 HTTP/1.1|127.0.0.1:")


def test_no_more_connections_are_kept_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MOST_IDLE", 8)

    async def go() -> tuple[int, list[int]]:
        async with Echo() as echo, Transport() as transport:
            url = f"http://127.0.0.1:{echo.port}/v1"
            await asyncio.gather(*(fetched(transport, url) for _ in range(20)))
            (lines,) = transport._direct.pool._idle.values()
            kept = len(lines)
            await fetched(transport, url)
            return kept, [len(lines)]

    assert asyncio.run(go()) == (8, [8])


def test_a_body_that_is_left_gives_no_bytes_of_the_next() -> None:
    async def go() -> tuple[list[bytes], str]:
        async with Echo() as echo, Transport() as transport:
            url = f"http://127.0.0.1:{echo.port}/v1"
            async with transport.open(HttpRequest("GET", url, (), b""), None, idle_timeout_s=5) as response:
                chunks = response.chunks
            left = [chunk async for chunk in chunks]
            return left, await fetched(transport, url)

    left, then = asyncio.run(go())
    assert left == [] and then.startswith("GET /v1")


@pytest.mark.parametrize("module", ["transport", "exchange"])
def test_a_plain_exchange_needs_no_other_client(module: str) -> None:
    code = f"import sys, thinkdial.engine.exchange.{module}; print({{'httpx2', 'anyio'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
