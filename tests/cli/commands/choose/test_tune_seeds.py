"""Whole trials over HTTP, with several seeds of the simulator: the issue's figures in small."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thinkdial.simulator import Simulator, simulator_in_thread

from .conftest import write_arms, write_sums

pytestmark = pytest.mark.slow
Run = Callable[..., Any]
LOW = ("p40", "p50", "p60", "p70", "p75", "p80", "p97", "dear")
TWELVE = (*(f"arm-{name}@low" for name in LOW), "arm-p99@medium", "arm-p100@medium", "arm-p97@high", "arm-p99@high")
"""For a target of 0.9 arm-p97@low is the cheapest that passes, and arm-p80@low, 0.1 below, the nearest that fails."""


@pytest.fixture(params=range(4))
def evening(request: pytest.FixtureRequest) -> Iterator[tuple[Simulator, int]]:
    """A simulator with a seed of its own, so that all its samples are others, and the seed."""
    seed = 100 + request.param
    with simulator_in_thread(seed=seed) as running:
        yield running, seed


def profiles(names: tuple[str, ...]) -> list[str]:
    return [part for name in names for part in ("-p", name)]


def test_twelve_arms(cli: Run, evening: tuple[Simulator, int], tmp_path: Path) -> None:
    config, rows = write_arms(tmp_path / "arms.yaml", evening[0]), write_sums(tmp_path / "sums.jsonl", 400)
    command = ("tune", rows, *profiles(TWELVE), "--target", "0.9", "--max-cost", "4", "--seed", evening[1])
    found = cli(*command, "--json", "--config", config).json
    share = found["calls"] / found["calls_of_whole_grid"]
    sys.stdout.write(f"seed {evening[1]}: {found['outcome']} {found['chosen']}, {share:.1%}, {found['usd']} USD\n")
    assert found["chosen"] == "arm-p97@low" and share <= 0.6 and Decimal(found["usd"]) <= 4


@pytest.mark.parametrize("rate", [70, 90, 98])
def test_equal_arms_are_not_told_apart(cli: Run, evening: tuple[Simulator, int], tmp_path: Path, rate: int) -> None:
    config, rows = write_arms(tmp_path / "arms.yaml", evening[0]), write_sums(tmp_path / "sums.jsonl", 150)
    equal = profiles(tuple(f"arm-equal{rate}-{letter}@low" for letter in "abcd"))
    found = cli("tune", rows, *equal, "--seed", evening[1], "--json", "--config", config).json
    assert found["outcome"] == "cannot_tell" and len(found["left"]) > 1
