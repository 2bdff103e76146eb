"""Levels that are not shown to do anything are marked in sweeps and in batch summaries, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from thinkdial.cli.commands.setup.simulated_profiles import simulated_profiles
from thinkdial.simulator import Simulator, simulator_in_thread

Cli = Callable[..., Any]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with simulator_in_thread(seed=1) as running:
        yield running


@pytest.fixture
def sim(simulator: Simulator, tmp_path: Path) -> str:
    path = tmp_path / "sim.yaml"
    path.write_text(simulated_profiles(simulator.base_url, simulator.mark))
    return str(path)


def judgements(entries: list[dict[str, Any]]) -> dict[str, str | None]:
    return {one["think"]: one["step"] and one["step"]["judgement"] for one in entries}


def test_a_sweep(cli: Cli, sim: str):
    asked = ("compare", "What is 17 + 25?", "-p", "arm-noop", "-t", "low,medium,high", "--config", sim)
    cells = cli(*asked, "--repeat", "10", "--json").json["cells"]
    assert judgements(cells) == {"low": None, "medium": "not_shown", "high": "differ"}
    assert cells[1]["step"]["lower"] == "low" and cells[1]["step"]["detectable"] > 1
    shown = cli(*asked, "--repeat", "10").out
    assert "@medium ≈" in shown and "≈ arm-noop: medium not shown to differ from low (n=10" in shown


def test_one_sample_each_is_too_few_and_marks_nothing(cli: Cli, sim: str):
    asked = ("compare", "What is 17 + 25?", "-p", "arm-noop", "-t", "low,medium,high", "--config", sim)
    assert judgements(cli(*asked, "--json").json["cells"]) == {"low": None, "medium": "too_few", "high": "too_few"}
    assert "≈" not in cli(*asked).out


def test_silence_about_reasoning_is_not_zero(cli: Cli, sim: str):
    asked = ("compare", "What is 17 + 25?", "-p", "arm-silent", "-t", "low,high", "--repeat", "6", "--config", sim)
    assert set(judgements(cli(*asked, "--json").json["cells"]).values()) == {None}


def test_a_batch(cli: Cli, sim: str, tmp_path: Path):
    rows, summary = tmp_path / "rows.jsonl", tmp_path / "summary.json"
    rows.write_text("".join(json.dumps({"id": str(n), "prompt": f"What is {n} + 1?"}) + "\n" for n in range(14)))
    out = tmp_path / "out.jsonl"
    done = cli(
        "batch", str(rows), "-p", "arm-noop", "-t", "low,medium,high", "-o", str(out), "--summary", str(summary),
        "--config", sim,
    )  # fmt: skip
    assert done.code == 0, done.err
    groups = json.loads(summary.read_text())["groups"]
    assert judgements(groups) == {"low": None, "medium": "not_shown", "high": "differ"}
    assert groups[1]["step"]["paired"] and groups[1]["step"]["n_lower"] == 14
    assert "≈ medium not shown to differ from low (n=14 prompts" in " ".join(done.everything.split())
