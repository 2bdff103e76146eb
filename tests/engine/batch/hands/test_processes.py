"""`--processes` with real ones, which are killed, stopped, and come without what they need."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.engine.batch.end import BatchEnd
from thinkdial.engine.batch.hands import child, crew, local
from thinkdial.engine.batch.listener import NoListener
from thinkdial.engine.batch.options import BatchOptions, Workers
from thinkdial.engine.batch.rows.rows import Row
from thinkdial.engine.batch.run import NoWatcher, ready_batch
from thinkdial.engine.results.result import Result
from thinkdial.engine.runs.money import CostOptions
from thinkdial.profiles.config import load

from .conftest import KEY, Bench

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="workers are looked up in /proc"),
]


class Spoken(NoListener):
    def __init__(self) -> None:
        self.words: list[str] = []

    def info(self, words: str, *, important: bool = False) -> None:
        self.words.append(words)

    note = info


class Watching(NoWatcher):
    """Calls `act` after so many results."""

    def __init__(self, acts: dict[int, Callable[[], None]]) -> None:
        self._acts, self.count = acts, 0

    def result(self, result: Result, row: Row, *, is_written: bool) -> None:
        self.count += 1
        if (act := self._acts.pop(self.count, None)) is not None:
            act()


def workers() -> list[int]:
    """The worker processes of this one."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                status, line = (entry / "stat").read_text(), (entry / "cmdline").read_bytes()
                if int(status.rpartition(")")[2].split()[1]) == os.getpid() and b"hands.child" in line:
                    found.append(int(entry.name))
    return sorted(found)


def run(bench: Bench, acts: dict[int, Callable[[], None]], spoken: Spoken, **more: object) -> BatchEnd:
    options = BatchOptions(bench.rows, bench.output, ("a",), workers=Workers(3), **more)  # pyright: ignore[reportArgumentType]
    with ready_batch(options, load(bench.config), spoken) as ready:
        return asyncio.run(ready.make(Watching(acts)))


def billed(bench: Bench) -> int:
    return sum(bench.completed().values())


def test_killed_and_stopped_workers_lose_nothing_and_all_is_told(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "SILENCE_S", 4.0)
    made, spoken, stopped = bench(300, pace=0.15), Spoken(), list[int]()
    made.configure(more="limits: {concurrency: 12}")

    def kill() -> None:
        os.kill(workers()[0], signal.SIGKILL)

    def stop() -> None:
        stopped.append(workers()[0])
        os.kill(stopped[0], signal.SIGSTOP)

    def go_on() -> None:
        os.kill(stopped[0], signal.SIGCONT)

    end = run(made, {40: kill, 90: stop, 230: go_on}, spoken)
    ended, words = end.ended, "\n".join(spoken.words)
    assert ended.finished and not ended.missing, (ended, words)
    lines = made.lines()
    assert sorted(line["row_id"] for line in lines) == sorted(f"r{n}" for n in range(300))
    assert all(line["status"] == "ok" and line["passed"] is True for line in lines)
    assert "killed by signal 9" in words and "not heard of for 4 s" in words and "is heard of again" in words, words
    # Each call was counted before it left: what was made beyond one a row is told, with its cost.
    beyond = billed(made) - 300
    assert ended.left.again.calls > 0 and "of lost workers were asked again" in words
    assert beyond <= ended.left.again.calls and ended.left.again.usd > 0 and not ended.left.again.unpriced
    told = sum((Decimal(line["cost"].get("lost_usd") or 0) for line in lines), Decimal(0))
    assert told == ended.left.again.usd
    assert workers() == []


def test_no_key_of_its_own_and_another_version_is_no_worker(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, begun = bench(12), list[Sequence[str]]()
    real = child.begin
    other = "import thinkdial.engine.batch.hands.identity as i; i.code_version = lambda: 'another';" + child.PROGRAM
    without = {name: value for name, value in os.environ.items() if name != "SIM_KEY"}

    def begin(program: str, *_: object, **__: object) -> child.Child:
        begun.append([])
        match len(begun):
            case 1:
                return real(other)
            case 2:
                return real(program, environment=without)
            case _:
                return real(program)

    monkeypatch.setattr(local, "begin", begin)
    monkeypatch.setattr(local, "sealed_for_child", None)
    spoken = Spoken()
    end = run(made, {}, spoken)
    words = "\n".join(spoken.words)
    assert end.ended.finished and len(made.lines()) == 12
    assert "it has thinkdial another" in words and "SIM_KEY is not set" in words, words
    assert KEY not in words


def test_the_budget_holds_and_a_finished_batch_begins_nobody(bench: Callable[..., Bench]) -> None:
    made, spoken = bench(60), Spoken()
    end = run(made, {}, spoken, cost=CostOptions(Decimal("0.10")))
    assert end.ended.budget is not None and not end.ended.finished
    spent = sum(Decimal(line["cost"]["usd"]) for line in made.lines())
    assert 0 < spent <= Decimal("0.10")
    assert run(made, {}, spoken).ended.finished and len(made.lines()) == 60
    asked, begun = len(made.simulator.requests), list[int]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "begin", lambda *_, **__: begun.append(1))
        assert run(made, {}, spoken).ended.finished
    assert len(made.simulator.requests) == asked and not begun
