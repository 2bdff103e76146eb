"""`thinkdial.tune` and `Client.tune` against simulated models whose truth is known."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import thinkdial
from thinkdial.simulator import ARMS, Simulator, simulator_in_thread

DIAL = (
    "thinking: {control: effort, levels: [minimal, low, medium, high, xhigh, max], absent: medium, can_be_off: true,"
    " visibility: hidden, spelling: {openai-chat: openai-chat-effort}}"
)
FEW = ["arm-p50@low", "arm-p97@low", "arm-dear@low"]
ROWS: list[dict[str, Any]] = [
    {"prompt": f"What is {n} + {3 * n}?", "expect": {"number": 4 * n}} for n in range(100, 300)
]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with simulator_in_thread() as running:
        yield running


@pytest.fixture
def config(simulator: Simulator, tmp_path: Path) -> Path:
    where = f"provider: openai-compatible, base_url: '{simulator.base_url}/compatible/v1'"
    entries = (
        f"  {arm.id}: {{{where}, model: {arm.id}, price: {{input: {arm.input_usd:g}, output: {arm.output_usd:g}}},"
        f" {DIAL}, simulated: {simulator.mark}}}\n"
        for arm in ARMS.values()
    )
    path = tmp_path / "arms.yaml"
    path.write_text("profiles:\n" + "".join(entries), encoding="utf-8")
    return path


@pytest.mark.slow
def test_rows_of_a_program(config: Path) -> None:
    found = thinkdial.tune(ROWS, FEW, target=0.9, config=config, max_cost=5)
    assert found.outcome is thinkdial.TrialOutcome.FOUND and found.chosen == "arm-p97@low"
    assert found.choice is not None and (found.choice.pass_low or 0) >= 0.9
    assert found.usd is not None and found.usd <= 5 and found.calls < found.whole_grid


@pytest.mark.slow
def test_an_output_and_gates(config: Path, tmp_path: Path, simulator: Simulator) -> None:
    out, gate = tmp_path / "out.jsonl", thinkdial.Gate.parse("reasoning_tokens>1")
    found = thinkdial.tune(ROWS, FEW, target=0.9, config=config, output=out, gate=gate)
    assert len(found.gate_failures) == 1 and found.gate_failures[0].startswith("arm-p97 @low: reasoning_tokens>1")
    before = len(simulator.requests)
    again = thinkdial.tune(ROWS, FEW, target=0.9, config=config, output=out)
    assert len(simulator.requests) == before and (again.chosen, again.earlier) == (found.chosen, found.calls)
    copied = thinkdial.tune(ROWS, FEW, target=0.9, config=config, samples_from=out)
    assert copied.earlier == found.calls


def test_one_purse_for_all_of_a_client(config: Path) -> None:
    async def twice() -> list[thinkdial.TrialReport]:
        async with thinkdial.Client(config, max_cost="0.08") as client:
            first = await client.tune(ROWS, ["arm-p50@low", "arm-p97@low"], target=0.9)
            return [first, await client.tune(ROWS, FEW, target=0.9, seed=1)]

    reports = asyncio.run(twice())
    spent = sum((report.usd or Decimal(0) for report in reports), Decimal(0))
    assert spent <= Decimal("0.08") and reports[-1].end is thinkdial.TrialEnd.BUDGET


def test_what_cannot_be(config: Path) -> None:
    with pytest.raises(thinkdial.UsageError, match="a target of 2"):
        thinkdial.tune(ROWS, FEW, target=2, config=config)
    with pytest.raises(thinkdial.UsageError, match="none of the 1 rows has an expectation"):
        thinkdial.tune(["1 + 1"], FEW, config=config)
    with pytest.raises(thinkdial.UsageError, match="'targets' is no option of a trial"):
        thinkdial.tune(ROWS, FEW, config=config, targets=1)  # type: ignore[call-arg]


def wait_for_lines(path: Path) -> None:
    while not path.exists() or not path.stat().st_size:
        time.sleep(0.01)


def test_a_cancelled_trial_keeps_what_came(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"

    async def cut() -> None:
        async with thinkdial.Client(config) as client:
            task = asyncio.create_task(client.tune(ROWS, FEW, target=0.9, output=out))
            await asyncio.to_thread(wait_for_lines, out)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cut())
    done = len(out.read_bytes().splitlines())
    found = thinkdial.tune(ROWS, FEW, target=0.9, config=config, output=out)
    assert found.chosen == "arm-p97@low" and 0 < found.earlier <= done


@pytest.mark.parametrize(
    "options", [{"target": "0.9"}, {"confidence": "a"}, {"seed": "x"}, {"max_rows": 2.5}, {"concurrency": "3"}]
)
def test_what_is_no_number_is_said(config: Path, options: dict[str, Any]) -> None:
    with pytest.raises(thinkdial.UsageError, match=f"{next(iter(options))} is a (whole )?number, not"):
        thinkdial.tune(ROWS[:1], FEW, config=config, **options)


@pytest.mark.parametrize("repeat", ["3", 2.5, True])
def test_a_repeat_is_a_whole_number(config: Path, repeat: Any) -> None:
    for call in (thinkdial.compare, thinkdial.plan):
        with pytest.raises(thinkdial.UsageError, match="repeat is a whole number"):
            call("q", FEW, config=config, repeat=repeat)
    with pytest.raises(thinkdial.UsageError, match="repeat is a whole number"):
        thinkdial.batch(ROWS[:1], FEW, config=config, repeat=repeat)
