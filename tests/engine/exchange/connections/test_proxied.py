"""What stands between here and a server, and does not do as it should: a proxy that is named by the environment."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from thinkdial.engine.exchange import transport
from thinkdial.engine.exchange.connections import proxied, stopwatch
from thinkdial.engine.exchange.connections.errors import CannotSendError, ConnectError, OnlyHeadersError, ProxyError
from thinkdial.engine.exchange.transport import Transport, read_transport_error
from thinkdial.providers.schema import HttpRequest

SELF_SIGNED = Path(__file__).with_name("self_signed.pem")
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
URL = "https://api.example.invalid/v1"


class Proxy:
    """Answers what is asked of it with `reply`, and makes a tunnel to a server of ours where there is none."""

    def __init__(self, reply: bytes | None = None, *, is_silent: bool = False) -> None:
        self.reply, self.is_silent = reply, is_silent
        self.heads: list[bytes] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Proxy:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(SELF_SIGNED)
        self._target = await asyncio.start_server(self._answer, "127.0.0.1", 0, ssl=context)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://bob:hunter2@127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._target.close()
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            if self.is_silent:
                return
            if self.reply is not None:
                writer.write(self.reply)
                writer.close()
                return
            port = self._target.sockets[0].getsockname()[1]
            there, back = await asyncio.open_connection("127.0.0.1", port)
            self._writers.append(back)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_carry(reader, back), _carry(there, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(WHOLE)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)


async def through(url: str, heard: list[str]) -> bytes:
    """The body that comes from `URL`, with the environment as it is."""
    async with Transport() as client:
        opened = client.open(
            HttpRequest("POST", url, (), b"{}"),
            {"authorization": "Bearer sk-secret"},
            idle_timeout_s=5,
            on_sent=lambda: heard.append("sent"),
        )
        async with opened as response:
            return b"".join([chunk async for chunk in response.chunks])


def failing(monkeypatch: pytest.MonkeyPatch, proxy: Proxy) -> tuple[Any, list[str], list[bytes]]:
    async def go() -> tuple[Any, list[str], list[bytes]]:
        async with proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            heard: list[str] = []
            with pytest.raises(ProxyError) as caught:
                await through(URL, heard)
            return read_transport_error(caught.value, URL, 5), heard, proxy.heads

    return asyncio.run(go())


def test_what_is_sent_through_a_tunnel_has_left_once_and_the_proxy_sees_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    trust = ssl.create_default_context(cafile=SELF_SIGNED)
    trust.check_hostname = False
    monkeypatch.setattr(transport, "trust_store", lambda: trust)

    async def go() -> None:
        async with Proxy() as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            heard: list[str] = []
            assert await through(URL, heard) == b"{}"
            (head,) = proxy.heads
            assert heard == ["sent"] and head.startswith(b"CONNECT api.example.invalid:443 ")
            assert b"sk-secret" not in head and b"proxy-authorization: basic " in head.lower()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", "407"),
        (b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n", "502"),
        (b"SSH-2.0\r\n\r\n", "status line"),
        (b"", "disconnected"),
    ],
)
def test_of_a_request_that_a_proxy_refuses_nothing_has_left(
    monkeypatch: pytest.MonkeyPatch, reply: bytes, words: str
) -> None:
    failed, heard, heads = failing(monkeypatch, Proxy(reply))
    assert (failed.kind, heard, len(heads)) == ("connection", [], 1)
    assert "the proxy" in failed.message and words in failed.message and "NO_PROXY" in failed.hint
    assert "hunter2" not in failed.message


def test_what_comes_through_a_tunnel_and_is_no_tls_is_told_with_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        async with Proxy(b"HTTP/1.1 200 OK\r\n\r\n<html>log in first</html>") as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            with pytest.raises(ConnectError, match="through the proxy 127") as caught:
                await through(URL, [])
            assert "hunter2" not in str(caught.value)

    asyncio.run(go())


def test_a_proxy_has_the_time_of_a_connection_and_not_that_of_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopwatch, "CONNECT_TIMEOUT_S", 0.05)
    failed, heard, _ = failing(monkeypatch, Proxy(is_silent=True))
    assert failed.kind == "connection" and "does not answer" in failed.message and heard == []


def test_headers_that_do_not_come_to_an_end_through_a_proxy_have_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxied, "SLACK_S", 0.0)

    async def go() -> None:
        client: Any = proxied.ProxiedClient(None, lambda: 0.0, uses_proxies=False)
        leg: Any = proxied._Leg("http://a.example/", lambda: 0.0, stopwatch.Stopwatch(), None, 0.0)

        async def send(*_: Any, **__: Any) -> None:
            await leg.note("http11.send_request_body.complete", {})
            await asyncio.Event().wait()

        async def answered(*_: Any, **__: Any) -> str:
            await leg.note("http11.send_request_body.complete", {})
            await leg.note("http11.receive_response_headers.complete", {})
            await asyncio.sleep(0)
            return "answer"

        await client.aclose()
        client._client = SimpleNamespace(send=send)
        with pytest.raises(OnlyHeadersError):
            await client._sent(None, leg)
        client._client = SimpleNamespace(send=answered)
        assert await client._sent(None, leg) == "answer"

    asyncio.run(go())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, closed_port: int, scheme: str) -> None:
    monkeypatch.setenv(f"{scheme}_proxy", f"http://bob:hunter2@127.0.0.1:{closed_port}")
    url = f"{scheme}://api.example.invalid/v1"
    with pytest.raises(ProxyError) as caught:
        asyncio.run(through(url, []))
    failed = read_transport_error(caught.value, url, 5)
    assert f"127.0.0.1:{closed_port}" in failed.message and "hunter2" not in failed.message


def test_a_proxy_with_a_port_that_is_none_is_a_mistake_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://bob:hunter2@127.0.0.1:99999")
    with pytest.raises(CannotSendError, match=r"127\.0\.0\.1:99999") as caught:
        asyncio.run(through(URL, []))
    assert read_transport_error(caught.value, URL, 5).kind == "config"
