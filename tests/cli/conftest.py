"""The commands as people run them: in this process where only the words matter, as real processes where more does.

Home, keys and network are guarded by the conftest above; processes get the same guard through `sitecustomize`.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import Any

import pytest
from msgspec import Struct

from thinkdial.simulator import Simulator, simulator_in_thread

from ..forks.child import GUARD, Child, Forks

KEY = "sk-marked-KEY-0123456789abcdef"


class Ended(Struct, frozen=True):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def everything(self) -> str:
        return self.out + self.err


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A terminal of 80 columns without wishes or a pager, and a working directory without a project's configuration."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "PYTHONIOENCODING", "_TYPER_FORCE_DISABLE_TERMINAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("PAGER", "cat")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Rich takes standard output for a terminal; what this gives takes the styles out again."""
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    return lambda text: re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """One for each test: what it answers depends on what it was asked before."""
    with simulator_in_thread(retry_after_s=0.02) as running:
        yield running


@pytest.fixture(autouse=True)
def demo_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration takes its time for people who look on; nobody does."""
    monkeypatch.setattr("thinkdial.simulator.DEMO_PACE", 0.0)


@pytest.fixture
def sim(simulator: Simulator, tmp_path: Path) -> Path:
    """A configuration whose profiles call the simulator with a marked key; `@` in a model name asks for a fault."""
    return write_config(tmp_path / "sim.yaml", simulator.base_url)


def write_config(path: Path, url: str, extra: str = "") -> Path:
    def entry(name: str, provider: str, where: str, model: str, more: str = "") -> str:
        return (
            f"  {name}: {{provider: {provider}, base_url: '{url}{where}', model: '{model}', "
            f"api_key_env: SIM_KEY{more}}}\n"
        )

    path.write_text(
        "profiles:\n"
        + entry("a", "anthropic", "/anthropic", "claude-opus-5-5")
        + entry("o", "openai", "/openai/v1", "gpt-6-sol")
        + entry("g", "google", "/google", "gemini-4-argon")
        + entry("chat", "openai", "/openai/v1", "gpt-6-sol", ", dialect: openai-chat")
        + entry("local", "openai-compatible", "/compatible/v1", "sim-reasoning-content")
        + entry("busy", "anthropic", "/anthropic", "claude-opus-5-5@overloaded")
        + entry("html", "openai", "/openai/v1", "gpt-6-sol@html")
        + entry("garbage", "google", "/google", "gemini-4-argon@garbage")
        + entry("cut", "anthropic", "/anthropic", "claude-opus-5-5@disconnect")
        + entry("stall", "openai", "/openai/v1", "gpt-6-sol@stall")
        + entry("silent", "openai", "/openai/v1", "gpt-6-sol@silent")
        + "groups: {trio: [a, o, g], mixed: ['a@max', o]}\n"
        + extra,
        encoding="utf-8",
    )
    return path


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Run a command in this process, as `thinkdial` on the command line would, with pipes for its three streams."""
    monkeypatch.setenv("SIM_KEY", KEY)
    return partial(run_here, io.BytesIO)


@pytest.fixture
def filed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """As `cli`, with files for the three streams: for commands that ask for their descriptors."""
    monkeypatch.setenv("SIM_KEY", KEY)
    return partial(run_here, TemporaryFile)


def run_here(stream: Callable[[], Any], *arguments: object, stdin: bytes = b"") -> Ended:
    from thinkdial.cli.main import main

    typed, out, err = stream(), stream(), stream()
    typed.write(stdin)
    typed.seek(0)
    streams = {
        "stdin": io.TextIOWrapper(typed),
        "stdout": io.TextIOWrapper(out, encoding="utf-8"),
        "stderr": io.TextIOWrapper(err, encoding="utf-8"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["thinkdial", *map(str, arguments)])
        for name, wrapped in streams.items():
            patch.setattr(sys, name, wrapped)
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        for name in ("stdout", "stderr"):
            streams[name].flush()
    for written in (out, err):
        written.seek(0)
    ended = Ended(code, out.read().decode(), err.read().decode())
    for one in (typed, out, err):
        one.close()
    return ended


@dataclass
class Process:
    """`python -m thinkdial.cli` with the environment of the test, started or run to its end."""

    forks: Forks
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self, env: dict[str, str] | None = None) -> dict[str, str]:
        return {**os.environ, "SIM_KEY": KEY, "PYTHONPATH": str(GUARD), **(env or {})}

    def start(self, *arguments: object, env: dict[str, str] | None = None, **options: Any) -> subprocess.Popen[bytes]:
        settings: dict[str, Any] = {
            "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
        }  # fmt: skip
        command = [sys.executable, "-m", "thinkdial.cli", *map(str, arguments)]
        process = Child(self.forks, command, env=self.environment(env), **(settings | options))
        self.started.append(process)
        return process

    def end(self) -> None:
        """Leave no process behind, also not of a test that failed."""
        for process in self.started:
            process.kill()
            process.wait(20)
            for stream in (process.stdin, process.stdout, process.stderr):
                with suppress(OSError):
                    if stream is not None:
                        stream.close()

    def __call__(self, *arguments: object, stdin: bytes = b"", env: dict[str, str] | None = None, **o: Any) -> Ended:
        process = self.start(*arguments, env=env, stdin=subprocess.PIPE, **o)
        out, err = process.communicate(stdin, timeout=30)
        return Ended(process.returncode, (out or b"").decode("utf-8", "replace"), (err or b"").decode())


@pytest.fixture
def process(forks: Forks) -> Iterator[Process]:
    running = Process(forks)
    yield running
    running.end()


@dataclass
class Recorder:
    """A server that writes down every request and answers with what it is told."""

    url: str = ""
    status: int = 500
    body: bytes = b'{"error": {"message": "no"}}'
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    record = Recorder()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.answer(body)

        def do_GET(self) -> None:
            self.answer(b"")

        def answer(self, body: bytes) -> None:
            record.asked.append((self.path, {n.lower(): v for n, v in self.headers.items()}, body))
            self.send_response(record.status)
            for name, value in record.headers.items():
                self.send_header(name, value)
            self.send_header("content-type", record.kind)
            self.send_header("content-length", str(len(record.body)))
            self.end_headers()
            self.wfile.write(record.body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    record.url = f"http://127.0.0.1:{server.server_port}"
    yield record
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def key() -> str:
    return KEY


@pytest.fixture
def config_for(tmp_path: Path) -> Callable[..., Path]:
    """The same profiles for another server."""
    return lambda url, extra="": write_config(tmp_path / "other.yaml", url, extra)
