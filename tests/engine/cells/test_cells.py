"""Cells: what samples say together, what they do not say, and how far they agree."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.cli.views.conftest import make_result, make_run
from thinkdial.engine.cells.cell import Cell, cells_of, is_repeated
from thinkdial.engine.cells.documents import compared_document
from thinkdial.engine.cells.measure import measure_of
from thinkdial.engine.results.result import Result, ThinkReceipt


def sample(repeat: int, profile: str = "claude", tokens: int | None = 100, **changes: Any) -> Result:
    return make_result(profile, id=f"{profile}{repeat}", repeat=repeat, reasoning={"tokens": tokens}, **changes)


def one(*samples: Result) -> Cell:
    (cell,) = cells_of(samples)
    return cell


def test_a_measure_has_its_median_its_interval_and_its_range() -> None:
    found = measure_of([500, 100, 300, 200, 400])
    assert (found.n, found.unknown, found.median, found.least, found.most) == (5, 0, 300, 100, 500)
    assert (found.low, found.high) == (100, 500) and found.level == pytest.approx(0.9375)
    many = measure_of(range(100))
    assert (many.median, many.level) == (49.5, 0.95) and many.low is not None and 35 < many.low < 45


def test_money_stays_exact() -> None:
    found = measure_of([Decimal("0.1"), Decimal("0.3"), Decimal("0.2"), Decimal("0.4")])
    assert (found.median, found.low, found.most) == (Decimal("0.25"), Decimal("0.1"), Decimal("0.4"))


def test_what_nobody_reported_is_counted_and_is_no_zero() -> None:
    found = measure_of([None, 200, None])
    assert (found.n, found.unknown, found.median, found.least) == (1, 2, 200, 200)
    assert (found.low, found.high, found.level) == (None, None, None)
    nothing = measure_of([None])
    assert (nothing.n, nothing.unknown, nothing.median, nothing.most) == (0, 1, None, None)


def test_only_whole_answers_are_measured_and_all_are_counted() -> None:
    cell = one(
        sample(1, tokens=100), sample(2, tokens=300), sample(3, tokens=None),
        sample(4, tokens=9000, finish="length"), sample(5, tokens=7, status="error", answer=""),
    )  # fmt: skip
    assert (cell.samples, cell.whole) == (5, 3)
    assert (cell.reasoning_tokens.n, cell.reasoning_tokens.unknown, cell.reasoning_tokens.median) == (2, 1, 200)
    assert cell.statuses == {"ok": 4, "error": 1}


def test_an_estimate_is_said_to_be_one() -> None:
    cell = one(sample(1), make_result(repeat=2, reasoning={"tokens": 90, "tokens_source": "estimated"}))
    assert (cell.reasoning_tokens.n, cell.reasoning_tokens.estimated) == (2, 1)


def test_answers_agree_by_what_they_say_and_by_their_checks_where_all_have_one() -> None:
    said = ["**No.**", "no", "No: 7 x 13", "  NO! "]
    cell = one(*(sample(number, answer=answer) for number, answer in enumerate(said, 1)))
    assert cell.agreement is not None and (cell.agreement.share, cell.agreement_by) == (0.75, "text")
    checked = [sample(number, answer=f"{number}", passed=number != 1) for number in (1, 2, 3)]
    cell = one(*checked)
    assert cell.agreement is not None and cell.agreement.share == pytest.approx(2 / 3)
    assert (cell.agreement_by, cell.agreement.said, cell.judged, cell.passed) == ("check", "passed", 3, 2)
    half = one(*checked[:2], sample(3, answer="1", passed=None))
    assert half.agreement_by == "text" and half.agreement is not None and half.agreement.share == pytest.approx(2 / 3)
    assert one(sample(1)).agreement is None


def test_cells_are_in_the_order_of_their_results() -> None:
    low = ThinkReceipt("low", {}, "exact")
    cells = cells_of([sample(1), sample(1, think=low), sample(1, "gpt"), sample(2), sample(2, think=low)])
    assert [(cell.profile, cell.think, cell.samples) for cell in cells] == [
        ("claude", "high", 2), ("claude", "low", 2), ("gpt", "high", 1),
    ]  # fmt: skip
    assert is_repeated(cells) and not is_repeated(cells_of([sample(1), sample(1, "gpt")]))


def test_what_is_not_asked_stands_behind_what_is_asked_for_it() -> None:
    twins = (ThinkReceipt("off", {}, "clamped"), ThinkReceipt("minimal", {}, "clamped"))
    low = replace(make_result(think=ThinkReceipt("low", {}, "exact")), same_request=twins)
    cells = cells_of([low, make_result()])
    assert [(cell.think, cell.samples, cell.same_request_as) for cell in cells] == [
        ("low", 1, None), ("off", 0, "low"), ("minimal", 0, "low"), ("high", 1, None),
    ]  # fmt: skip
    assert cells[1].usd == cells[0].usd


def test_a_run_has_its_cells_as_json() -> None:
    run = make_run(sample(1), sample(2, cost={"usd": Decimal("0.00708")}))
    document = json.loads(json.dumps(compared_document(run)))
    (cell,) = document["cells"]
    assert (cell["samples"], cell["usd"]["median"], cell["usd"]["least"]) == (2, "0.007070", "0.007060")
    assert cell["agreement"] == {"answers": 2, "share": 1.0, "said": "the answer is **42"} and cell["best"] == []
    assert cell["same_request_as"] is None and [*document][-1] == "summary"
