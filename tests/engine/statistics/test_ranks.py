"""Rank tests, against scipy's, and their false alarms and power by simulation."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from thinkdial.engine.statistics.ranks import ALPHA, Comparison, greater, greater_paired

from ...cases import each
from ...late import Late

stats = Late("scipy.stats")


def drawn(seed: str, n: int, scale: float = 1.0) -> list[float]:
    dice = random.Random(seed)
    return [dice.lognormvariate(6, 0.8) * scale for _ in range(n)]


@each(("n_a", "n_b"), [(1, 1), (2, 5), (4, 4), (9, 12), (12, 12)])
@each("scale", [0.3, 1.0, 2.5])
def test_few_values_are_tested_exactly(n_a: int, n_b: int, scale: float) -> None:
    a, b = drawn("a", n_a, scale), drawn("b", n_b)
    expected = stats.mannwhitneyu(a, b, alternative="greater", method="exact").pvalue
    assert greater(a, b).p == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.7])
def test_ties_among_few_values_are_tested_by_all_ways_to_part_them(scale: float) -> None:
    a, b = ([round(value, -2) for value in values] for values in (drawn("a", 6, scale), drawn("b", 5)))
    ranks = stats.rankdata([*a, *b])
    expected = stats.permutation_test(
        (ranks[:6], ranks[6:]), lambda x, y, axis: x.sum(axis=axis), vectorized=True, alternative="greater",
        n_resamples=math.inf,
    ).pvalue  # fmt: skip
    assert len({*a, *b}) < 11 and greater(a, b).p == pytest.approx(float(expected), abs=1e-9)


@each("digits", [3, -2])
@each("scale", [0.6, 1.0, 1.5])
def test_many_values_are_tested_by_the_normal_law(digits: int, scale: float) -> None:
    a, b = ([round(value, digits) for value in values] for values in (drawn("a", 40, scale), drawn("b", 25)))
    expected = stats.mannwhitneyu(a, b, alternative="greater", method="asymptotic").pvalue
    assert greater(a, b).p == pytest.approx(float(expected), abs=1e-9)


@each("n", [2, 6, 15, 49])
@each("scale", [0.7, 1.0, 1.6])
def test_pairs_are_tested_exactly(n: int, scale: float) -> None:
    a, b = drawn("a", n, scale), drawn("b", n)
    logs = [math.log(first / second) for first, second in zip(a, b, strict=True)]
    expected = stats.wilcoxon(logs, alternative="greater", method="exact").pvalue
    assert greater_paired(list(zip(a, b, strict=True))).p == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("digits", [3, -2])
def test_many_pairs_are_tested_by_the_normal_law(digits: int) -> None:
    a, b = ([round(value, digits) for value in values] for values in (drawn("a", 90, 1.2), drawn("b", 90)))
    ratios = [(first - second) / (first + second) for first, second in zip(a, b, strict=True)]
    expected = stats.wilcoxon(ratios, alternative="greater", method="asymptotic", correction=True).pvalue
    assert greater_paired(list(zip(a, b, strict=True))).p == pytest.approx(float(expected), abs=1e-9)


def test_tied_pairs_are_tested_by_all_their_signs() -> None:
    """By hand: ratios 2 2 3 and 1/2 have ranks 2 2 4 2; of 16 signs those with 8 or more for plus are 1 and 3."""
    assert greater_paired([(2, 1), (4, 2), (9, 3), (5, 10)]).p == pytest.approx((1 + 3) / 16)
    assert greater_paired([(7, 0), (0, 0), (3, 0)]).p == pytest.approx(1 / 4)
    with pytest.raises(ValueError, match="negative"):
        greater_paired([(1, -1)])


def test_nothing_is_shown_by_nothing() -> None:
    assert greater([], [1, 2]) == Comparison(1.0, 0, 2, None)
    assert greater([5] * 30, [5] * 30).p == 1.0 and greater([5] * 4, [5] * 4).p == 1.0
    assert greater_paired([]) == Comparison(1.0, 0, 0, None)
    assert greater_paired([(4, 4)] * 9).p == 1.0
    assert greater([], []).p == 1.0


def test_what_could_not_have_been_seen_is_not_known() -> None:
    assert greater([10, 20], [1, 2]).detectable is None  # the best that 2 and 2 can do is p = 1/6
    assert greater([0, 20, 30, 10], [1, 2, 3, 4]).detectable is None
    assert greater_paired([(5, 4), (6, 5), (9, 5), (7, 6)]).detectable is None  # p = 1/16 at best
    step = greater(drawn("a", 10), drawn("b", 10)).detectable
    finer = greater(drawn("a", 100), drawn("b", 100)).detectable
    assert step is not None and finer is not None and 1 < finer < step
    corrected = greater(drawn("a", 10), drawn("b", 10), alpha=0.01).detectable
    assert corrected is not None and corrected > step
    assert greater([40] * 6, [40] * 6).detectable == 1.0


Test = Callable[[list[float], list[float]], Comparison]


def alone(a: list[float], b: list[float]) -> Comparison:
    return greater(a, b)


def in_pairs(a: list[float], b: list[float]) -> Comparison:
    """Two measurements of each of some prompts, which are very unlike."""
    dice = random.Random(a[0])
    size = [dice.lognormvariate(0, 2) for _ in a]
    return greater_paired([(x * s, y * s) for x, y, s in zip(a, b, size, strict=True)])


def shown(test: Test, n_a: int, n_b: int, times: int, *, ratio: float = 1.0, whole: int | None = None) -> float:
    dice = random.Random(f"{test.__name__} {n_a} {n_b} {ratio}")
    found = 0
    for _ in range(times):
        a = [dice.lognormvariate(6, 0.8) * ratio for _ in range(n_a)]
        b = [dice.lognormvariate(6, 0.8) for _ in range(n_b)]
        if whole is not None:
            a, b = [round(value, whole) for value in a], [round(value, whole) for value in b]
        found += test(a, b).p <= ALPHA
    return found / times


@pytest.mark.parametrize("test", [alone, in_pairs])
@pytest.mark.parametrize("n", [4, pytest.param(8, marks=pytest.mark.slow)])
def test_false_alarms_are_as_rare_as_promised(test: Test, n: int) -> None:
    assert shown(test, n, n, 1000) <= 0.065


def power_at_detectable(test: Test, n: int, times: int) -> float:
    """How often the step that is detectable at this n, by the median of what samples say, is shown."""
    dice = random.Random(n)
    steps = sorted(
        found
        for _ in range(200)
        if (found := test(*([dice.lognormvariate(6, 0.8) for _ in range(n)] for _ in range(2))).detectable) is not None
    )
    return shown(test, n, n, times, ratio=steps[len(steps) // 2])


@pytest.mark.parametrize("test", [alone, in_pairs])
def test_a_detectable_step_is_detected(test: Test) -> None:
    assert 0.72 <= power_at_detectable(test, 10, 400) <= 0.88


@pytest.mark.slow
@pytest.mark.parametrize("test", [alone, in_pairs])
@pytest.mark.parametrize("n", [5, 8, 12, 20, 40])
def test_false_alarms_and_power_at_every_size(test: Test, n: int) -> None:
    assert shown(test, n, n, 2500) <= 0.062
    assert shown(test, n, n, 1200, whole=-2) <= 0.066
    assert (0.74 if n > 5 else 0.6) <= power_at_detectable(test, n, 600) <= 0.88
