"""What was spent, exact and by whatever one asks; what is unknown is counted apart and never a zero."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.history.read import remove_runs, run_numbers
from thinkdial.engine.history.record import CallHead, Recorder, RunHead
from thinkdial.engine.history.samples import output_samples
from thinkdial.engine.history.store import Store
from thinkdial.engine.history.sums.spend import (
    budget_states,
    disagreements,
    errors_by_source,
    forecast_errors,
    spent,
    spent_in,
)
from thinkdial.engine.results.result import Cost, Forecast, Result, ThinkReceipt
from thinkdial.profiles.budget_rules import Allowance, BudgetRules
from thinkdial.providers.schema import Usage

from .made import NOON, SENT, result, store_run

D = Decimal
DAY = date(2026, 11, 21)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, create=True) as opened:
        yield opened


def at(amount: str | None, profile: str = "claude", think: str = "high", **changes: Any) -> Result:
    """A result of this cost, four fifths of it output and half of it reasoning."""
    usd = None if amount is None else D(amount)
    parts = Cost() if usd is None else Cost(usd, usd / 5, usd * 4 / 5, usd / 2, "table")
    provider, model = {"gpt": ("openai", "gpt-6-sol")}.get(profile, ("anthropic", "claude-opus-5-5"))
    whole = result(
        profile, provider=provider, model=model, cost=parts, think=ThinkReceipt(think, {}, "exact", None, "as_asked")
    )
    return replace(whole, **changes)


def three_months(path: Path) -> None:
    store_run(path, [at("0.10"), at("0.20", "gpt")], run_id="a1", at=NOON - timedelta(days=40))
    store_run(path, [at("0.30", think="low"), at(None, "gpt")], run_id="a2", at=NOON - timedelta(days=1))
    store_run(path, [at("0.000000000000000001")], run_id="a3")
    store_run(path, [at("99")], run_id="a4", simulated=True)
    store_run(path, [at("99", attempts=0)], run_id="a5")


def by(store: Store, what: Any, *span: date | None) -> dict[str, Decimal | None]:
    return {row.key: row.usd for row in spent(store, what, *span)[0]}


def test_sums_are_exact_and_by_whatever_is_asked(store: Store, path: Path) -> None:
    three_months(path)
    tiny = D("0.000000000000000001")
    assert by(store, "day") == {"2026-10-12": D("0.30"), "2026-11-20": D("0.30"), "2026-11-21": tiny}
    assert by(store, "month") == {"2026-10": D("0.30"), "2026-11": D("0.30") + tiny}
    assert by(store, "profile") == {"claude": D("0.40") + tiny, "gpt": D("0.20")}
    assert by(store, "provider") == {"anthropic": D("0.40") + tiny, "openai": D("0.20")}
    assert by(store, "model") == {"claude-opus-5-5": D("0.40") + tiny, "gpt-6-sol": D("0.20")}
    assert by(store, "think") == {"high": D("0.30") + tiny, "low": D("0.30")}


def test_days_rise_and_the_rest_begins_with_the_dearest(store: Store, path: Path) -> None:
    three_months(path)
    assert list(by(store, "day")) == ["2026-10-12", "2026-11-20", "2026-11-21"]
    assert list(by(store, "profile")) == ["claude", "gpt"]
    store_run(path, [at(None, "unpriced")], run_id="b1")
    store_run(path, [at("9", "gpt")], run_id="b2")
    assert list(by(store, "profile")) == ["gpt", "claude", "unpriced"]


@pytest.mark.parametrize(("since", "until", "days"), [
    (date(2026, 11, 20), None, ["2026-11-20", "2026-11-21"]), (None, date(2026, 11, 20), ["2026-10-12", "2026-11-20"]),
    (DAY, DAY, ["2026-11-21"]), (date(2026, 12, 1), None, []), (NOON, None, ["2026-11-21"]),
])  # fmt: skip
def test_both_ends_of_a_time_are_whole_days(
    store: Store, path: Path, since: date | None, until: date | None, days: list[str]
) -> None:
    three_months(path)
    assert list(by(store, "day", since, until)) == days


def test_the_unknown_is_counted_and_in_no_amount(store: Store, path: Path) -> None:
    store_run(path, [at(None), at(None, "gpt"), at("0.5", "gpt")], run_id="a1")
    rows, total = spent(store, "profile")
    gpt, claude = rows
    assert (claude.key, claude.results, claude.unpriced, claude.usd, claude.reasoning_share) == (
        "claude",
        1,
        1,
        None,
        None,
    )
    assert (gpt.results, gpt.unpriced, gpt.usd) == (2, 1, D("0.5"))
    assert (total.results, total.unpriced, total.usd) == (3, 2, D("0.5"))


def test_nothing_spent_is_unknown_of_nothing(store: Store) -> None:
    rows, total = spent(store, "day")
    assert (rows, total.results, total.usd, total.reasoning_share) == ([], 0, None, None)


def test_a_free_answer_is_known_to_be_free(store: Store, path: Path) -> None:
    store_run(path, [at("0")], run_id="a1")
    total = spent(store, "day")[1]
    assert (total.usd, total.unpriced, total.reasoning_share) == (D(0), 0, None)


def test_reasonings_share_of_the_bill_and_what_caches_saved(store: Store, path: Path) -> None:
    store_run(
        path,
        [
            at("0.4", cost=Cost(D("0.4"), D("0.1"), D("0.3"), D("0.2"), "table", None, D("0.05"))),
            at("0.6", cost=Cost(D("0.6"), source="provider", cache_saved_usd=D("-0.01"))),
        ],
        run_id="a1",
    )
    total = spent(store, "day")[1]
    assert (total.reasoning_share, total.reasoning_unknown) == (D("0.2"), 1)
    assert (total.cache_saved_usd, total.output_usd) == (D("0.04"), D("0.3"))
    assert (total.input_tokens, total.output_tokens, total.reasoning_tokens) == (200, 800, 600)


def test_the_share_is_unknown_where_no_part_is_known(store: Store, path: Path) -> None:
    store_run(path, [at("0.6", cost=Cost(D("0.6"), source="provider"))], run_id="a1")
    assert spent(store, "day")[1].reasoning_share is None


def test_what_was_spent_since_a_day_by_some_or_all(store: Store, path: Path) -> None:
    three_months(path)
    assert spent_in(store, date(2026, 11, 20)) == (D("0.300000000000000001"), 1)
    assert spent_in(store, date(2026, 1, 1), {"gpt"}) == (D("0.20"), 1)
    assert spent_in(store, date(2026, 1, 1), []) == (D(0), 0)
    assert spent_in(store, date(2027, 1, 1)) == (D(0), 0)


def test_forgotten_runs_still_count(store: Store, path: Path) -> None:
    three_months(path)
    before = spent(store, "day")
    remove_runs(store, run_numbers(store))
    assert spent(store, "day") == before


def test_budgets_say_what_is_left_of_each(store: Store, path: Path) -> None:
    three_months(path)
    rules = BudgetRules(
        daily_usd=D("0.5"), monthly_usd=D("0.2"), per_run_usd=D(1),
        profiles={"gpt": Allowance(monthly_usd=D(1))}, groups={"all": Allowance(daily_usd=D(2))},
        members={"all": frozenset({"claude", "gpt"})},
    )  # fmt: skip
    states = {state.name: state for state in budget_states(store, rules, DAY)}
    tiny = D("0.000000000000000001")
    assert list(states) == ["daily", "monthly", "gpt, monthly", "group all, daily"]
    assert (states["daily"].spent_usd, states["daily"].left_usd) == (tiny, D("0.5") - tiny)
    assert (states["monthly"].left_usd, states["monthly"].unpriced) == (D("-0.1") - tiny, 1)
    assert (states["gpt, monthly"].spent_usd, states["gpt, monthly"].unpriced) == (D(0), 1)
    assert states["group all, daily"].left_usd == D(2) - tiny
    assert budget_states(store, BudgetRules(), DAY) == []


def test_samples_are_the_newest_whole_answers_of_one_kind_and_never_simulated(store: Store, path: Path) -> None:
    def of(tokens: int | None, **changes: Any) -> Result:
        entered = None if tokens is None or tokens > 6 else 10 * tokens
        return at("0.1", usage=Usage(input_tokens=entered, output_tokens=tokens), **changes)

    store_run(path, [of(1), of(2)], run_id="a1")
    store_run(path, [of(3, status="error"), of(4, think="low"), of(5, profile="gpt"), of(None)], run_id="a2")
    store_run(path, [of(6)], run_id="a3", simulated=True)
    store_run(path, [of(7), of(8)], run_id="a4", killed=[1])
    key = ("anthropic", "host.example", "claude-opus-5-5", "high")
    assert output_samples(store, *key) == [(None, 7), (20, 2), (10, 1)]
    assert output_samples(store, *key, limit=2) == [(None, 7), (20, 2)]
    assert output_samples(store, "anthropic", "host.example", "claude-opus-5-5", "low") == [(40, 4)]
    assert output_samples(store, "anthropic", "127.0.0.1:8099", "claude-opus-5-5", "high") == []


def seen(low: str, expected: str, high: str | None, source: Any = "history") -> Forecast:
    return Forecast(
        100, "estimated", 400, source, 9, 8000, D(low), D(expected), None if high is None else D(high), "table", "m"
    )


def test_forecasts_are_compared_with_what_it_cost(store: Store, path: Path) -> None:
    store_run(
        path,
        [
            at("0.5", forecast=seen("0.1", "0.4", "1")),
            at("0.1", forecast=seen("0.2", "0.2", "1")),
            at("0.1", forecast=seen("0.2", "0.2", None, "reference")),
            at(None, forecast=seen("0.2", "0.2", "1")),
            at("0.1"),
        ],
        run_id="a1",
    )
    store_run(path, [at("0.6", forecast=seen("0.1", "0.6", "1"))], run_id="a2", at=NOON - timedelta(days=3))
    by_history, by_reference = forecast_errors(store)
    assert (by_history.results, by_history.within, by_history.source) == (3, 2, "history")
    assert (by_history.expected_usd, by_history.actual_usd) == (D("1.2"), D("1.2"))
    assert (by_history.absolute_error_usd, by_history.bias) == (D("0.2"), D(0))
    assert by_history.error == D("0.2") / D("1.2")
    assert (by_reference.results, by_reference.within, by_reference.bias) == (1, 0, D("-0.5"))
    assert (by_history.coverage, by_history.above_median) == (None, None), "they had no range"
    assert [row.results for row in forecast_errors(store, DAY)] == [2, 1]
    assert forecast_errors(store, until=date(2026, 1, 1)) == []


def test_ranges_are_summed_up_by_source(store: Store, path: Path) -> None:
    def ranged(output: int, source: Any, **changes: Any) -> Result:
        forecast = replace(seen("0.1", "0.1", "1", source), low_output_tokens=100, high_output_tokens=900)
        return at("0.1", forecast=forecast, usage=Usage(output_tokens=output), **changes)

    low = [ranged(50, "observed"), ranged(300, "observed", think="low"), ranged(500, "observed", think="low")]
    more = [ranged(901, "observed"), ranged(400, "history"), at("0.1", forecast=seen("0", "1", "1"))]
    store_run(path, [*low, *more], run_id="a1")
    observed, history = errors_by_source(forecast_errors(store))
    assert (observed.source, observed.results, observed.ranged, observed.model) == ("observed", 4, 4, "")
    assert (observed.coverage, observed.above_median) == (D("0.5"), D("0.5"))
    assert (history.results, history.ranged, history.coverage, history.above_median) == (2, 1, 1, 0)
    assert errors_by_source([]) == []


def test_a_forecast_of_nothing_has_no_ratio(store: Store, path: Path) -> None:
    store_run(path, [at("0", forecast=seen("0", "0", "0"))], run_id="a1")
    (row,) = forecast_errors(store)
    assert (row.bias, row.error, row.within) == (None, None, 1)


def test_bills_in_dispute_are_listed_newest_first_and_outlive_their_runs(store: Store, path: Path) -> None:
    def billed(usd: str, listed: str) -> Result:
        return at("1", cost=Cost(D(usd), source="provider", listed_usd=D(listed)))

    store_run(path, [billed("1", "2"), billed("1", "1.01")], run_id="a1", at=NOON - timedelta(days=9))
    store_run(path, [billed("3", "2")], run_id="a2")
    newest, oldest = disagreements(store)
    assert (newest.run, newest.billed_usd, newest.listed_usd, newest.profile) == (2, D(3), D(2), "claude")
    assert (oldest.run, oldest.created_at) == (1, "2026-11-12T12:00:00Z")
    assert [row.run for row in disagreements(store, since=DAY)] == [2]
    assert [row.run for row in disagreements(store, until=date(2026, 11, 12))] == [1]
    remove_runs(store, [2])
    assert len(disagreements(store)) == 2


def test_spending_reads_sums_and_never_results(store: Store, path: Path) -> None:
    three_months(path)
    statements: list[str] = []
    store.connection.set_trace_callback(statements.append)
    spent(store, "day", DAY)
    spent_in(store, DAY, {"claude"})
    forecast_errors(store, DAY)
    output_samples(store, "anthropic", "host.example", "claude-opus-5-5", "high")
    store.connection.set_trace_callback(None)
    steps = [
        row[3]
        for statement in statements
        if statement.startswith("SELECT")
        for row in store.connection.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]
    assert len(steps) >= 4
    few = ("CONSTANT", "subquery", "under_way")
    assert not [step for step in steps if step.startswith("SCAN") and not any(one in step for one in few)], steps
    indexed = ("results_by_call", "SEARCH results USING INTEGER PRIMARY KEY")
    assert not [step for step in steps if "results" in step and not any(one in step for one in indexed)], steps


def test_what_a_killed_process_has_left_counts_as_of_unknown_cost(store: Store, path: Path) -> None:
    store_run(path, [at("0.10"), at("0.20", "gpt")], run_id="a1", killed=[1])
    store_run(path, [at("0.40", "gpt")], run_id="a2", killed=[0], simulated=True)
    rows, total = spent(store, "profile")
    assert [(row.key, row.usd, row.results, row.unpriced) for row in rows] == [
        ("claude", D("0.10"), 1, 0), ("gpt", None, 1, 1),
    ]  # fmt: skip
    assert (total.usd, total.unpriced) == (D("0.10"), 1)
    assert spent_in(store, DAY, {"gpt"}) == (D(0), 1)
    assert spent_in(store, DAY + timedelta(days=1)) == (D(0), 0)
    remove_runs(store, run_numbers(store))
    assert spent_in(store, DAY) == (D("0.10"), 1), "forgotten, but not what it was"
    assert by(store, "profile") == {"claude": D("0.10"), "gpt": None}


def test_a_call_that_ends_after_its_run_was_forgotten_counts_once(store: Store, path: Path) -> None:
    recorder = Recorder(RunHead("a1", NOON, "ask", "hello", None, False), path=path)
    one = at("0.10")

    async def go() -> None:
        recorder.begin(0, CallHead(one.profile, one.provider, one.dialect, one.model, one.think.requested, SENT))
        recorder.opened(0, 200, "text/event-stream")
        await recorder.stored()
        remove_runs(store, run_numbers(store))
        assert spent_in(store, DAY) == (D(0), 1)
        await recorder.finished(0, one)
        await recorder.close(1.0)

    asyncio.run(go())
    assert recorder.problem is None
    assert spent_in(store, DAY) == (D("0.10"), 0)
    assert spent(store, "day")[1].results == 1
