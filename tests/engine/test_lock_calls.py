"""`write_lock` and `check_lock` of the library, against the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import thinkdial
from thinkdial.simulator import Simulator, simulator_in_thread


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with simulator_in_thread() as running:
        yield running


@pytest.fixture
def config(simulator: Simulator, tmp_path: Path) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(
        f"profiles: {{a: {{provider: anthropic, model: claude-opus-5-5, base_url: '{simulator.base_url}/anthropic',"
        f" headers: {{x-api-key: simulated-key}}, simulated: {simulator.mark}}}}}\n",
        encoding="utf-8",
    )
    return path


def test_a_lock_is_written_and_held_against_what_answers(config: Path, tmp_path: Path, simulator: Simulator) -> None:
    file = tmp_path / "a.lock"
    lock = thinkdial.write_lock(file, ["a@low", "a@high"], probes=3, repeat=2, config=config, max_cost=5)
    assert [entry.name for entry in lock.entries] == ["a@low", "a@high"] and len(simulator.requests) == 12
    found = thinkdial.check_lock(file, probes=2, config=config)
    assert found.state == "same" and len(simulator.requests) == 20
    without = thinkdial.check_lock(file, calls=False, config=config)
    assert without.state in ("same", "unread") and len(simulator.requests) == 20
    gone = config.with_name("gone.yaml")
    gone.write_text("profiles: {}\n", encoding="utf-8")
    assert thinkdial.check_lock(file, config=gone).state == "unread"


def test_what_cannot_be_is_said_before_anything_is_sent(config: Path, tmp_path: Path, simulator: Simulator) -> None:
    other = tmp_path / "mine.txt"
    other.write_text("my own words", encoding="utf-8")
    wrong: list[tuple[Any, str]] = [
        (lambda: thinkdial.write_lock(other, "a", config=config), "is no lock"),
        (lambda: thinkdial.write_lock(tmp_path / "b", "a@~2000", config=config), "one think value"),
        (lambda: thinkdial.write_lock(tmp_path / "b", "a", config=config, repeat="2"), "whole number"),
        (lambda: thinkdial.check_lock(tmp_path / "none", config=config), "cannot be read"),
        (lambda: thinkdial.check_lock(other, config=config, false_alarms=2), "false_alarms"),
        (lambda: thinkdial.write_lock(tmp_path / "b", "a", config=config, max_cost="0.0000001"), "USD"),
    ]
    for call, words in wrong:
        with pytest.raises(thinkdial.ThinkdialError, match=words):
            call()

    async def inside() -> None:
        thinkdial.check_lock(tmp_path / "none", config=config)

    with pytest.raises(thinkdial.UsageError, match="inside a running event loop"):
        asyncio.run(inside())
    assert not simulator.requests and other.read_text() == "my own words"
