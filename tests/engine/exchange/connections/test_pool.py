"""Connections: what goes over them, what is kept of them, and what breaks, on each event loop."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import ssl
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.exchange.connections import compression, line
from thinkdial.engine.exchange.connections.errors import (
    CannotSendError,
    ConnectError,
    DecodingError,
    LocalProtocolError,
    TransportError,
    WriteTimedOutError,
)
from thinkdial.engine.exchange.connections.sockets import keep_alive
from thinkdial.engine.exchange.transport import Transport, read_transport_error
from thinkdial.providers.schema import HttpRequest

SELF_SIGNED = Path(__file__).with_name("self_signed.pem")
"""A certificate for this machine that nobody has signed, with its key."""

WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Any:
    """Runs a coroutine on the loop of a single call, and on that of a batch."""
    made = asyncio.new_event_loop if request.param == "asyncio" else pytest.importorskip("uvloop").new_event_loop

    def run_it(main: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=made) as runner:
            return runner.run(main)

    return run_it


class Peer:
    """Answers each request on a connection with `replies` in turn, keeps it open, and counts connections."""

    def __init__(self, *replies: bytes, tls: bool = False, reads: bool = True, orderly: bool = True) -> None:
        self.replies, self.tls, self.reads, self.orderly = list(replies), tls, reads, orderly
        self.connections = 0
        self.heads: list[bytes] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Peer:
        context = None
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(SELF_SIGNED)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        if not self.reads:
            return
        try:
            while self.replies:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head.lower())
                length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                writer.write(self.replies.pop(0))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close() if self.orderly else writer.transport.abort()


def request_to(url: str, body: bytes = b"{}", *headers: tuple[str, str]) -> HttpRequest:
    return HttpRequest("POST", url, headers, body)


async def fetch(transport: Any, request: HttpRequest, idle_timeout_s: float = 5.0) -> tuple[int, Any, bytes]:
    async with transport.open(request, {"authorization": "Bearer k"}, idle_timeout_s=idle_timeout_s) as response:
        return response.status, response.headers, b"".join([chunk async for chunk in response.chunks])


def failure_of(run: Any, request: HttpRequest, idle_timeout_s: float = 5.0) -> Any:
    async def go() -> Any:
        async with Transport() as transport:
            try:
                await fetch(transport, request, idle_timeout_s)
            except Exception as error:
                return read_transport_error(error, request.url, idle_timeout_s)

    return run(go())


def test_a_connection_is_used_again(run: Any) -> None:
    async def go() -> int:
        async with Peer(WHOLE, WHOLE, WHOLE) as peer, Transport() as transport:
            for _ in range(3):
                assert (await fetch(transport, request_to(peer.url)))[2] == b"{}"
            return peer.connections

    assert run(go()) == 1


def test_a_body_that_is_there_may_be_taken_at_once_and_is_no_chunk_then(run: Any) -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n"
    packed = gzip.compress(b"{}")
    gzipped = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%s" % (len(packed), packed)
    empty = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

    async def go() -> list[tuple[bytes | None, bytes]]:
        told: list[tuple[bytes | None, bytes]] = []
        async with Peer(WHOLE, chunked + b"0\r\n\r\n", gzipped, empty, chunked) as peer, Transport() as transport:
            for number in range(5):
                async with transport.open(request_to(peer.url), None, idle_timeout_s=5) as response:
                    whole = None if response.at_hand is None else response.at_hand()
                    rest = [] if number == 4 else [chunk async for chunk in response.chunks]
                    told.append((whole, b"".join(rest)))
            assert peer.connections == 1
        return told

    # What is packed has to be unpacked, and what has not ended is not there, nor is nothing.
    assert run(go()) == [(b"{}", b""), (b"{}", b""), (None, b"{}"), (None, b""), (None, b"")]


def test_a_response_that_is_left_unread_costs_its_connection(run: Any) -> None:
    async def go() -> int:
        endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n"
        async with Peer(endless, WHOLE) as peer, Transport() as transport:
            async with transport.open(request_to(peer.url), None, idle_timeout_s=5):
                pass
            await fetch(transport, request_to(peer.url))
            return peer.connections

    assert run(go()) == 2


def test_what_is_sent_is_the_same(run: Any) -> None:
    async def go() -> bytes:
        async with Peer(WHOLE) as peer, Transport(user_agent="thinkdial/x") as transport:
            await fetch(transport, request_to(f"{peer.url}/a%2Fb:c?x=%20y", b"{}", ("Content-Type", "a/b")))
            return peer.heads[0]

    head = run(go())
    lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
    assert head.startswith(b"post /v1/a%2fb:c?x=%20y http/1.1")
    assert lines[b"accept-encoding"] == b"identity" and lines[b"user-agent"] == b"thinkdial/x"
    assert lines[b"content-type"] == b"a/b" and lines[b"authorization"] == b"bearer k"
    assert lines[b"content-length"] == b"2" and b"transfer-encoding" not in lines


def test_what_a_profile_sets_is_sent_instead_of_what_would_be_added(run: Any) -> None:
    async def go() -> bytes:
        async with Peer(WHOLE) as peer, Transport(user_agent="thinkdial/x") as transport:
            own = (("User-Agent", "mine"), ("Authorization", "Custom c"), ("Accept-Encoding", "br"))
            await fetch(transport, request_to(peer.url, b"{}", *own))
            return peer.heads[0]

    lines = run(go()).split(b"\r\n")
    for expected in (b"user-agent: mine", b"authorization: custom c", b"accept-encoding: br"):
        name = expected.partition(b":")[0]
        assert [line for line in lines if line.startswith(name + b":")] == [expected]


def test_headers_that_repeat_or_are_long(run: Any) -> None:
    async def go() -> Any:
        many = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nlong: " + b"y" * 40_000 + b"\r\ncontent-length: 0\r\n\r\n"
        async with Peer(many) as peer, Transport() as transport:
            return (await fetch(transport, request_to(peer.url)))[1]

    headers = run(go())
    assert headers["x-a"] == "1, 2" and len(headers["long"]) == 40_000


def test_redirects_are_not_followed(run: Any) -> None:
    async def go() -> tuple[int, int]:
        moved = b"HTTP/1.1 307 Moved\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"
        async with Peer(moved, WHOLE) as peer, Transport() as transport:
            return (await fetch(transport, request_to(peer.url)))[0], len(peer.heads)

    assert run(go()) == (307, 1)


def test_a_certificate_that_nobody_signed(run: Any) -> None:
    async def go() -> Any:
        async with Peer(WHOLE, tls=True) as peer, Transport() as transport:
            with pytest.raises(ConnectError) as caught:
                await fetch(transport, request_to(peer.url))
            return caught.value, read_transport_error(caught.value, peer.url, 5), peer.heads

    error, failed, heads = run(go())
    assert failed.kind == "connection" and heads == [] and not failed.retryable
    assert failed.hint and "SSL_CERT_FILE" in failed.hint
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    assert error is not None


def test_a_certificate_that_the_environment_trusts(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))

    async def go() -> bytes:
        async with Peer(WHOLE, tls=True) as peer, Transport() as transport:
            return (await fetch(transport, request_to(peer.url)))[2]

    assert run(go()) == b"{}"


@pytest.mark.parametrize("orderly", [False, True])
def test_over_tls_only_an_orderly_end_makes_a_body_without_a_length_whole(
    run: Any, monkeypatch: pytest.MonkeyPatch, orderly: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))
    sent = b"HTTP/1.1 200 OK\r\n\r\n{}"

    async def go() -> Any:
        async with Peer(sent, tls=True, orderly=orderly) as peer, Transport() as transport:
            try:
                return (await fetch(transport, request_to(peer.url)))[2]
            except TransportError as error:
                return read_transport_error(error, peer.url, 5)

    found = run(go())
    assert found == b"{}" if orderly else "before the answer was whole" in found.message


@pytest.mark.parametrize("tls", [False, True])
def test_a_body_that_does_not_leave(run: Any, monkeypatch: pytest.MonkeyPatch, tls: bool) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))

    async def go() -> Any:
        async with Peer(reads=False, tls=tls) as peer, Transport() as transport:
            with pytest.raises(WriteTimedOutError) as caught:
                await fetch(transport, request_to(peer.url, b"x" * 32_000_000), 0.2)
            return read_transport_error(caught.value, peer.url, 0.2)

    failed = run(go())
    assert failed.kind == "timeout" and "does not read" in failed.message and "think" not in failed.hint


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"", "connection"),
        (b"nonsense\r\n\r\n", "connection"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello", "connection"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "connection"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello", "protocol"),
    ],
)
def test_answers_that_are_broken(run: Any, reply: bytes, kind: str) -> None:
    async def go() -> Any:
        async with Peer(reply) as peer, Transport() as transport:
            with pytest.raises(TransportError) as caught:
                await fetch(transport, request_to(peer.url))
            return read_transport_error(caught.value, peer.url, 5)

    failed = run(go())
    assert failed.kind == kind and "\n" not in failed.message


@pytest.mark.parametrize("header", [("x-team", "a\r\nb: c"), ("x-team", "a\x00"), ("x-té", "a"), ("x-team", "\ud83d")])
def test_headers_that_cannot_be_sent(run: Any, header: tuple[str, str]) -> None:
    async def go() -> list[bytes]:
        async with Peer(WHOLE) as peer, Transport() as transport:
            with pytest.raises(CannotSendError) as caught:
                await fetch(transport, request_to(peer.url, b"{}", header))
            assert read_transport_error(caught.value, peer.url, 5).kind == "config"
            return peer.heads

    assert run(go()) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "http://[bad/", "http:///v1", "http://127.0.0.1:1/\n"])
def test_urls_that_are_none(run: Any, url: str) -> None:
    async def go() -> None:
        async with Transport() as transport:
            with pytest.raises((CannotSendError, LocalProtocolError)):
                await fetch(transport, request_to(url))

    run(go())


def test_somebody_hears_when_a_request_has_left(run: Any) -> None:
    async def go() -> list[str]:
        heard: list[str] = []
        async with Peer(WHOLE, WHOLE) as peer, Transport() as transport:
            for request in (request_to(peer.url, b"x" * 300_000), HttpRequest("GET", peer.url, (), b"")):
                opened = transport.open(request, None, idle_timeout_s=5, on_sent=lambda: heard.append("sent"))
                async with opened as response:
                    heard.append(str(response.status))
                    assert [chunk async for chunk in response.chunks] == [b"{}"]
        return heard

    assert run(go()) == ["sent", "200", "sent", "200"]


def test_many_urls_are_not_remembered_for_ever(run: Any) -> None:
    async def go() -> int:
        async with Transport() as transport:
            for number in range(2000):
                transport._route(f"http://127.0.0.1/{number}")
            return len(transport._routes)

    assert run(go()) <= 512


def test_where_a_proxy_is_configured_it_is_asked(run: Any, monkeypatch: pytest.MonkeyPatch, closed_port: int) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port}")
    failed = failure_of(run, request_to("http://example.invalid/v1"))
    assert failed.kind == "connection" and "example.invalid" in failed.message


def test_a_used_connection_that_dies_before_a_byte_is_no_failure(run: Any) -> None:
    async def go() -> tuple[list[bytes], int, list[str]]:
        heard: list[str] = []
        async with Dying(2) as peer, Transport() as transport:
            for _ in range(6):
                request = request_to(peer.url, b"x" * 1000)
                opened = transport.open(request, None, idle_timeout_s=5, on_sent=lambda: heard.append("sent"))
                async with opened as response:
                    assert b"".join([chunk async for chunk in response.chunks]) == b"{}"
            return peer.heads, peer.connections, heard

    heads, connections, heard = run(go())
    assert len(heads) > 6 and connections > 1 and len(heard) == len(heads)


def test_long_and_short_requests_leave_by_one_connection_with_tls(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))
    sizes = (2, 2, 70_000, 2, 2_000_000, 2_000_000, 2)

    async def go() -> int:
        async with Peer(*[WHOLE] * len(sizes), tls=True) as peer, Transport() as transport:
            for size in sizes:
                assert (await fetch(transport, request_to(peer.url, b"x" * size)))[2] == b"{}"
            return peer.connections

    assert run(go()) == 1


def test_what_came_to_a_kept_connection_is_no_answer_to_the_next_request(run: Any) -> None:
    unasked = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nEVIL"

    async def go() -> tuple[bytes, int]:
        async with Peer(WHOLE, WHOLE) as peer, Transport() as transport:
            await fetch(transport, request_to(peer.url))
            ((_, kept),) = next(iter(transport._direct.pool._idle.values()))
            os.write(peer._writers[0].transport.get_extra_info("socket").fileno(), unasked)
            while not kept.has_unread():  # the event loop has no turn in which it could hear of it
                pass
            return (await fetch(transport, request_to(peer.url)))[2], peer.connections

    assert run(go()) == (b"{}", 2)


def test_a_fresh_connection_that_dies_before_a_byte_is_one(run: Any) -> None:
    async def go() -> tuple[Any, int]:
        async with Dying(0) as peer, Transport() as transport:
            with pytest.raises(TransportError) as caught:
                await fetch(transport, request_to(peer.url))
            return read_transport_error(caught.value, peer.url, 5), len(peer.heads)

    failed, asked = run(go())
    assert failed.kind == "connection" and failed.retryable and asked == 1


class Dying(Peer):
    """Answers `number` requests on each connection, reads the next one, and hangs up without a word."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            for reply in (*[WHOLE] * self._number, b""):
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
                writer.write(reply)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()


