"""`escalate=` of the library: up only where the check fails, within one budget, and refused where nothing checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import thinkdial
from thinkdial.providers.errors import BudgetError, UsageError
from thinkdial.simulator import Simulator, simulator_in_thread

QUESTION = "What is 40 + 50?"


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


def test_up_only_where_the_check_fails(config: Path, simulator: Simulator) -> None:
    low = thinkdial.ask(QUESTION, "a", escalate="low,high", expect={"contains": "90"}, config=config)
    assert low.passed and low.think.requested == "low" and len(simulator.requests) == 1
    assert low.escalation is not None and low.escalation.ended == "passed" and low.escalation.top_source == "forecast"
    top = thinkdial.ask(QUESTION, "a", escalate=["low", "high"], expect={"contains": "zebra"}, config=config)
    climb = top.escalation
    assert climb is not None and climb.ended == "top" and [step.think for step in climb.attempts] == ["low", "high"]
    assert climb.usd == sum(step.usd or 0 for step in climb.attempts) and len(simulator.requests) == 3


def test_one_budget_holds_for_all_attempts(config: Path) -> None:
    heard: list[str] = []
    once = thinkdial.ask(QUESTION, "a", think="low", config=config)
    assert once.cost.usd is not None
    most = once.cost.usd * 2
    options = {"escalate": "low,high", "expect": {"contains": "zebra"}, "config": config, "note": heard.append}
    held = thinkdial.ask(QUESTION, "a", max_cost=most, **options)  # type: ignore[arg-type]
    assert held.escalation is not None and held.escalation.ended in ("budget", "not_judged")
    spent = [step.usd for step in held.escalation.attempts if step.usd is not None]
    assert sum(spent) <= most and len(spent) >= len(held.escalation.attempts) - 1
    with pytest.raises(BudgetError):
        thinkdial.ask(QUESTION, "a", max_cost="0.000001", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "there is no check"),
        ({"expect": "x", "think": "low"}, "leave out think"),
        ({"expect": "x", "session": "tea"}, "a question by itself"),
    ],
)
def test_what_cannot_be_meant(config: Path, options: dict[str, str], words: str, simulator: Simulator) -> None:
    with pytest.raises(UsageError, match=words):
        thinkdial.ask(QUESTION, "a", escalate="low,high", config=config, **options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no option"):
        thinkdial.compare(QUESTION, "a", escalate="low,high", config=config)
    assert not simulator.requests


def test_rows_go_up(config: Path) -> None:
    found = thinkdial.batch(
        [{"prompt": QUESTION}], "a", escalate="low,high", expect={"contains": "zebra"}, config=config
    )
    (result,) = found.results
    assert [step.think for step in result.escalation.attempts] == ["low", "high"]
