"""`ask --escalate`: up only where the check fails, within the budget, with the bill of all of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def ask(cli: Cli, sim: Path, *more: object) -> Any:
    return cli("ask", "What is 40 + 50?", "-p", "a", "--config", sim, "--escalate", "low,medium,high", *more)


def test_an_answer_that_passes_is_the_last(cli: Cli, sim: Path) -> None:
    ended = ask(cli, sim, "--expect", "contains=90")
    assert ended.code == 0 and ended.out.startswith("It makes **90**") and ended.out.count("It makes") == 1
    assert "low → medium → high: what that should save is not known" in ended.err
    assert "1 attempt (it passed): low" in ended.err and "(forecast)" in ended.err
    (stored,) = cli("history", "list", "--json").json["runs"]
    assert stored["thinks"] == ["low"]


def test_all_attempts_are_billed_beside_the_top(cli: Cli, sim: Path) -> None:
    run = ask(cli, sim, "--expect", "contains=zebra", "--json").json
    (result,) = run["results"]
    whole = result["escalation"]
    assert result["think"]["requested"] == "high" and result["passed"] is False
    assert whole["ended"] == "top" and whole["levels"] == ["low", "medium", "high"]
    assert [step["think"] for step in whole["attempts"]] == ["low", "medium", "high"]
    assert float(whole["usd"]) == pytest.approx(sum(float(step["usd"]) for step in whole["attempts"]))
    assert whole["top_usd"] == whole["attempts"][-1]["usd"] and whole["top_source"] == "measured"
    assert len(cli("history", "list", "--json").json["runs"]) == 3


def test_the_budget_ends_it_with_the_answer_there_is(cli: Cli, sim: Path) -> None:
    ended = ask(cli, sim, "--expect", "contains=zebra", "--max-cost", "0.0175", "--max-output", "600", "--json")
    (result,) = ended.json["results"]
    assert ended.code == 4 and result["escalation"]["ended"] == "budget" and "is not asked" in ended.err
    assert 1 <= len(result["escalation"]["attempts"]) < 3 and result["status"] == "ok"
    assert float(result["escalation"]["usd"]) <= 0.0175
    refused = ask(cli, sim, "--expect", "contains=zebra", "--max-cost", "0.0001")
    assert refused.code == 4 and refused.out.strip() == ""


def test_what_cannot_be_judged_goes_no_further(cli: Cli, sim: Path) -> None:
    run = ask(cli, sim, "--expect", "agree=0.5", "--json").json
    assert run["results"][0]["escalation"]["ended"] == "not_judged"
    assert len(run["results"][0]["escalation"]["attempts"]) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "there is no check"),
        (("--expect", "contains=a", "--think", "low"), "leave out --think"),
        (("--expect", "contains=a", "--session", "tea"), "a session would have a turn"),
        (("--expect", "contains=a", "--escalate", "low"), "two or more"),
        (("--expect", "contains=a", "--escalate", "low,hgh"), "hgh"),
    ],
)
def test_without_a_check_or_levels_it_is_refused(cli: Cli, sim: Path, options: tuple[str, ...], words: str) -> None:
    ended = ask(cli, sim, *options)
    assert ended.code == 2 and words in ended.err and ended.out == ""


def test_a_gate_looks_at_the_last_attempt(cli: Cli, sim: Path) -> None:
    assert ask(cli, sim, "--expect", "contains=90", "--fail-on", "pass<1", "-q").code == 0
    failed = ask(cli, sim, "--expect", "contains=zebra", "--fail-on", "pass<1", "-q")
    assert failed.code == 6 and "a @low > medium > high: pass<1" in failed.err


def test_the_history_says_what_it_should_save(cli: Cli, sim: Path) -> None:
    asked = ("ask", "What is 40 + 50?", "-p", "a", "--config", sim, "--expect", "contains=90")
    for think in ("low", "high"):
        for _ in range(10):
            assert cli(*asked, "-t", think).code == 0
    ended = cli(*asked, "--escalate", "low,high")
    assert "low → high: from 10 checked answers it should save $0.0" in ended.err
    assert "(the history's median)" in ended.err


def test_a_dry_run_plans_all_levels(cli: Cli, sim: Path) -> None:
    ended = ask(cli, sim, "--expect", "contains=90", "--dry-run", "--json")
    assert [plan["think"]["requested"] for plan in ended.json["plans"]] == ["low", "medium", "high"]
    assert ask(cli, sim, "--dry-run").code == 2
