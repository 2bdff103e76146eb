"""The one place with sockets: connections, keys, proxies, TLS, time."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from thinkdial.engine.exchange import transport as transport_module
from thinkdial.engine.exchange.connections import pool
from thinkdial.engine.exchange.connections.errors import CannotSendError, ReadError, TransportError, read_errors
from thinkdial.engine.exchange.connections.trust import trust_store
from thinkdial.engine.exchange.outcome import Marks
from thinkdial.engine.exchange.transport import Transport, read_transport_error
from thinkdial.providers.schema import AnswerDelta, HttpRequest, ReasoningDelta

Exchange = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("each_loop")


def run_one(kit: Any, **options: Any) -> Any:
    run_options = {name: options.pop(name) for name in ("retries", "idle_s", "transport") if name in options}
    (result,), _ = asyncio.run(kit.run([kit.profile(**options)], **run_options))
    return result


def test_connection_refused(kit: Any, closed_port: int) -> None:
    error = run_one(kit, url=f"http://127.0.0.1:{closed_port}", retries=0).error
    assert error.kind == "connection" and error.retryable and f"127.0.0.1:{closed_port}" in error.message
    assert "base_url" in error.hint


def test_a_name_that_does_not_exist(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = run_one(kit, url="https://no-such-host.invalid", retries=0).error
    assert error.kind == "connection" and "no-such-host.invalid" in error.message and "not known" in error.message


def test_a_connection_that_is_never_made(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(pool.Pool, "_where", never)
    began = time.monotonic()
    result = run_one(kit, url="http://127.0.0.1:9", retries=1, idle_s=0.1)
    assert time.monotonic() - began < 3
    assert result.error.kind == "timeout" and "no connection to 127.0.0.1:9 within 0.1 s" in result.error.message
    assert result.attempts == 2  # nothing had been sent, so it may be tried again


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[bad", "http://127.0.0.1:1/\x00"])
def test_urls_that_are_none(kit: Any, url: str) -> None:
    error = run_one(kit, url=url, allow_insecure=True, retries=0).error
    assert error.kind == "config" and "base_url" in error.hint


def test_a_header_that_cannot_be_sent(exchange: Exchange, wire: Any) -> None:
    ran = exchange(wire.good, headers={"x-team": "ré\ud83d\ude00d"})
    assert ran.result.error.kind == "config" and ran.server.asked == []


def test_the_key_goes_into_its_header_and_nowhere_else(exchange: Exchange, wire: Any, kit: Any) -> None:
    asked = exchange(wire.good).server.asked[0]
    assert asked.headers["authorization"] == f"Bearer {kit.key}"
    assert kit.key not in asked.path and kit.key.encode() not in asked.raw_body
    others = {name: value for name, value in asked.headers.items() if name != "authorization"}
    assert not any(kit.key in value for value in others.values())
    assert asked.headers["user-agent"].startswith("thinkdial")


@pytest.mark.parametrize("name", ["authorization", "Authorization"])
def test_a_header_of_the_profile_replaces_the_key(exchange: Exchange, wire: Any, name: str) -> None:
    asked = exchange(wire.good, headers={name: "Custom abc"}).server.asked[0]
    assert asked.headers["authorization"] == "Custom abc"


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_a_server_that_repeats_the_key(exchange: Exchange, wire: Any, kit: Any, status: int) -> None:
    for reply in (
        wire.error(status, "invalid_api_key", f"Incorrect API key provided: {kit.key}."),
        wire.http(f"denied: {kit.key}", status, "text/plain", x_request_id=f"id-{kit.key}"),
        # The quote of a page is cut; half a key is still too much.
        wire.http("x" * 190 + kit.key, status, "text/plain"),
        wire.http(b"", 307, location=f"http://{kit.key}@elsewhere/"),
    ):
        ran = exchange(reply, retries=0)
        assert ran.result.status == "error"
        assert kit.key not in repr(ran.result) and kit.key[:10] not in repr(ran.result)


def test_proxies_are_not_used_for_this_machine(
    kit: Any, wire: Any, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")

    async def go() -> Any:
        async with kit.Server(wire.good) as server:
            direct, _ = await kit.run([kit.profile(server.url)], retries=0)
            away, _ = await kit.run([kit.profile("http://example.invalid", allow_insecure=True)], retries=0)
            return direct[0], away[0]

    direct, away = asyncio.run(go())
    assert direct.status == "ok"
    assert away.error.kind == "connection"  # it went to the proxy, where nobody listens


def test_a_proxy_variable_that_makes_no_sense(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://x")
    error = run_one(kit, url="https://example.invalid", retries=0).error
    assert error.kind == "config" and "proxy" in error.hint and "gopher" in error.message


def test_certificates_that_are_not_there(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
    error = run_one(kit, url="https://127.0.0.1:9", retries=0).error
    assert error.kind == "config" and "certificate" in error.hint


def test_one_trust_store_and_only_for_https(
    kit: Any, wire: Any, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    made: list[ssl.SSLContext] = []

    def counted() -> ssl.SSLContext:
        made.append(trust_store())
        return made[-1]

    monkeypatch.setattr(transport_module, "trust_store", counted)

    async def go() -> None:
        transport = Transport()
        async with kit.Server(wire.good) as server, transport:
            await kit.run([kit.profile(server.url)], transport=transport)
            assert made == []
            tls = kit.profile(f"https://127.0.0.1:{closed_port}")
            results, _ = await kit.run([tls, tls], retries=0, transport=transport)
            assert {result.error.kind for result in results} == {"connection"}
            transport._proxied_client("https://example.com")
        assert len(made) == 1

    asyncio.run(go())


def test_every_error_of_the_client_has_words() -> None:
    request = httpx2.Request("POST", "https://host.example/v1")
    kinds: set[type[Exception]] = set()

    def grow(kind: type[Exception]) -> None:
        kinds.add(kind)
        for sub in kind.__subclasses__():
            grow(sub)

    grow(httpx2.HTTPError)
    for kind in kinds - {httpx2.HTTPStatusError}:
        error = kind("words") if kind is httpx2.HTTPError else kind("words", request=request)  # type: ignore[call-arg]
        with pytest.raises(TransportError) as caught, read_errors():
            raise error
        found = read_transport_error(caught.value, "https://host.example/v1", 7.0)
        assert "host.example" in found.message and found.kind in ("timeout", "connection", "protocol", "config")
        assert found.retryable == (found.kind in ("timeout", "connection"))
    assert read_transport_error(ReadError(""), "https://h/v1", 7.0).message.endswith(": ReadError")
    assert read_transport_error(CannotSendError("x"), "https://h/v1", 7.0).kind == "config"
    with pytest.raises(KeyError):
        read_transport_error(KeyError("ours"), "https://h/v1", 7.0)


def test_latency_by_a_clock_that_begins_at_zero(kit: Any, wire: Any) -> None:
    """Reasoning after 2 s, an answer after 5 s, the end after 9 s; a moment 0.0 is a moment."""
    clock, watcher = kit.FakeTime(), kit.Watcher()

    async def script(writer: asyncio.StreamWriter) -> None:
        for now, piece in (
            (0.0, wire.stream() + b": hello\n\n"),
            (2.0, wire.events(wire.delta(reasoning_content="Hm. "))),
            (5.0, wire.events(wire.delta(content="4"))),
            (7.0, wire.events(wire.delta(content="2"))),
            (9.0, wire.events(*wire.end)),
        ):
            clock.now = now
            writer.write(piece)
            await writer.drain()
            heard = len(watcher.deltas)
            for _ in range(100):
                await asyncio.sleep(0.001)
                if len(watcher.deltas) > heard or now == 0.0:
                    break

    async def go() -> Any:
        async with kit.Server(script) as server:
            (result,), _ = await kit.run([kit.profile(server.url)], time=clock, watcher=watcher)
            return result

    latency = asyncio.run(go()).latency
    assert (latency.first_byte_s, latency.first_reasoning_s, latency.first_answer_s) == (0.0, 2.0, 5.0)
    assert latency.total_s == 9.0 and latency.output_tokens_per_s == pytest.approx(30 / 9)
    assert [d.text for d in watcher.deltas if isinstance(d, ReasoningDelta | AnswerDelta)] == ["Hm. ", "4", "2"]


def test_latency_is_of_the_last_attempt_and_honest_about_the_unknown(exchange: Exchange, wire: Any) -> None:
    ran = exchange(wire.error(503, retry_after="100"), wire.good, total_s=1000.0)
    assert ran.waits == [100.0] and ran.result.latency.total_s == 0.0
    assert Marks(start=3.0).latency(10, streamed=True).total_s is None
    whole = Marks(start=0.0, first_byte=1.0, first_answer=1.0, end=2.0).latency(None, streamed=False)
    assert (whole.first_answer_s, whole.output_tokens_per_s, whole.total_s) == (None, None, 2.0)


def test_somebody_hears_when_the_request_has_left(kit: Any, wire: Any) -> None:
    sent: list[str] = []

    async def go() -> None:
        async with kit.Server(wire.http("{}")) as server, Transport() as transport:
            request = HttpRequest("POST", f"{server.url}/v1", (("content-type", "text/plain"),), b"x" * 100_000)
            async with transport.open(request, None, idle_timeout_s=5, on_sent=lambda: sent.append("x")) as response:
                assert sent == ["x"] and response.status == 200
            assert len(server.asked[0].raw_body) == 100_000

    asyncio.run(go())


def test_a_route_may_have_a_header_of_its_own(kit: Any, wire: Any) -> None:
    """Azure takes the key in one header for OpenAI's models and in another for Anthropic's."""

    async def go() -> list[dict[str, str]]:
        async with kit.Server(wire.error(401)) as server:
            for dialect, model in (("openai-responses", "gpt-6-sol"), ("anthropic-messages", "claude-opus-5-5")):
                await kit.run([kit.profile(server.url, provider="azure", dialect=dialect, model=model)], retries=0)
            return [asked.headers for asked in server.asked]

    first, second = asyncio.run(go())
    assert first["api-key"] == kit.key and "x-api-key" not in first
    assert second["x-api-key"] == kit.key and "api-key" not in second
