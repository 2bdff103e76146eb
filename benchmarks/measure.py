"""Running both sides of a comparison in turns. A ratio is taken within each round, and the median of these counts.

The clock of a busy machine changes its pace between rounds, hardly within one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

LEAST_ROUNDS = 5
CHILD_TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Target:
    """A limit of one ratio: at most `limit`, or at least where `at_least` is set."""

    name: str
    ratio: str
    limit: float
    at_least: bool = False

    def is_met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{self.name} {self.ratio} {'>=' if self.at_least else '<='} {self.limit:g}"


@dataclass(frozen=True)
class Row:
    """One line of the report: ratios by name, the target for one of them, and the medians behind them.

    `spread` has the least and the most of the rounds for each ratio, where rounds were compared.
    """

    what: str
    ratios: Mapping[str, float]
    target: Target | None = None
    detail: str = ""
    spread: Mapping[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    met: bool | None = field(init=False)

    def __post_init__(self) -> None:
        met = self.target.is_met(self.ratios[self.target.ratio]) if self.target else None
        object.__setattr__(self, "met", met)

    def line(self) -> str:
        ratios = "  ".join(f"{name} {value:.2f}" for name, value in self.ratios.items())
        verdict = "" if self.target is None else f"{self.target}: {'met' if self.met else 'MISSED'}"
        return f"  {self.what:<62} {ratios:<24} {verdict:<28} {self.detail}".rstrip()

    def document(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Fact:
    """One line of the report that is no ratio: something that holds or does not."""

    what: str
    met: bool | None
    detail: str = ""

    def line(self) -> str:
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        return f"  {self.what:<87} {verdict:<28} {self.detail}".rstrip()

    def document(self) -> dict[str, Any]:
        return asdict(self)


Report = list[Row | Fact]


@dataclass(frozen=True)
class Spent:
    """Seconds that one run took: by the clock, and of CPU in user and system mode."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Taken:
    """What one side spent, round by round."""

    rounds: Sequence[Spent]

    @property
    def wall_s(self) -> float:
        return median(spent.wall_s for spent in self.rounds)

    @property
    def cpu_s(self) -> float:
        return median(spent.cpu_s for spent in self.rounds)

    def cpu_ratio(self, other: Taken) -> float:
        """The median over the rounds: how many times the CPU of `other`."""
        return median(self.cpu_ratios(other))

    def cpu_ratios(self, other: Taken) -> list[float]:
        return [mine.cpu_s / its.cpu_s for mine, its in zip(self.rounds, other.rounds, strict=True)]

    def wall_ratio(self, other: Taken) -> float:
        return median(self.wall_ratios(other))

    def wall_ratios(self, other: Taken) -> list[float]:
        return [mine.wall_s / its.wall_s for mine, its in zip(self.rounds, other.rounds, strict=True)]


def run_child(command: Sequence[str | Path], environment: Mapping[str, str], directory: Path) -> Spent:
    """Run a child to its end and say what it spent. Raises `RuntimeError` with its stderr when it fails."""
    with (directory / "stderr").open("w+b") as stderr:
        began = time.perf_counter()
        child = subprocess.Popen(
            [str(word) for word in command],
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            stderr.seek(0)
            raise RuntimeError(f"{command}: exit {child.returncode}\n{stderr.read().decode(errors='replace')}")
    return Spent(wall, usage.ru_utime + usage.ru_stime)


def in_turns(sides: Mapping[str, Callable[[], Spent]], rounds: int) -> dict[str, Taken]:
    """Run all sides once to warm up, then `rounds` times in turns, forwards and backwards."""
    for side in sides.values():
        side()
    taken: dict[str, list[Spent]] = {name: [] for name in sides}
    for number in range(max(rounds, LEAST_ROUNDS)):
        names = list(sides) if number % 2 else list(reversed(sides))
        for name in names:
            taken[name].append(sides[name]())
    return {name: Taken(spent) for name, spent in taken.items()}


def compare(what: str, ours: Taken, other: Taken, target: Target | None = None) -> Row:
    """The row of two sides: how many times `other` is what `ours` took."""
    return Row(
        what,
        {"cpu": ours.cpu_ratio(other), "wall": ours.wall_ratio(other)},
        target,
        f"{ours.cpu_s * 1000:.0f} / {other.cpu_s * 1000:.0f} ms CPU",
        {"cpu": _ends(ours.cpu_ratios(other)), "wall": _ends(ours.wall_ratios(other))},
    )


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def timed(work: Callable[[], object]) -> Spent:
    """What `work` spends in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def progress(words: str) -> None:
    print(f"... {words}", file=sys.stderr, flush=True)
