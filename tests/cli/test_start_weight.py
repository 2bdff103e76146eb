"""What a plain `ask` loads: counts, which say the same on a busy machine as on a quiet one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

MOST_OWN_MODULES = 190
MOST_DATACLASSES = 8
"""A few more than there are today. A module takes a quarter of a millisecond, of 300 in all, a dataclass as much, and a
struct a tenth of it: what makes these grow belongs behind an import that is made when it is needed."""

MOST_MODULES_OF_PLAN = 146

NEVER = (
    "engine.sessions", "engine.batch", "engine.lookups", "engine.client", "engine.history.replay", "cli.views.report",
    "cli.views.batch", "providers.batches", "providers.catalogues", "profiles.price_corrections", "simulator",
    "providers.wires.anthropic", "providers.wires.gemini", "providers.emulation", "providers.framing.eventstream",
)  # fmt: skip
"""Rooms and modules that a plain call to one model has no use for."""

CODE = """
import json, sys, dataclasses
from pathlib import Path
made, make = [], dataclasses._process_class
def noted(kind, *given, **named):
    made.append(kind.__module__)
    return make(kind, *given, **named)
dataclasses._process_class = noted
from thinkdial.cli.main import main
try: main()
except SystemExit as end: code = end.code
own = [name.removeprefix("thinkdial.") for name in sys.modules if name.startswith("thinkdial.")]
classes = [name for name in made if name.startswith("thinkdial.")]
Path("seen.json").write_text(json.dumps([code or 0, own, classes]))
"""


class Answer(BaseHTTPRequestHandler):
    """One short stream for whatever is asked."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        last = {"choices": [{"index": 0, "delta": {"content": "Yes."}, "finish_reason": "stop"}]}
        body = b"data: " + json.dumps(last).encode() + b"\n\ndata: [DONE]\n\n"
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def seen(directory: Path, address: str, *words: str) -> tuple[list[str], list[str]]:
    """The modules and dataclasses of ours that a command has loaded."""
    config = directory / "mine.yaml"
    price = "price: {input: 1, output: 2}"
    config.write_text(f"profiles: {{p: {{provider: openai-compatible, model: m, base_url: {address!r}, {price}}}}}")
    given = [sys.executable, "-c", CODE, *words, "-p", "p", "--config", str(config)]
    home = {"HOME": str(directory), "XDG_CONFIG_HOME": str(directory), "XDG_DATA_HOME": str(directory)}
    subprocess.run(given, cwd=directory, env={**os.environ, **home}, capture_output=True, check=True, timeout=60)
    code, modules, classes = json.loads((directory / "seen.json").read_text())
    assert code == 0
    return modules, classes


def test_a_plain_ask_loads_no_more_than_it_needs(tmp_path: Path, address: str) -> None:
    seen(tmp_path, address, "ask", "Is 91 prime?")
    modules, classes = seen(tmp_path, address, "ask", "Is 91 prime?")
    assert "profiles.sections.parsed" in modules
    assert "profiles.sections.yaml_syntax" not in modules, "all that it reads was parsed before"
    assert "engine.history.writer" in modules, "the run was kept"
    assert [name for name in modules if any(name == one or name.startswith(f"{one}.") for one in NEVER)] == []
    assert len(modules) <= MOST_OWN_MODULES
    assert len(classes) <= MOST_DATACLASSES


def test_a_plan_loads_neither_transport_nor_history(tmp_path: Path, address: str) -> None:
    seen(tmp_path, address, "plan", "Is 91 prime?")
    modules, _ = seen(tmp_path, address, "plan", "Is 91 prime?")
    assert [name for name in modules if name.startswith(("engine.history.w", "engine.exchange.connections.conn"))] == []
    assert len(modules) <= MOST_MODULES_OF_PLAN
