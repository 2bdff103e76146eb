"""What samples of rows show together: stars against chance, intervals that know of rows, and one request for two."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from thinkdial.engine.batch.output.row_values import MOST_ROWS, RowSample, RowValues, less, passes_more, shown_best
from thinkdial.engine.batch.output.summary import Tally
from thinkdial.engine.statistics.intervals import proportion_interval

from .test_summary import line

SLOW = pytest.mark.slow

RUNS = 300
Law = Callable[[Random, int, float], RowSample]


def made(dice: Random, law: Law, groups: int, rows: int, repeat: int) -> list[RowValues]:
    """Groups over the same rows, each row of a difficulty of its own."""
    found = [RowValues() for _ in range(groups)]
    for row in range(rows):
        hard = dice.gauss(0, 1)
        for place, values in enumerate(found):
            for _ in range(repeat):
                values.add(row, law(dice, place, hard))
    return found


def sample(usd: float, passed: bool | None = None) -> RowSample:
    return RowSample(Decimal(str(round(usd, 6))), usd, round(usd * 100), None, passed, 0)


def mean(values: RowValues) -> float:
    amounts = [amount for row in values.rows for amount in values.of(row, "usd")]
    return sum(amounts) / len(amounts)


def passed(values: RowValues) -> float:
    known = [bool(one.passed) for samples in values.rows.values() for one in samples]
    return sum(known) / len(known)


@pytest.mark.parametrize(
    ("groups", "rows", "repeat"), [(2, 12, 1), *(pytest.param(*one, marks=SLOW) for one in ((3, 6, 3), (4, 20, 2)))]
)
def test_groups_that_are_alike_have_hardly_ever_a_star(groups: int, rows: int, repeat: int) -> None:
    def law(dice: Random, _: int, hard: float) -> RowSample:
        return sample(dice.lognormvariate(hard, 0.4), dice.random() < 0.5 + 0.3 * (hard > 0))

    dice, false = Random(14), [0, 0]
    for _ in range(RUNS):
        found = made(dice, law, groups, rows, repeat)
        false[0] += shown_best(found, [mean(one) for one in found], less("usd"), most=False) is not None
        false[1] += shown_best(found, [passed(one) for one in found], passes_more, most=True) is not None
    assert max(false) / RUNS <= 0.05 + 0.03  # 3 % is well over two standard errors of 300 runs


def test_rows_are_compared_with_themselves() -> None:
    def law(dice: Random, place: int, hard: float) -> RowSample:
        return sample(dice.lognormvariate(3 * hard + (0.6 if place else 0.0), 0.2))

    dice = Random(1)
    found = [made(dice, law, 2, 12, 1) for _ in range(50)]
    right = sum(shown_best(groups, [0.1, 0.2], less("usd"), most=False) == 0 for groups in found)
    assert right > 45


def test_samples_of_one_row_say_less_than_as_many_rows() -> None:
    values = RowValues()
    for row in range(10):
        for _ in range(5):
            values.add(row, sample(1.0, passed=row < 8))
    assert values.independent(50, 0.8) == pytest.approx(10)
    sure = RowValues()
    for row in range(4):
        for _ in range(3):
            sure.add(row, sample(1.0, passed=True))
    assert sure.independent(12, 1.0) == pytest.approx(4)
    plain = RowValues({row: [sample(1.0, passed=row < 3)] for row in range(6)})
    assert plain.independent(6, 0.5) == 6
    mixed = RowValues({row: [sample(1.0, passed=n % 2 == 0) for n in range(4)] for row in range(6)})
    assert mixed.independent(24, 0.5) == 24


def test_a_group_tells_its_samples() -> None:
    tally = Tally()
    for row in ("a", "b", "c"):
        for n in (1, 2, 3):
            said = "yes" if n < 3 else "no"
            usage = {"input_tokens": 1, "output_tokens": 9, "reasoning_tokens": 100 * n if row != "c" else None}
            tally.add(line(row_id=row, repeat=n, answer=said, passed=n < 3, cost={"usd": f"0.0{n}"}, usage=usage))
    document = tally.summary().groups[0].document()
    assert (document["samples"], document["agreement"]) == (3, pytest.approx(2 / 3, abs=1e-6))
    reasoning = document["measures"]["reasoning_tokens"]
    assert (reasoning["n"], reasoning["unknown"], reasoning["median"]) == (2, 1, 200)
    assert document["measures"]["usd"]["median"] == "0.020000"
    low, high = document["pass_interval_95"]
    apart = proportion_interval(6, 9)
    assert (low, high) == pytest.approx(
        (apart.low, apart.high), abs=1e-5
    )  # no row is like itself more than like others
    assert document["best"] == [] and document["same_request_as"] is None


def test_the_samples_of_a_single_row_are_the_values() -> None:
    tally = Tally()
    for n in range(1, 6):
        tally.add(line(row_id="a", repeat=n, latency={"total_s": float(n)}))
    total = tally.summary().groups[0].measures["total_s"]
    assert (total.n, total.median, total.low, total.high) == (5, 3.0, 1.0, 5.0)


def test_a_value_that_was_not_asked_has_a_group_that_says_so() -> None:
    tally = Tally()
    twin: dict[str, Any] = {"requested": "off", "fidelity": "clamped"}
    tally.add(line("a", "low", row_id="r", same_request=[twin]))
    groups = {group.think: group for group in tally.summary().groups}
    assert groups["off"].same_request_as == "low" and groups["off"].results == 0 and groups["low"].results == 1
    assert tally.results == 1 and tally.usd == Decimal("0.01")


def test_the_values_of_so_many_rows_are_kept_and_no_more() -> None:
    tally = Tally()
    for number in range(MOST_ROWS + 50):
        tally.add(line(row_id=str(number)))
    group = tally.groups["a", "low"]
    assert len(group.values.rows) == MOST_ROWS and group.results == MOST_ROWS + 50
