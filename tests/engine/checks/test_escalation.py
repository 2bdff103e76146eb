"""Thinking more only when a check fails: when it ends, the bill, and what it should save."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from thinkdial.engine.checks.escalation import (
    LEAST_JUDGED,
    Expectation,
    LevelRecord,
    checked_levels,
    ended_by,
    escalation_of,
    expected_saving,
)
from thinkdial.engine.history.store import Store
from thinkdial.engine.history.sums.levels import level_records
from thinkdial.engine.results.checked import CheckOutcome
from thinkdial.engine.results.documents import result_document
from thinkdial.engine.results.restored import result_from
from thinkdial.engine.results.result import Cost, Result, ThinkReceipt
from thinkdial.providers.errors import Failure, UsageError
from thinkdial.providers.think import parse_think

from ...cases import each
from ..history.made import result, store_run

LOW, HIGH = parse_think("low"), parse_think("high")


def attempt(think: str, passed: bool | None, usd: str | None, judge: str | None = None) -> Result:
    checks = () if judge is None else (CheckOutcome("judge", "j", passed, opinion=True, calls=1, usd=Decimal(judge)),)
    cost = Cost() if usd is None else Cost(Decimal(usd))
    return result(think=ThinkReceipt(think, {}, "exact", None, "as_asked"), passed=passed, cost=cost, checks=checks)


@each(
    ("made", "at_top", "ended"),
    [
        (attempt("low", False, "1"), False, None),
        (attempt("low", False, "1"), True, "top"),
        (attempt("low", True, "1"), False, "passed"),
        (attempt("low", None, "1"), False, "not_judged"),
        (result(status="error"), False, "failed"),
        (result(status="partial"), False, "failed"),
        (result(status="cancelled"), False, "interrupted"),
        (result(status="partial", error=Failure("budget", "cut")), False, "budget"),
    ],
)
def test_it_goes_up_only_where_a_check_fails(made: Result, at_top: bool, ended: str | None) -> None:
    assert ended_by(made, at_top=at_top) == ended


def test_the_bill_is_of_all_attempts_and_their_judges() -> None:
    attempts = [attempt("low", False, "0.01", "0.002"), attempt("high", True, "0.05", "0.003")]
    whole = escalation_of([LOW, HIGH], attempts, "passed")
    assert whole.usd == Decimal("0.065") and whole.top_usd == Decimal("0.053") and whole.top_source == "measured"
    assert [(step.think, step.passed, step.checks_usd) for step in whole.attempts] == [
        ("low", False, Decimal("0.002")),
        ("high", True, Decimal("0.003")),
    ]
    assert escalation_of([LOW, HIGH], [attempt("low", True, None)], "passed").usd is None


def test_a_top_that_was_not_reached_is_priced_by_the_history_then_by_the_forecast() -> None:
    first = [attempt("low", True, "0.01")]
    known = escalation_of([LOW, HIGH], first, "passed", expected=Expectation(None, Decimal("0.07"), 3))
    assert (known.top_usd, known.top_source, known.expected_saving_usd) == (Decimal("0.07"), "history", None)
    forecast = escalation_of([LOW, HIGH], first, "passed", forecasts={"high": Decimal("0.4")})
    assert (forecast.top_usd, forecast.top_source) == (Decimal("0.4"), "forecast")
    assert escalation_of([LOW, HIGH], first, "passed").top_source is None


def record(judged: int, failed: int, usd: str) -> LevelRecord:
    return LevelRecord(judged, failed, (Decimal(usd),) * judged)


def test_the_expected_saving_is_that_of_the_formula() -> None:
    low, high, p = Decimal("0.01"), Decimal("0.05"), Decimal("0.25")
    found = expected_saving([record(40, 10, "0.01"), record(40, 0, "0.05")])
    assert found.saving_usd == (1 - p) * (high - low) - p * low
    assert found.judged == 40 and found.top_usd == high
    worse = expected_saving([record(10, 9, "0.04"), record(10, 0, "0.05")])
    assert worse.saving_usd is not None and worse.saving_usd < 0


@pytest.mark.parametrize("low", [record(LEAST_JUDGED - 1, 1, "0.01"), LevelRecord(20, 5, ()), LevelRecord()])
def test_a_thin_history_promises_nothing(low: LevelRecord) -> None:
    assert expected_saving([low, record(40, 0, "0.05")]).saving_usd is None
    assert expected_saving([record(40, 3, "0.01"), LevelRecord()]) == Expectation(None, None, 40)


def test_the_expectation_is_what_really_comes_of_it() -> None:
    dice, costs, fails = random.Random(5), [1, 3, 10], [0.6, 0.3]
    spent = 0
    for _ in range(20_000):
        for cost, fail in zip(costs, [*fails, 0], strict=True):
            spent += cost
            if dice.random() >= fail:
                break
    records = [record(1000, 600, "1"), record(1000, 300, "3"), record(1000, 0, "10")]
    saving = expected_saving(records).saving_usd
    assert saving is not None and float(saving) == pytest.approx(10 - spent / 20_000, abs=0.1)


@pytest.mark.parametrize("levels", [[], [LOW], [LOW, LOW]])
def test_fewer_than_two_levels_are_none(levels: list[object]) -> None:
    with pytest.raises(UsageError, match="two or more"):
        checked_levels(levels)  # pyright: ignore[reportArgumentType]


def test_it_comes_back_from_a_document() -> None:
    made = replace(result(), escalation=escalation_of([LOW, HIGH], [attempt("low", False, "0.01", "0.1")], "budget"))
    assert result_from(json.loads(json.dumps(result_document(made)))) == made
    for odd in (3, [], {"attempts": [3]}, {"attempts": [{}], "levels": "low"}, {"usd": "x", "attempts": []}):
        document = result_document(result()) | {"escalation": odd}
        try:
            result_from(document)
        except ValueError:
            continue


def test_the_history_tells_what_failed_and_what_it_cost(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    made = [
        attempt("high", False, "0.01", "0.002"),
        attempt("high", True, "0.03"),
        attempt("high", None, None),
        replace(attempt("high", False, "9"), status="error"),
        attempt("low", True, "0.001"),
    ]
    store_run(path, made, run_id="one")
    store_run(path, [attempt("high", False, "7")], run_id="two", command="judge")
    with Store.open(path) as store:
        found = level_records(store, "host.example", "claude-opus-5-5", ["high", "low", "max"])
    assert found[0].judged == 2 and found[0].failed == 1
    assert sorted(found[0].costs) == [Decimal("0.012"), Decimal("0.03")]
    assert found[1] == LevelRecord(1, 0, (Decimal("0.001"),)) and found[2] == LevelRecord()
