"""A batch that is killed again and again: `spend` knows at least what the server has answered."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.history.store import Store
from thinkdial.engine.history.sums.spend import spent, spent_in
from thinkdial.simulator import simulator_in_thread

from ...forks.child import Forks
from .test_kills import Runs

pytestmark = pytest.mark.slow

ROWS = 300
KILLS = 10
AT_ONCE = 32
PROFILE = """\
profiles:
  p: {{provider: anthropic, base_url: '{url}/anthropic', model: claude-opus-5-5, headers: {{x-api-key: k}},
      price: {{input: 1, output: 2}}, limits: {{concurrency: {at_once}}}}}
{more}
"""


def limited(usd: str) -> str:
    return f"budget: {{daily_usd: {usd}}}"


@pytest.mark.parametrize("more", ["", limited("1000"), "history: {enabled: false}\n" + limited("1000")])
def test_ten_kills_hide_nothing_that_was_answered(tmp_path: Path, forks: Forks, more: str) -> None:
    rows, log, dice = tmp_path / "rows.jsonl", tmp_path / "requests.jsonl", random.Random(7)
    rows.write_text("".join(json.dumps({"id": str(n), "prompt": f"row {n}."}) + "\n" for n in range(ROWS)))
    with simulator_in_thread(log=log, pace=0.05) as simulator, (tmp_path / "errors.txt").open("wb") as errors:
        config = tmp_path / "sim.yaml"
        config.write_text(PROFILE.format(url=simulator.base_url, at_once=AT_ONCE, more=more))
        command = ["batch", str(rows), "-p", "p", "-o", str(tmp_path / "out.jsonl"), "--config", str(config), "-q"]
        runs = Runs(forks, tmp_path, command, errors)
        kills, size = 0, 2000 * ROWS
        for _ in range(100):
            goal = runs.size() + int(dice.uniform(0.02, 0.12) * size)
            run = runs.start()
            if runs.ends_before(run, goal):
                break
            if kills < KILLS:
                run.kill()
                kills += 1
            run.wait()
        answered, requests = counted(log, answers), counted(log, lambda _: True)
    assert kills == KILLS, (tmp_path / "errors.txt").read_text()[-2000:]
    assert len(runs.output.read_bytes().splitlines()) == ROWS
    with Store.open() as store:
        rows_of_spend, total = spent(store, "profile")
        since = rows_of_spend and spent(store, "day")[0][0].key
        known, unknown = spent_in(store, _day(str(since)))
    written = sum(Decimal(json.loads(line)["cost"]["usd"]) for line in runs.output.read_bytes().splitlines())
    assert answered <= total.results <= requests + KILLS * AT_ONCE
    assert total.unpriced == unknown == 0
    assert total.usd is not None and total.usd >= written * answered / ROWS
    assert known == total.usd, "nobody is under way, so that budgets know as much"
    print(  # noqa: T201 the numbers of the run are what one starts it for
        f"{requests} requests, {answered} answered, {total.results} known, {total.estimated} of them estimated"
    )


def answers(entry: dict[str, Any]) -> bool:
    return entry["status"] == 200 and entry["completed"]


def counted(log: Path, fits: Callable[[dict[str, Any]], bool]) -> int:
    return sum(1 for line in log.read_bytes().splitlines() if fits(json.loads(line)))


def _day(text: str) -> Any:
    from datetime import date

    return date.fromisoformat(text)
