"""What evidence promises at all looks together, and known answers of its parts."""

from __future__ import annotations

import math
import random

import pytest

from thinkdial.engine.trials.evidence import (
    evidence_below,
    is_above,
    is_below,
    is_positive,
    least_rows,
    rate_bounds,
)

from .worlds import tell

ALPHA = 0.05


def ever(shows, rate: float, *, rows: int = 300, trials: int = 600, seed: int = 0) -> float:
    """The share of trials in which anything is shown at any of many looks, the last one among them."""
    dice, found = random.Random(seed), 0
    for _ in range(trials):
        passed = 0
        for n in range(1, rows + 1):
            passed += dice.random() < rate
            if (n % 4 == 0 or n == rows) and shows(passed, n, is_last=n == rows):
                found += 1
                break
    return found / trials


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.5, 0.9])
@pytest.mark.parametrize("shows", [is_above, is_below])
def test_a_rate_at_the_line_is_shown_to_be_off_it_no_more_often_than_said(shows, rate):
    share = ever(lambda passed, n, is_last: shows(passed, n, rate, ALPHA, is_last=is_last), rate)
    tell(f"{shows.__name__} {rate} at the line, 76 looks: {share:.3f} of 600")
    assert share <= ALPHA + 2 * math.sqrt(ALPHA / 600)


@pytest.mark.slow
def test_a_rate_off_the_line_is_found():
    above = ever(lambda passed, n, is_last: is_above(passed, n, 0.9, ALPHA / 12, is_last=is_last), 0.97)
    below = ever(lambda passed, n, is_last: is_below(passed, n, 0.9, ALPHA / 12, is_last=is_last), 0.8)
    tell(f"power with 300 rows and 12 arms: 0.97 {above:.3f}, 0.80 {below:.3f}")
    assert above > 0.93 and below > 0.93


def test_evidence_is_an_average_of_likelihood_ratios():
    """Against sums over fine grids: half of the weight even below the line, half on the last fifth before it."""
    passed, n, rate = 37, 50, 0.9

    def ratio(other: float) -> float:
        return (other / rate) ** passed * ((1 - other) / (1 - rate)) ** (n - passed)

    grid = [(place + 0.5) / 20_000 for place in range(20_000)]
    even = sum(ratio(rate * x) for x in grid) / len(grid)
    near = sum(ratio(rate - 0.2 * x) for x in grid) / len(grid)
    assert math.exp(evidence_below(passed, n, rate)) == pytest.approx((even + near) / 2, rel=1e-6)


def test_the_last_look_is_the_exact_binomial_tail():
    tail = math.fsum(math.comb(100, k) * 0.9**k * 0.1 ** (100 - k) for k in range(83))
    assert is_below(82, 100, 0.9, 2 * tail * 1.001, is_last=True)
    assert not is_below(82, 100, 0.9, 2 * tail * 0.999, is_last=True)


def test_least_rows():
    for alpha in (ALPHA, ALPHA / 12):
        least = least_rows(0.9, alpha)
        assert is_above(least, least, 0.9, alpha, is_last=True)
        assert not is_above(least - 1, least - 1, 0.9, alpha, is_last=True)
    assert least_rows(0.9, ALPHA / 12) == 59


def test_bounds_hold_the_rate_and_agree_with_what_is_shown():
    low, high = rate_bounds(180, 200, ALPHA)
    assert low < 0.9 < high
    assert is_above(180, 200, low - 1e-6, ALPHA) and not is_above(180, 200, low + 1e-6, ALPHA)
    assert rate_bounds(10, 10, ALPHA)[1] == 1.0 and rate_bounds(0, 10, ALPHA)[0] == pytest.approx(0.0)
    tight = rate_bounds(180, 200, ALPHA, is_last=True)
    assert low < tight[0] < tight[1] < high


def test_nothing_is_said_of_few_costs():
    assert not is_positive([1.0] * 11, ALPHA)
    assert is_positive([1.0] * 12, ALPHA)


@pytest.mark.slow
def test_equal_costs_are_shown_to_differ_no_more_often_than_said():
    dice, found = random.Random(1), 0
    for _ in range(300):
        values: list[float] = []
        for n in range(1, 201):
            values.append(dice.lognormvariate(0, 0.5) - dice.lognormvariate(0, 0.5))
            if n % 10 == 0 and is_positive(values, ALPHA, is_last=n == 200):
                found += 1
                break
    tell(f"equal costs, 20 looks: {found / 300:.3f}")
    assert found / 300 <= ALPHA + 2 * math.sqrt(ALPHA / 300)
