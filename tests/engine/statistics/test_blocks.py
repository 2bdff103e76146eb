"""Tests in blocks, against scipy's where those are the same, and their false alarms and power by simulation."""

from __future__ import annotations

import math
import random

import pytest

from thinkdial.engine.statistics.blocks import Block, blocks_differ, rates_differ

from ...late import Late

stats = Late("scipy.stats")

SLOW = pytest.mark.slow


def drawn(seed: object, blocks: int, n_a: int, n_b: int, *, times: float = 1.0, spread: float = 0.35) -> list[Block]:
    """Blocks whose values differ by a factor of a hundred, the second ones `times` as great."""
    dice = random.Random(str(seed))
    made: list[Block] = []
    for _ in range(blocks):
        middle = dice.lognormvariate(6, 1.2)
        a = [middle * dice.lognormvariate(0, spread) for _ in range(n_a)]
        made.append((a, [times * middle * dice.lognormvariate(0, spread) for _ in range(n_b)]))
    return made


@pytest.mark.slow
@pytest.mark.parametrize("times", [0.5, 1.0, 1.4])
def test_of_one_block_it_is_the_test_of_rank_sums(times: float) -> None:
    [(a, b)] = drawn("one", 1, 9, 8, times=times)
    expected = stats.mannwhitneyu(b, a, alternative="two-sided", method="exact").pvalue
    assert blocks_differ([(a, b)]).p == pytest.approx(float(expected), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("times", [0.6, 1.0, 1.3])
def test_of_pairs_it_is_nearly_the_test_of_signed_ranks(times: float) -> None:
    pairs = drawn("pairs", 12, 1, 1, times=times)
    apart = [math.log1p(b[0]) - math.log1p(a[0]) for a, b in pairs]
    expected = stats.wilcoxon(apart, alternative="two-sided", method="exact").pvalue
    assert blocks_differ(pairs).p == pytest.approx(float(expected), rel=0.25)


def test_of_one_block_of_passes_it_is_the_exact_test_of_two_rates() -> None:
    a, b = [1] * 9 + [0], [1] * 3 + [0] * 7
    found = rates_differ([(a, b)])
    one_sided = stats.fisher_exact([[9, 1], [3, 7]], alternative="greater").pvalue
    assert found.p == pytest.approx(min(1.0, 2 * float(one_sided)), abs=1e-9)


def test_the_normal_law_stands_in_where_counting_takes_long() -> None:
    [(a, b)] = drawn("long", 1, 120, 130, times=1.06)
    found = blocks_differ([(a, b)])
    expected = stats.mannwhitneyu(b, a, alternative="two-sided", method="asymptotic").pvalue
    assert found.least < 1e-50 and found.p == pytest.approx(float(expected), abs=0.01)


@pytest.mark.parametrize(
    ("blocks", "n_a", "n_b"),
    [(8, 3, 1), *(pytest.param(*one, marks=SLOW) for one in ((12, 3, 3), (1, 10, 10), (20, 1, 1), (4, 5, 2)))],
)
def test_false_alarms_are_as_rare_as_said(blocks: int, n_a: int, n_b: int) -> None:
    alarms = sum(blocks_differ(drawn((seed, blocks), blocks, n_a, n_b)).p <= 0.05 for seed in range(300))
    assert alarms / 300 <= 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5


@pytest.mark.parametrize("rate", [0.5, 0.9, 1.0])
def test_rates_give_no_more_false_alarms_than_said(rate: float) -> None:
    alarms = 0
    for seed in range(300):
        dice = random.Random(seed)
        made = [tuple([int(dice.random() < rate) for _ in range(3)] for _ in range(2)) for _ in range(12)]
        alarms += rates_differ(made).p <= 0.05  # type: ignore[arg-type]
    assert alarms / 300 <= 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5


@pytest.mark.slow
def test_a_law_that_has_moved_is_found_in_blocks_that_have_little_in_common() -> None:
    shown = sum(blocks_differ(drawn(seed, 12, 3, 3, times=1.5)).p <= 0.05 for seed in range(100))
    assert shown >= 95


def test_few_values_say_that_nothing_can_be_shown() -> None:
    assert blocks_differ([([100.0], [900.0])]).least == 1.0
    found = blocks_differ([([100.0], [900.0]), ([50.0], [480.0])])
    assert found.p == found.least == 0.5
    assert (blocks_differ([]).p, blocks_differ([([], [1.0])]).n_b) == (1.0, 0)


def test_equal_values_are_no_change() -> None:
    assert blocks_differ([([0.0, 0.0], [0.0, 0.0])] * 5).p == 1.0
    found = rates_differ([([1, 1], [1, 1])] * 5)
    assert found.p == 1.0 and found.least < 0.01, "other values could have shown a change"


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(ValueError, match="none may be negative"):
        blocks_differ([([-1.0], [2.0])])
    with pytest.raises(ValueError, match="0 and 1"):
        rates_differ([([1.0], [2.0])])