def test_the_system_keeps_every_connection_alive(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[tuple[int, int, int]] = []

    def watched(sock: Any) -> None:
        keep_alive(sock)
        kept.append(tuple(sock.getsockopt(*option) for option in OPTIONS))

    monkeypatch.setattr(line, "keep_alive", watched)

    async def go() -> None:
        async with Peer(WHOLE, WHOLE) as peer, Transport() as transport:
            for _ in range(2):
                await fetch(transport, request_to(peer.url))

    run(go())
    assert len(kept) == 1 and kept[0] == (1, 60, 60)


OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", 0))),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
)


@pytest.mark.parametrize("coding", ["br", "zstd", "BR", "compress", "gzip, br"])
@pytest.mark.parametrize("status", [200, 429])
def test_a_coding_that_nobody_can_read_is_refused_by_name(
    run: Any, monkeypatch: pytest.MonkeyPatch, coding: str, status: int
) -> None:
    monkeypatch.setattr(compression, "_can_be_read", lambda coding: coding in compression.ALWAYS)
    head = f"HTTP/1.1 {status} X\r\ncontent-encoding: {coding}\r\ncontent-length: 5\r\n\r\n".encode()

    async def go() -> Any:
        async with Peer(head + b"\x8b\x02\x80hi") as peer, Transport() as transport:
            with pytest.raises(DecodingError) as caught:
                await fetch(transport, request_to(peer.url))
            return read_transport_error(caught.value, peer.url, 5)

    failed = run(go())
    name = coding.lower().removeprefix("gzip, ")
    assert failed.kind == "protocol" and name in failed.message
    assert ("pip install" in failed.message) == (name in ("br", "zstd"))


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_a_coding_is_read_where_the_library_is_there(run: Any, coding: str) -> None:
    if coding == "br":
        squeezed = pytest.importorskip("brotli").compress(b'{"a": 1}')
    else:
        squeezed = pytest.importorskip("backports.zstd").compress(b'{"a": 1}')
    head = f"HTTP/1.1 200 X\r\ncontent-encoding: {coding}\r\ncontent-length: {len(squeezed)}\r\n\r\n".encode()

    async def go() -> bytes:
        async with Peer(head + squeezed) as peer, Transport() as transport:
            return (await fetch(transport, request_to(peer.url)))[2]

    assert run(go()) == b'{"a": 1}'


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_roots_that_other_programs_are_told_of_count(run: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for other in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, str(SELF_SIGNED))

    async def go() -> bytes:
        async with Peer(WHOLE, tls=True) as peer, Transport() as transport:
            return (await fetch(transport, request_to(peer.url)))[2]

    assert run(go()) == b"{}"
    monkeypatch.setenv(name, "/no/such/file")
    assert failure_of(run, request_to("https://127.0.0.1:9")).kind == "connection"
