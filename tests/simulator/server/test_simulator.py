"""The server itself: loopback only, HTTP details, the log, the pace, the model lists."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
from contextlib import suppress

import httpx2
import pytest

from thinkdial.simulator import Simulator, running_simulator, serve_forever, simulator_in_thread

from ...cases import each


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::"])  # noqa: S104 - must be refused
def test_only_loopback(host):
    with pytest.raises(ValueError, match="loopback"):
        Simulator(host=host)


def test_the_async_context():
    async def run() -> tuple[int, int]:
        async with Simulator() as simulator, httpx2.AsyncClient(trust_env=False) as client:
            response = await client.get(simulator.base_url)
            return response.status_code, len(simulator.requests)

    assert asyncio.run(run()) == (200, 1)


def test_leaving_the_context_ends_open_requests():
    async def run() -> None:
        answering = asyncio.Event()

        async def sleep(_: float) -> None:
            answering.set()
            await asyncio.Event().wait()

        async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
            async with Simulator(pace=1.0, sleep=sleep) as simulator:
                url = f"{simulator.base_url}/compatible/v1/chat/completions"
                body = {"messages": [{"role": "user", "content": "x"}]}
                pending = asyncio.ensure_future(client.post(url, json=body))
                await answering.wait()
            with pytest.raises(httpx2.TransportError):
                await pending

    asyncio.run(run())


def test_the_base_url_needs_a_running_server():
    with pytest.raises(RuntimeError, match="not running"):
        _ = Simulator().base_url


def test_a_taken_port_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError) as caught, running_simulator(port=port):
            pass
    assert caught.value.errno == errno.EADDRINUSE


def test_serving_until_interrupted():
    def ready(base_url: str) -> None:
        assert base_url.startswith("http://127.0.0.1:")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve_forever(Simulator(), ready)


def test_streams_are_paced_and_whole_answers_wait_as_long():
    async def waited(stream: bool) -> float:
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        async with Simulator(pace=0.5, sleep=sleep) as simulator, httpx2.AsyncClient(trust_env=False) as client:
            body = {"model": "gpt-6-sol", "input": "Hello", "stream": stream}
            headers = {"authorization": "Bearer k"}
            response = await client.post(f"{simulator.base_url}/openai/v1/responses", json=body, headers=headers)
            assert response.status_code == 200
        assert (len(waits) > 5) is stream
        return sum(waits)

    whole, streamed = (asyncio.run(waited(stream)) for stream in (False, True))
    assert whole == pytest.approx(streamed) and whole > 1


def test_no_pace_never_waits(vendors, simulator):
    for _ in range(3):
        assert vendors.anthropic(output_config={"effort": "max"}, stream=True).elapsed.total_seconds() < 2
    assert simulator.requests[-1].completed


def test_the_log_hides_credentials(vendors, simulator):
    vendors.anthropic({"x-api-key": "sk-ant-very-secret"})
    logged = simulator.requests[-1]
    assert logged.headers["x-api-key"] == "<18 characters>"
    assert (logged.method, logged.path, logged.status, logged.completed) == (
        "POST",
        "/anthropic/v1/messages",
        200,
        True,
    )
    assert logged.body["model"] == "claude-opus-5-5"
    vendors.client.get(f"{simulator.base_url}/google/v1beta/models?key=very-secret")
    assert simulator.requests[-1].query == {"key": "<11 characters>"}
    assert "secret" not in repr(simulator.requests[-2:])


def test_the_log_file(tmp_path, vendors_of):
    path = tmp_path / "requests.jsonl"
    with running_simulator(log=path) as base_url:
        vendors = vendors_of(base_url)
        vendors.compatible()
        vendors.compatible(model="x@overloaded")
        with suppress(httpx2.RemoteProtocolError):
            vendors.compatible(model="x@disconnect")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(line["status"], line["completed"], line["faults"]) for line in lines] == [
        (200, True, []),
        (503, True, ["overloaded"]),
        (200, False, ["disconnect"]),
    ]


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/anthropic/v1/complete", {"type", "error", "request_id"}),
        ("/openai/v1/embeddings", {"error"}),
        ("/google/v1beta/models/gemini-3.8-flash:embedContent", {"error"}),
        ("/compatible/v1/completions", {"detail"}),
        ("/elsewhere", {"error"}),
    ],
)
def test_unknown_paths_get_the_vendors_404(vendors, path, shape):
    response = vendors.client.post(vendors.base_url + path, json={})
    assert response.status_code == 404 and set(response.json()) == shape
    head = vendors.client.head(vendors.base_url + path)
    assert head.status_code == 404 and head.content == b""


@each(
    "path",
    [
        "/anthropic/v1/messages",
        "/openai/v1/responses",
        "/openai/v1/chat/completions",
        "/google/v1beta/models/gemini-3.8-flash:generateContent",
        "/compatible/v1/chat/completions",
    ],
)
@each("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_bodies_that_are_no_json_object(vendors, path, content):
    response = vendors.client.post(vendors.base_url + path, content=content)
    assert response.status_code == 400 and response.json()["error"]["message"]


def exchange(simulator, data: bytes) -> bytes:
    """What the server answers to raw bytes until it closes the connection or is quiet."""
    port = int(simulator.base_url.rpartition(":")[2])
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(65536):
            received += chunk
    return received


def test_bytes_that_are_no_http(simulator):
    assert exchange(simulator, b"\x16\x03\x01 hello\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert exchange(simulator, b"GET / HTTP/1.1\r\nx: " + b"y" * 100_000).startswith(b"HTTP/1.1 431 ")


def test_a_body_over_the_limit(simulator):
    head = b"POST /openai/v1/responses HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n"
    assert exchange(simulator, head + b"x" * 10_000).startswith(b"HTTP/1.1 413 ")


def test_a_client_that_waits_to_be_asked_for_its_body(simulator):
    port = int(simulator.base_url.rpartition(":")[2])
    body = b'{"messages":[{"role":"user","content":"x"}]}'
    head = b"POST /compatible/v1/chat/completions HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(head + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 200 ") and b"reasoning_content" in received


def test_connections_are_kept_alive(simulator):
    port = int(simulator.base_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, connection.makefile("rb") as answers:
        for _ in range(3):
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert answers.readline() == b"HTTP/1.1 200 \r\n"
            length = 0
            while (line := answers.readline()) != b"\r\n":
                if line.startswith(b"content-length: "):
                    length = int(line.split()[1])
            assert json.loads(answers.read(length))["simulator"] == "thinkdial"


def test_a_large_prompt_is_read(vendors):
    response = vendors.compatible(messages=[{"role": "user", "content": "word " * 400_000}])
    assert response.json()["usage"]["prompt_tokens"] > 400_000


def test_too_long_for_a_context_window(vendors):
    long = "word " * 250_000
    claude = vendors.anthropic(model="claude-haiku-4-5", messages=[{"role": "user", "content": long}])
    assert claude.status_code == 400 and "prompt is too long" in claude.json()["error"]["message"]


def test_every_answer_is_marked(vendors):
    for response in (vendors.anthropic(), vendors.gemini(), vendors.chat()):
        assert response.headers["server"] == "thinkdial-simulator"
        assert "imulated" in response.text


def test_model_lists(vendors):
    client, base = vendors.client, vendors.base_url
    claude = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
    page = client.get(f"{base}/anthropic/v1/models?limit=3", headers=claude).json()
    assert len(page["data"]) == 3 and page["has_more"] is True
    url = f"{base}/anthropic/v1/models?limit=500&after_id={page['last_id']}"
    rest = client.get(url, headers=claude).json()
    assert rest["has_more"] is False and rest["data"][0]["id"] not in {item["id"] for item in page["data"]}
    assert client.get(f"{base}/anthropic/v1/models/claude-3", headers=claude).status_code == 404
    google = client.get(f"{base}/google/v1/models?pageSize=4&key=k").json()
    assert len(google["models"]) == 4 and google["nextPageToken"] == "4"
    assert client.get(f"{base}/google/v1/models/gemini-9?key=k").status_code == 404
    openai = {"authorization": "Bearer k"}
    assert client.get(f"{base}/openai/v1/models", headers=openai).json()["object"] == "list"
    assert client.get(f"{base}/openai/v1/models/gpt-9", headers=openai).json()["error"]["code"] == "model_not_found"
    assert client.get(f"{base}/openai/v1/models").status_code == 401


def test_a_simulator_in_a_thread_can_be_asked_for_its_requests():
    with simulator_in_thread() as simulator, httpx2.Client(trust_env=False) as client:
        client.get(simulator.base_url)
        assert [request.path for request in simulator.requests] == ["/"]
