"""Intervals, against scipy's and against the truth they were drawn from."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from statistics import NormalDist, median

import pytest

from thinkdial.engine.statistics.distributions import (
    binomial_at_least,
    binomial_at_most,
    doubled_ranks,
    t_quantile,
)
from thinkdial.engine.statistics.intervals import (
    Interval,
    median_interval,
    proportion_interval,
    quantile,
)

from ...cases import each
from ...late import Late

stats = Late("scipy.stats")

COUNTS = [(0, 1), (1, 1), (0, 10), (3, 10), (9, 10), (10, 10), (29, 30), (90, 100), (450, 1000)]


@each(("passed", "n"), COUNTS)
@each("level", [0.8, 0.95, 0.99])
def test_an_interval_of_a_rate_is_wilsons(passed: int, n: int, level: float) -> None:
    expected = stats.binomtest(passed, n).proportion_ci(level, method="wilson")
    found = proportion_interval(passed, n, level)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.level == level and passed / n in found


def test_a_rate_without_trials_may_be_anything_and_impossible_counts_are_refused() -> None:
    assert proportion_interval(0, 0) == Interval(0.0, 1.0, 0.95)
    for passed, n, level in ((-1, 3, 0.9), (4, 3, 0.9), (1, 3, 0.0), (1, 3, 1.0)):
        with pytest.raises(ValueError, match="passed <= n"):
            proportion_interval(passed, n, level)


@pytest.mark.parametrize("n", [5, 10, 30, 100])
def test_rates_are_covered_as_promised(n: int) -> None:
    """Over all rates from 0.01 to 0.99, by summing up the binomial law: no simulation is needed."""
    rates = [percent / 100 for percent in range(1, 100)]
    found = [proportion_interval(k, n) for k in range(n + 1)]
    both = [
        math.fsum(float(stats.binom.pmf(k, n, rate)) for k, interval in enumerate(found) if rate in interval)
        for rate in rates
    ]
    assert 0.945 <= math.fsum(both) / len(both) <= 0.975 and min(both) > 0.83


@each("q", [0.0, 0.1, 0.25, 0.5, 0.9, 1.0])
def test_a_quantile_lies_on_the_straight_line_between_two_values(q: float) -> None:
    values = [7.0, 1.0, 3.0, 3.0, 250.0, 19.0]
    assert quantile(values, q) == pytest.approx(float(stats.quantile(values, q)))
    assert quantile([4], q) == 4
    with pytest.raises(ValueError, match="needs values"):
        quantile([], q)


def test_a_median_of_few_values_says_how_little_it_promises() -> None:
    assert median_interval([]) is None and median_interval([3]) is None
    assert median_interval([3, 9]) == Interval(3, 9, 0.5)
    assert median_interval([9, 3, 5]) == Interval(3, 9, 0.75)
    assert median_interval([40] * 5) == Interval(40, 40, 0.9375)
    assert median_interval([6, 5, 4, 3, 2, 1]) == Interval(1, 6, 0.95)


@pytest.mark.parametrize("n", [9, 20, 51])
def test_a_median_has_the_ends_of_its_bootstrap_or_wider_ones(n: int) -> None:
    dice = random.Random(n)
    values = [dice.lognormvariate(6, 1) for _ in range(n)]
    found = median_interval(values)
    resampled = sorted(median(dice.choices(values, k=n)) for _ in range(4000))
    assert found is not None
    assert found.low <= quantile(resampled, 0.03) and found.high >= quantile(resampled, 0.97)
    assert min(values) <= found.low and found.high <= max(values) and (n < 20 or found.high < max(values))


def test_laws_agree_with_scipy() -> None:
    for n in (1, 7, 400):
        for k in (0, n // 3, n):
            for rate in (0.0, 0.01, 0.5, 0.93, 1.0):
                assert binomial_at_most(k, n, rate) == pytest.approx(float(stats.binom.cdf(k, n, rate)), abs=1e-10)
                assert binomial_at_least(k, n, rate) == pytest.approx(float(stats.binom.sf(k - 1, n, rate)), abs=1e-10)
    for q in (0.8, 0.95, 0.99):
        for degrees in (4, 8, 30, 500):
            assert t_quantile(q, degrees) == pytest.approx(float(stats.t.ppf(q, degrees)), rel=0.02)
    values = [5, 1, 5, 2, 2, 2, 9]
    assert doubled_ranks(values) == [2 * rank for rank in stats.rankdata(values)]


LAWS: dict[str, tuple[Callable[[random.Random], float], float]] = {
    "normal": (lambda dice: dice.gauss(10, 2), 10.0),
    "lognormal": (lambda dice: dice.lognormvariate(6, 1.2), math.exp(6)),
    "two humps": (lambda dice: dice.gauss(100, 5) if dice.random() < 0.7 else dice.gauss(2000, 100), 101.8),
}
LAWS["two humps"] = (LAWS["two humps"][0], 100 + 5 * NormalDist().inv_cdf(0.5 / 0.7))


def coverage(intervals: Sequence[Interval | None], truth: float) -> float:
    held = [truth in one for one in intervals if one is not None]
    return sum(held) / len(held)


def medians(law: str, n: int, times: int, level: float = 0.95) -> float:
    draw, truth = LAWS[law]
    dice = random.Random(f"{law} {n}")
    return coverage([median_interval([draw(dice) for _ in range(n)], level) for _ in range(times)], truth)


@each("law", LAWS)
@each(("n", "least"), [(3, 0.72), (5, 0.91), (10, 0.94), (30, 0.94)])
def test_medians_are_covered(law: str, n: int, least: float) -> None:
    assert medians(law, n, 1000) >= least


@pytest.mark.slow
@each("level", [0.8, 0.95, 0.99])
def test_medians_are_covered_at_every_size_by_any_continuous_law(level: float) -> None:
    """By the law of the ranks: how many of n values lie below their median is binomial, whatever they come from."""
    for n in range(2, 251):
        found = median_interval(range(1, n + 1), level)
        assert found is not None
        low, high = int(found.low), int(found.high)
        covered = float(stats.binom.cdf(high - 1, n, 0.5) - stats.binom.cdf(low - 1, n, 0.5))
        assert low + high == n + 1 and covered >= found.level - 1e-12, (n, covered)
        assert found.level == level or (low == 1 and found.level == pytest.approx(covered)), n
        assert 1 - covered >= (1 - level) / 6 or (low == 1 and n <= 11), (n, covered)


@each("law", LAWS)
@each("n", [2, 6, 15, 51, 200])
def test_the_ends_of_an_interval_of_a_median_are_values_of_the_same_ranks_whatever_the_law(law: str, n: int) -> None:
    dice = random.Random(f"{law} {n}")
    values = [LAWS[law][0](dice) for _ in range(n)]
    found, ranks = median_interval(values), median_interval(range(n))
    assert found is not None and ranks is not None and found.level == ranks.level
    assert (found.low, found.high) == (sorted(values)[int(ranks.low)], sorted(values)[int(ranks.high)])
