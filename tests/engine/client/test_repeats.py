"""Samples in the library: `repeat` of compare, batch and plan, told and in order."""

from __future__ import annotations

from pathlib import Path

import pytest

import thinkdial
from thinkdial.simulator import Simulator


def test_compare_takes_samples(sim: Path) -> None:
    run = thinkdial.compare("hi", ["a", "o"], think="low", repeat=3, config=sim)
    assert [(one.profile, one.repeat) for one in run.results] == [(name, n) for name in "ao" for n in (1, 2, 3)]
    cells = thinkdial.cells_of(run.results)
    assert [(cell.profile, cell.samples, cell.usd.n) for cell in cells] == [("a", 3, 3), ("o", 3, 3)]


def test_a_name_that_is_given_twice_is_two_samples_and_told(sim: Path) -> None:
    said: list[str] = []
    run = thinkdial.compare("hi", ["a", "a"], config=sim, note=said.append)
    assert [one.repeat for one in run.results] == [1, 2] and any("named 2 times" in words for words in said)


def test_batch_takes_samples_and_goes_on_with_them(sim: Path, simulator: Simulator, tmp_path: Path) -> None:
    made = thinkdial.batch(["one", "two"], "a", think=["low", "high"], repeat=2, config=sim)
    assert [(one.row_id == made.results[0].row_id, one.think.requested, one.repeat) for one in made.results] == [
        *((True, think, n) for think in ("low", "high") for n in (1, 2)),
        *((False, think, n) for think in ("low", "high") for n in (1, 2)),
    ]  # fmt: skip
    assert all(group.samples == 2 for group in made.summary.groups)
    rows, output = tmp_path / "rows.txt", tmp_path / "out.jsonl"
    rows.write_text("one\ntwo\n", encoding="utf-8")
    before = len(simulator.requests)
    for repeat, asked in ((1, 2), (3, 6), (2, 6)):
        made = thinkdial.batch(rows, "a", repeat=repeat, config=sim, output=output)
        assert made.finished and len(simulator.requests) - before == asked


def test_a_plan_counts_them_and_ask_takes_none(sim: Path) -> None:
    (call,) = thinkdial.plan("hi", "a", repeat=4, config=sim).calls
    assert call.samples == 4
    with pytest.raises(thinkdial.UsageError, match="'repeat' is no option of ask"):
        thinkdial.ask("hi", "a", repeat=2, config=sim)
    with pytest.raises(thinkdial.UsageError, match="repeat is from 1 to 1000, not 0"):
        thinkdial.compare("hi", "a", repeat=0, config=sim)
