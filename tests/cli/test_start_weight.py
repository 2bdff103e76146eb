"""What commands load: counts, which say the same on a busy machine as on a quiet one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest

MOST_OWN_MODULES = 203
MOST_DATACLASSES = 0
"""A few more than there are today. A module takes a quarter of a millisecond, of 300 in all, a dataclass as much, and a
struct a tenth of it: what makes these grow belongs behind an import that is made when it is needed."""

MOST_MODULES, MOST_CLASSES = 452, 680
"""Those of libraries, too."""

NETWORK = ("asyncio", "ssl", "httpx2", "httpcore2", "anyio", "aiohttp", "http.client")
CLIENTS = ("httpx2", "httpcore2", "anyio", "aiohttp")
"""Of HTTP: only proxies, packed bodies and odd trust stores need one of them."""

HEAVY = ("genai_prices", "pydantic", "jinja2", "markdown_it", "prompt_toolkit", "keyring", "jsonschema", "ray", "PIL")
CALLS = ("thinkdial.engine.exchange.reader", "thinkdial.engine.exchange.outcome", "thinkdial.engine.planning.prepare")
"""What plans, makes and decodes calls: of no use to a list."""

DIALECTS = ("thinkdial.providers.dialects.anthropic_messages", "thinkdial.providers.dialects.openai_responses")
"""What facts about providers name, and a list has no use for once they were read."""

COMMANDS: tuple[tuple[str, tuple[str, ...], int, int], ...] = (
    ("plan hi -p p", (*NETWORK, *HEAVY, "rich", "thinkdial.engine.history.writer"), 328, 458),
    ("plan hi -p claude", (*NETWORK, *HEAVY, "rich"), 331, 472),
    ("profiles list", (*NETWORK, *HEAVY, *CALLS, *DIALECTS, "sqlite3", "rich", "email"), 265, 370),
    ("models", (*NETWORK, *HEAVY, *CALLS, *DIALECTS, "sqlite3", "rich", "email"), 279, 410),
    ("prices show gpt-6-sol", (*NETWORK, *HEAVY, *CALLS, *DIALECTS, "sqlite3", "rich", "email"), 274, 402),
    ("history list", (*NETWORK, *HEAVY, *CALLS, "rich", "yaml", "email", "hashlib"), 244, 342),
    ("spend", (*NETWORK, *HEAVY, *CALLS, "rich", "yaml", "email"), 271, 373),
    ("compare hi -p p -p q -p r", (*HEAVY, *CLIENTS, "rich"), 464, 692),
    ("batch run rows.jsonl -p p", (*HEAVY, *CLIENTS), 651, 965),
    ("batch run rows.jsonl -p p -o out.jsonl", (*HEAVY, *CLIENTS), 622, 945),
    ("--help", (*NETWORK, *HEAVY, "sqlite3", "yaml", "rich.console"), 188, 274),
)
"""Each command with what it must not import, and the most modules and classes that it may bring into the process: of
ours and of libraries, a few more than today."""

NEVER = (
    "engine.sessions", "engine.batch", "engine.lookups", "engine.client", "engine.history.replay", "cli.views.report",
    "cli.views.batch", "providers.batches", "providers.catalogues", "profiles.price_corrections", "simulator",
    "providers.wires.anthropic", "providers.wires.gemini", "providers.emulation", "providers.framing.eventstream",
)  # fmt: skip
"""Rooms and modules that a plain call to one model has no use for."""

CODE = """
import builtins, json, sys, dataclasses
from pathlib import Path
build, built = builtins.__build_class__, 0
def counted(*given, **named):
    global built
    built += 1
    return build(*given, **named)
builtins.__build_class__ = counted
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
Path("seen.json").write_text(json.dumps([code or 0, own, classes, list(sys.modules), built]))
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


class Load(NamedTuple):
    """What a command has loaded: modules and dataclasses of ours, all modules, and how many classes were made."""

    own: list[str]
    dataclasses: list[str]
    modules: list[str]
    classes: int


def seen(directory: Path, address: str, *words: str) -> Load:
    """What a command loads whose caches are full."""
    config = directory / "thinkdial" / "config.yaml"
    config.parent.mkdir(exist_ok=True)
    of = f"provider: openai-compatible, model: m, base_url: {address!r}, price: {{input: 1, output: 2}}"
    config.write_text(f"profiles: {{{', '.join(f'{name}: {{{of}}}' for name in 'pqr')}}}")
    home = {name: str(directory) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    given = [sys.executable, "-c", CODE, *words]
    env = {**os.environ, **home}
    for _ in range(2):
        subprocess.run(given, cwd=directory, env=env, capture_output=True, check=True, timeout=60)
    code, own, classes, modules, made = json.loads((directory / "seen.json").read_text())
    assert code == 0, words
    return Load(own, classes, modules, made)


def among(names: Iterable[str], rooms: Sequence[str]) -> list[str]:
    """The modules that are one of `rooms`, or in one."""
    return sorted(name for name in names if any(name == one or name.startswith(f"{one}.") for one in rooms))


def test_a_plain_ask_loads_no_more_than_it_needs(tmp_path: Path, address: str) -> None:
    found = seen(tmp_path, address, "ask", "Is 91 prime?", "-p", "p")
    assert "profiles.sections.parsed" in found.own
    assert "profiles.sections.yaml_syntax" not in found.own, "all that it reads was parsed before"
    assert "engine.history.writer" in found.own, "the run was kept"
    assert among(found.own, NEVER) == []
    assert among(found.modules, (*HEAVY, *CLIENTS, "rich.console")) == []
    assert len(found.own) <= MOST_OWN_MODULES
    assert len(found.dataclasses) <= MOST_DATACLASSES
    assert len(found.modules) <= MOST_MODULES and found.classes <= MOST_CLASSES


@pytest.mark.slow
def test_each_command_loads_no_more_than_it_needs(tmp_path: Path, address: str) -> None:
    (tmp_path / "rows.jsonl").write_text('{"prompt": "hi"}\n')
    seen(tmp_path, address, "ask", "hi", "-p", "p")  # what the history lists
    wrong: list[str] = []
    for words, never, most_modules, most_classes in COMMANDS:
        found = seen(tmp_path, address, *words.split())
        if those := among(found.modules, never):
            wrong.append(f"{words}: imports {those[:5]}")
        if len(found.modules) > most_modules or found.classes > most_classes:
            wrong.append(f"{words}: {len(found.modules)} modules, {found.classes} classes")
    assert not wrong, "\n".join(wrong)
