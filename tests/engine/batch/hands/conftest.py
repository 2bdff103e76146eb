"""A simulator that is watched, a configuration that calls it, and rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from thinkdial.simulator import Simulator, simulator_in_thread

KEY = "sk-marked-KEY-0123456789abcdef"


@dataclass
class Bench:
    """What the rows are sent to, and what it saw."""

    simulator: Simulator
    directory: Path
    most_at_once: int = 0
    _now: int = 0
    _lock: Lock = field(default_factory=Lock)

    @property
    def config(self) -> Path:
        return self.directory / "sim.yaml"

    @property
    def rows(self) -> Path:
        return self.directory / "rows.jsonl"

    @property
    def output(self) -> Path:
        return self.directory / "out.jsonl"

    def configure(self, model: str = "claude-opus-5-5", more: str = "limits: {concurrency: 6}") -> None:
        url = f"{self.simulator.base_url}/anthropic"
        self.config.write_text(
            f"profiles:\n  a: {{provider: anthropic, base_url: '{url}', model: '{model}', "
            f"api_key_env: SIM_KEY, {more}}}\n",
            encoding="utf-8",
        )

    def write_rows(self, count: int) -> None:
        entries = [
            {"id": f"r{n}", "prompt": f"question {n}", "number": n, "expect": {"contains": f"question {n}"}}
            for n in range(count)
        ]
        self.rows.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")

    def watch(self) -> None:
        """Count the requests that are under way at the same time."""
        log: Any = self.simulator._log
        add, close = log.add, log.close

        def arrived(request: Any) -> None:
            with self._lock:
                self._now += 1
                self.most_at_once = max(self.most_at_once, self._now)
            add(request)

        def ended(number: int) -> None:
            with self._lock:
                self._now -= 1
            close(number)

        log.add, log.close = arrived, ended

    def completed(self) -> Counter[str]:
        """How often each prompt was answered to its end."""
        return Counter(
            prompt_of(request.body)
            for request in self.simulator.requests
            if request.completed and request.status == 200 and not request.faults
        )

    def lines(self) -> list[dict[str, Any]]:
        """All lines of the output."""
        return [json.loads(line) for line in self.output.read_bytes().splitlines()]

    def answered(self) -> int:
        """How many results are in the output by now."""
        return self.output.read_bytes().count(b"\n") if self.output.exists() else 0


def prompt_of(body: Any) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else content[-1]["text"]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bench]]:
    """A bench with a simulator of these arguments."""
    monkeypatch.setenv("SIM_KEY", KEY)
    with ExitStack() as stack:

        def make(rows: int, **simulated: Any) -> Bench:
            made = Bench(stack.enter_context(simulator_in_thread(retry_after_s=0.02, **simulated)), tmp_path)
            made.configure()
            made.write_rows(rows)
            made.watch()
            return made

        yield make
