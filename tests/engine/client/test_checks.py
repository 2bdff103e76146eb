"""`expect=` and `Gate` for programs: checks of answers, and what must not be true of them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

import thinkdial

SUM = "What is 40 + 50?"


@pytest.fixture
def checked(sim: Path) -> Path:
    checks = f"""
checks:
  ninety: {{command: [{sys.executable}, -c, "import sys; sys.exit('90' not in sys.stdin.read())"]}}
  good: {{judge: {{profile: g, question: How good?, scale: 1-5, least: 1}}}}
"""
    sim.write_text(sim.read_text(encoding="utf-8") + checks, encoding="utf-8")
    return sim


def test_answers_are_checked_as_rows_say_it(checked: Path) -> None:
    assert thinkdial.ask(SUM, "a", expect={"contains": "90", "command": "ninety"}, config=checked).passed is True
    failed = thinkdial.ask(SUM, "a", expect="ninety", config=checked)
    assert failed.passed is False and failed.expect_note == "the answer is another one"
    assert thinkdial.ask(SUM, "a", expect=90, config=checked).passed is True
    assert thinkdial.ask(SUM, "a", config=checked).passed is None


def test_a_judge_is_paid_by_the_client(checked: Path) -> None:
    async def both() -> tuple[thinkdial.Run, thinkdial.Result]:
        async with thinkdial.Client(checked, max_cost="0.75") as client:
            run = await client.compare(SUM, ["a", "o"], expect={"judge": "good"})
            return run, await client.ask(SUM, "a")

    run, after = asyncio.run(both())
    assert all(one.passed is True and one.checks[0].opinion and one.checks[0].calls == 1 for one in run.results)
    assert run.summary.checks_usd is not None and run.summary.checks_usd > 0
    assert after.status == "ok"


def test_a_gate_says_what_failed(checked: Path) -> None:
    run = thinkdial.compare(SUM, ["a", "o"], expect={"contains": "zebra"}, config=checked)
    gate = thinkdial.Gate.parse("pass<1", "cost>100")
    assert gate.failures(run.results) == [
        "a @auto: pass<1: pass is 0 (0 of 1 passed)",
        "o @auto: pass<1: pass is 0 (0 of 1 passed)",
    ]
    batch = thinkdial.batch([SUM, {"prompt": SUM, "expect": "x", "id": "b"}], "a", expect=90, config=checked)
    assert [one.passed for one in batch.results] == [True, False]
    assert gate.failures(batch.results) == ["a @auto: pass<1: pass is 0.5 (1 of 2 passed)"]


def test_what_cannot_be_judged_raises_before_anything_is_sent(checked: Path) -> None:
    for expect in ({"command": "rm"}, {"regex": "("}, {"judge": {"profile": "a"}}, {}):
        with pytest.raises(thinkdial.UsageError):
            thinkdial.ask(SUM, "a", expect=expect, config=checked)
    with pytest.raises(thinkdial.UsageError):
        thinkdial.batch([SUM], "a", expect={"agree": 0.5}, config=checked)
    assert thinkdial.batch([SUM], "a", expect={"judge": "good"}, config=checked).results[0].passed is True
