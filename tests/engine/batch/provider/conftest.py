"""Rows, profiles that call a simulator, and the commands: in this process, or as processes that can be killed."""

from __future__ import annotations

import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from thinkdial.simulator import Simulator, simulator_in_thread

KEY = "sk-marked-KEY-0123456789abcdef"
VENDORS = {
    "a": ("anthropic", "/anthropic", "claude-opus-5-5"),
    "o": ("openai", "/openai/v1", "gpt-6-sol"),
    "g": ("google", "/google", "gemini-4-argon"),
    "m": ("mistral", "/mistral", "mistral-medium-latest"),
    "x": ("xai", "/xai/v1", "grok-4.3"),
    "q": ("groq", "/groq/openai/v1", "openai/gpt-oss-120b"),
}


def write_config(path: Path, url: str, *, headers: str = "", extra: str = "") -> Path:
    lines = ["profiles:"]
    for name, (provider, where, model) in VENDORS.items():
        more = f", headers: {{x-simulate-fault: '{headers}'}}" if headers else ""
        lines.append(
            f"  {name}: {{provider: {provider}, base_url: '{url}{where}', model: '{model}', "
            f"api_key_env: SIM_KEY{more}}}"
        )
    path.write_text("\n".join(lines) + "\n" + extra, encoding="utf-8")
    return path


class Ended(Struct, frozen=True):
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Bench:
    """A simulator, a configuration that calls it, a file of rows, and the command."""

    simulator: Simulator
    config: Path
    directory: Path
    run: Callable[..., Ended]
    lines: list[str] = field(default_factory=list[str])

    @property
    def output(self) -> Path:
        return self.directory / "out.jsonl"

    @property
    def rows(self) -> Path:
        return self.directory / "rows.jsonl"

    def write_rows(self, count: int, **fields: Any) -> None:
        entries = [{"id": f"r{n}", "prompt": f"question {n}", "number": n, **fields} for n in range(count)]
        self.rows.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")

    def submit(self, *arguments: object, profiles: str = "a", config: Path | None = None) -> Ended:
        chosen = [part for name in profiles for part in ("-p", name)]
        return self.run(
            "batch", self.rows, *chosen, "--via", "provider", "-o", self.output, "--config", config or self.config,
            *arguments,
        )  # fmt: skip

    def wait(self, *arguments: object) -> Ended:
        return self.run("batch", "wait", "--poll", "0.01", *arguments)

    def collect(self, *arguments: object) -> Ended:
        return self.run("batch", "collect", *arguments)

    def through(self, *arguments: object, profiles: str = "a", config: Path | None = None) -> Ended:
        """Submit, wait and collect in one command."""
        return self.submit("--wait", "--poll", "0.01", *arguments, profiles=profiles, config=config)

    def results(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.read_text(encoding="utf-8").splitlines()]

    def statuses(self) -> Counter[str]:
        return Counter(result["status"] for result in self.results())

    def kinds(self) -> Counter[str | None]:
        return Counter(result["error"]["kind"] if result["error"] else None for result in self.results())

    def job(self) -> dict[str, Any]:
        return json.loads(self.run("batch", "list", "--json").out)["jobs"][0]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """A command in this process, with pipes for its three streams."""
    monkeypatch.setenv("SIM_KEY", KEY)
    monkeypatch.setenv("COLUMNS", "80")

    def command(*arguments: object, stdin: bytes = b"") -> Ended:
        from thinkdial.cli.main import main

        out, err = io.BytesIO(), io.BytesIO()
        streams = {
            "stdin": io.TextIOWrapper(io.BytesIO(stdin)),
            "stdout": io.TextIOWrapper(out, encoding="utf-8"),
            "stderr": io.TextIOWrapper(err, encoding="utf-8"),
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["thinkdial", *map(str, arguments)])
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            code = 0
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
            for name in ("stdout", "stderr"):
                streams[name].flush()
        return Ended(code, out.getvalue().decode(), err.getvalue().decode())

    return command


@pytest.fixture
def bench_for(tmp_path: Path, run: Callable[..., Ended]) -> Iterator[Callable[..., Bench]]:
    """A bench around a simulator with these options; `headers` ask for faults."""
    with ExitStack() as stack:

        def made(*, headers: str = "", extra: str = "", **options: Any) -> Bench:
            simulator = stack.enter_context(simulator_in_thread(**{"retry_after_s": 0.01, **options}))
            config = write_config(tmp_path / "profiles.yaml", simulator.base_url, headers=headers, extra=extra)
            return Bench(simulator, config, tmp_path, run)

        yield made


@pytest.fixture
def bench(bench_for: Callable[..., Bench]) -> Bench:
    return bench_for()


@pytest.fixture
def config_with(tmp_path: Path) -> Callable[..., Path]:
    """The same profiles with other headers or more lines."""
    return lambda url, name="other.yaml", **more: write_config(tmp_path / name, url, **more)
