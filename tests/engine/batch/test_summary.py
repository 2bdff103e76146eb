"""The totals of a batch, against values worked out by hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import asdict

from thinkdial.engine.batch.output import summary
from thinkdial.engine.batch.output.csv_lines import HEADS, csv_line, read_cells
from thinkdial.engine.batch.output.summary import Group, Tally
from thinkdial.engine.exchange.call_facts import NEVER_SENT
from thinkdial.engine.statistics.intervals import proportion_interval
from thinkdial.profiles.profile import Reference

from ...cases import each


def line(profile: str = "a", think: str = "low", /, **changes: Any) -> dict[str, Any]:
    """A line of output, whole and as expected unless changed."""
    return {
        "profile": profile, "model": "m-1", "status": "ok", "finish": "stop", "attempts": 1, "passed": True,
        "think": {"requested": think, "verdict": "as_asked"},
        "usage": {"input_tokens": 10, "output_tokens": 100, "reasoning_tokens": 60},
        "cost": {"usd": "0.010000"}, "latency": {"total_s": 1.5}, "error": None, **changes,
    }  # fmt: skip


def tally_of(documents: Iterable[Mapping[str, Any]]) -> Tally:
    made = Tally()
    for document in documents:
        made.add(document)
    return made


def group(*lines: dict[str, Any]) -> Group:
    return tally_of(lines).groups["a", "low"]


@pytest.mark.parametrize(
    ("passed", "judged", "low", "high"),
    [
        # Worked out from the formula of E. B. Wilson (1927) with z = 1.96, to four places.
        (8, 10, 0.4902, 0.9433),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (50, 100, 0.4038, 0.5962),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_the_interval_of_a_rate(passed: int, judged: int, low: float, high: float) -> None:
    found = proportion_interval(passed, judged)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("at_once", [3, summary.SORTED_AT_ONCE])
def test_percentiles_are_times_that_occurred(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(summary, "SORTED_AT_ONCE", at_once)
    tally = tally_of(line(latency={"total_s": float(second)}) for second in reversed(range(1, 21)))
    timed = tally.groups["a", "low"]
    assert [timed.percentile_s(share) for share in (0.05, 0.5, 0.95, 1.0)] == [1, 10, 19, 20]
    tally.add(line(latency={"total_s": 0.5}))
    assert timed.percentile_s(0.01) == 0.5
    assert timed.percentile_s(0.5) == 10


def test_only_whole_answers_are_timed_and_only_answers_are_judged() -> None:
    failed = line(
        status="error", passed=None, cost={}, latency={"total_s": 600.0}, error={"kind": "timeout"}, usage={},
        think={"requested": "low", "verdict": "unknown"},
    )  # fmt: skip
    made = group(line(), line(passed=False), failed, line(status="partial", passed=None, error={"kind": "connection"}))
    assert (made.results, made.judged, made.passed) == (4, 2, 1)
    assert made.percentile_s(1.0) == 1.5
    assert made.errors == {"timeout": 1, "connection": 1}
    assert made.verdicts == {"as_asked": 3}
    assert made.statuses == {"ok": 2, "error": 1, "partial": 1}


def test_an_unknown_is_null_and_no_zero() -> None:
    unknown = line(passed=None, usage={"input_tokens": None}, cost={"usd": None}, latency={"total_s": None})
    document = group(unknown, unknown).document()
    nulls = (
        "pass_rate", "pass_interval_95", "usd", "usd_mean", "usd_per_passed", "latency_median_s", "latency_95th_s",
        "input_tokens", "output_tokens", "reasoning_tokens", "reasoning_tokens_mean",
    )  # fmt: skip
    assert {document[name] for name in nulls} == {None}
    assert document["usd_unknown"] == 2


def test_what_a_passed_answer_costs_is_unknown_as_long_as_one_cost_is() -> None:
    priced = [line(cost={"usd": "0.02"}), line(cost={"usd": "0.01"}, passed=False)]
    assert group(*priced).usd_per_passed == Decimal("0.03")
    some = group(*priced, line(cost={"usd": None}))
    assert some.usd_per_passed is None
    assert some.mean_usd == Decimal("0.015")
    assert group(line(passed=False)).usd_per_passed is None


def test_a_timeout_of_unknown_cost_is_counted_as_one() -> None:
    timeout = line(status="error", passed=None, cost={}, usage={}, error={"kind": "timeout", "status": None})
    document = group(line(), timeout).document()
    assert (document["usd"], document["usd_unknown"], document["usd_per_passed"]) == ("0.010000", 1, None)
    assert (document["usd_mean"], tally_of([line(), timeout]).document()["usd_unknown"]) == ("0.010000", 1)


def test_what_was_turned_away_is_not_of_unknown_cost() -> None:
    for error in ({"kind": "server", "status": 500}, {"kind": "auth", "status": 401}, {"kind": "overloaded"}):
        document = group(line(), line(status="error", passed=None, cost={}, usage={}, error=error)).document()
        assert (document["usd_unknown"], document["usd_per_passed"]) == (0, "0.010000"), error


def test_amounts_are_exact_and_quotients_end() -> None:
    three = group(*(line(cost={"usd": "0.1"}) for _ in range(3)))
    document = group(*(line(cost={"usd": "0.01"}, passed=False) for _ in range(2)), line(cost={"usd": "0"})).document()
    assert three.usd == Decimal("0.3")
    assert document["usd_mean"] == "0.006666666667"


def test_means_are_of_what_is_known() -> None:
    made = group(line(), line(usage={"input_tokens": 1, "output_tokens": 40, "reasoning_tokens": None}))
    assert made.mean_reasoning_tokens == 60
    assert made.mean_output_tokens == 70
    assert made.document()["reasoning_tokens_mean"] == 60.0


def test_groups_stand_by_profile_and_from_little_thinking_to_much() -> None:
    tally = Tally(profiles=dict.fromkeys(("b", "a")))
    for profile, think in (("c", "low"), ("a", "max"), ("a", "auto"), ("a", "3000"), ("a", "off"), ("b", "high")):
        tally.add(line(profile, think))
    told = [(one["profile"], one["think"]) for one in tally.document()["groups"]]
    assert told == [("b", "high"), ("a", "off"), ("a", "3000"), ("a", "max"), ("a", "auto"), ("c", "low")]


def test_a_configuration_says_which_think_value_is_more() -> None:
    tally = Tally()
    for think in ("strange", "high", "3000", "low"):
        tally.add(line("a", think))
    assert [group.think for group in tally.ordered] == ["low", "3000", "high", "strange"]
    tally.reference = Reference({"low": 5000, "high": 6000}, 0)
    assert [group.think for group in tally.ordered] == ["3000", "low", "high", "strange"]


def test_the_document_counts_what_happened_beside_the_results() -> None:
    tally = tally_of([line(), line("b", status="error", error={"kind": "auth"}, cost={}, passed=None)])
    tally.tried_again("a", "rate_limit")
    tally.tried_again("a", "rate_limit")
    document = tally.document(source="rows.jsonl")
    assert document["schema"] == "thinkdial.batch-summary/1"
    assert document["source"] == "rows.jsonl"
    assert document["attempts_again"] == [{"profile": "a", "kind": "rate_limit", "times": 2}]
    assert (document["results"], document["usd"], tally.failed) == (2, "0.010000", 1)
    json.dumps(document, allow_nan=False)


def through_csv(lines: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    text = b"".join(map(csv_line, lines)).decode()
    return [read_cells(dict(zip(HEADS[0], cells, strict=True))) for cells in csv.reader(text.splitlines(True))]


def test_a_csv_file_gives_the_summary_of_the_same_results() -> None:
    lines = [
        line(reasoning={"text": "well,\n\"so\"", "visibility": "full", "tokens_source": "reported"}),
        line(passed=False, latency={"total_s": 12.25}, cost={"usd": "0.000001"}),
        line(passed=None, usage={}, cost={}, latency={}, finish="length"),
        line("=b", "high", status="error", passed=None, usage={}, cost={}, latency={}, attempts=0, finish="error",
             error={"kind": "auth", "message": "no"}, think={"requested": "high", "verdict": "unknown"}),
    ]  # fmt: skip
    read, direct = tally_of(through_csv(lines)), tally_of(lines)
    assert [one.document() for one in read.ordered[:1]] == [one.document() for one in direct.ordered[:1]]
    assert read.ordered[1].errors == direct.ordered[1].errors
    assert read.results == direct.results


@each(
    "changes",
    [
        {"error": {"kind": "timeout", "status": None}},
        {"error": {"kind": "connection", "status": None}},
        {"error": {"kind": "connection", "status": None}, "warnings": [asdict(NEVER_SENT)]},
        {"error": {"kind": "cancelled", "status": None}, "attempts": 0},
        {"error": {"kind": "rate_limit", "status": 429}},
        {"error": {"kind": "server", "status": 503}},
        {"error": {"kind": "server", "status": None}, "reasoning": {"text": "Hm"}},
        {"error": {"kind": "rate_limit", "status": 429}, "answer": "Half"},
    ],
)
def test_a_csv_file_knows_which_costs_are_unknown(changes: dict[str, Any]) -> None:
    lines = [line(status="error", passed=None, cost={}, usage={}, **changes)]
    unknown = [tally_of(each).document()["usd_unknown"] for each in (lines, through_csv(lines))]
    assert unknown[0] == unknown[1]
