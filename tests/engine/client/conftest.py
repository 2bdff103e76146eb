"""The library as a program uses it: over the simulator, or over a till whose every answer costs ten cents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event, Thread
from typing import Any

import pytest

import thinkdial
from thinkdial.engine.history.search.matches import RunFilter
from thinkdial.engine.history.search.run_rows import RunRow, list_runs
from thinkdial.engine.history.store import Store
from thinkdial.simulator import Simulator, simulator_in_thread

KEY = "sk-marked-KEY-0123456789abcdef"

WriteConfig = Callable[..., Path]

ANSWER = {
    "id": "c", "object": "chat.completion", "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 100, "total_tokens": 105},
}  # fmt: skip


class Till:
    """A server that writes down its requests. An answer has a hundred output tokens, at ten cents by `config`'s price.

    `status` other than 200 makes an error of each answer, which repeats the key. `at_once` answers wait for each other.
    """

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.at_once = 1
        self.headers: list[dict[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.connections = 0
        self.awaited = 1
        """So many requests set `reached`."""
        self.reached = Event()

    @property
    def answered(self) -> int:
        return len(self.bodies)

    def body(self, sent: dict[str, str]) -> dict[str, Any]:
        return ANSWER if self.status == 200 else {"error": {"message": f"bad key {sent.get('authorization')}"}}


class Waiter(thinkdial.Silent):
    """Hears that a call is under way: `began` is set by the first piece of its answer."""

    def __init__(self) -> None:
        self.began = asyncio.Event()

    def delta(self, index: int, delta: thinkdial.Delta) -> None:
        self.began.set()


@pytest.fixture
def till() -> Iterator[Till]:
    state = Till()
    barriers: dict[int, Barrier] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            state.connections += 1
            super().setup()

        def do_POST(self) -> None:
            sent = {name.lower(): value for name, value in self.headers.items()}
            state.bodies.append(json.loads(self.rfile.read(int(sent["content-length"]))))
            state.headers.append(sent)
            if len(state.bodies) >= state.awaited:
                state.reached.set()
            with suppress(BrokenBarrierError):
                barriers.setdefault(state.at_once, Barrier(state.at_once)).wait(2)
            body = json.dumps(state.body(sent)).encode()
            self.send_response(state.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with simulator_in_thread(retry_after_s=0.02) as running:
        yield running


@pytest.fixture(autouse=True)
def empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: one without a project's configuration."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("SIM_KEY", KEY)
    return work


@pytest.fixture
def sim(simulator: Simulator, tmp_path: Path) -> Path:
    """A configuration whose profiles call the simulator with the marked key; `@` in a model asks for a fault."""
    path = tmp_path / "sim.yaml"
    places = {"anthropic": "/anthropic", "openai": "/openai/v1", "google": "/google"}
    models = {
        "a": ("anthropic", "claude-opus-5-5"), "o": ("openai", "gpt-6-sol"), "g": ("google", "gemini-4-argon"),
        "cut": ("anthropic", "claude-opus-5-5@disconnect"), "silent": ("openai", "gpt-6-sol@silent"),
        "stall": ("openai", "gpt-6-sol@stall"), "busy": ("anthropic", "claude-opus-5-5@overloaded"),
    }  # fmt: skip
    entries = (
        f"  {name}: {{provider: {provider}, base_url: '{simulator.base_url}{places[provider]}', model: '{model}', "
        f"api_key_env: SIM_KEY{', price: {input: 1, output: 2}' if '@' in model else ''}}}\n"
        for name, (provider, model) in models.items()
    )
    rest = "groups: {both: [a, o], mixed: ['a@max', o]}\ndefaults: {profile: a}\n"
    path.write_text(f"profiles:\n{''.join(entries)}{rest}", encoding="utf-8")
    return path


@pytest.fixture
def ten_cents(till: Till, tmp_path: Path) -> WriteConfig:
    """Write a configuration with profiles `p0`, `p1`, ... of the till, whose calls cost ten cents at the most."""

    def write(count: int = 1, more: str = "", *, price: str = "{input: 0, output: 1000}") -> Path:
        path = tmp_path / "till.yaml"
        entries = (
            f"  p{number}: {{provider: openai-compatible, base_url: '{till.url}', model: m, price: {price},"
            " max_output_tokens: 100, stream: false, api_key_env: SIM_KEY, retries: 0}\n"
            for number in range(count)
        )
        path.write_text(f"profiles:\n{''.join(entries)}{more}", encoding="utf-8")
        return path

    return write


@pytest.fixture
def stored() -> Callable[[], list[RunRow]]:
    """The runs in the history, newest first; none where there is no history."""

    def read() -> list[RunRow]:
        from thinkdial.engine.history.store import database_path

        if not database_path().exists():
            return []
        with Store.open() as store:
            return list_runs(store, RunFilter())

    return read


@pytest.fixture
def key() -> str:
    return KEY
