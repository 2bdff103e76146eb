"""Tests by rank: whether one sample is shown to be greater than another, and what so few values could have shown."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist, fmean, variance

from msgspec import Struct

from .distributions import doubled_ranks, signed_sum_at_least, subset_sum_at_least, t_quantile

ALPHA = 0.05
POWER = 0.8
"""How often a step of the detectable size would be shown."""
EXACT_TOGETHER = 24
"""Up to so many values in both samples together, all ways to part them are counted."""
EXACT_PAIRS = 50
_EFFICIENCY = 3 / math.pi
"""Of a rank test against a t test where the logarithms are normal."""


class Comparison(Struct, frozen=True):
    """What a one-sided test said: `p`, the chance of such a difference or more where there is none.

    `detectable` is the smallest ratio of a to b that samples of these sizes and this spread would show, 4 times in 5,
    at the test's `alpha`; None where no ratio is known to be enough: too few values, or values of zero. Of pairs,
    `n_a` and `n_b` are both their number.
    """

    p: float
    n_a: int
    n_b: int
    detectable: float | None


def greater(a: Sequence[float], b: Sequence[float], *, alpha: float = ALPHA) -> Comparison:
    """Whether a's values tend to be greater than b's, of independent samples.

    All ways to part the values are counted while there are few, ties or not; else the normal law with its correction
    for ties. Without values on a side nothing is shown: p is 1.
    Source: Mann and Whitney 1947.
    """
    n_a, n_b = len(a), len(b)
    if not n_a or not n_b:
        return Comparison(1.0, n_a, n_b, None)
    ranks = doubled_ranks([*a, *b])
    together, total = n_a + n_b, sum(ranks[:n_a])
    if together <= EXACT_TOGETHER:
        p = subset_sum_at_least(ranks, n_a, total)
        least = 1 / math.comb(together, n_a)
    else:
        ties = sum(count**3 - count for count in Counter([*a, *b]).values())
        spread = math.sqrt(n_a * n_b / 12 * (together + 1 - ties / (together * (together - 1))))
        p = _tail(total / 2 - n_a * (together + 1) / 2, spread)
        least = 0.0
    return Comparison(p, n_a, n_b, None if least > alpha else _detectable(a, b, alpha))


def greater_paired(pairs: Sequence[tuple[float, float]], *, alpha: float = ALPHA) -> Comparison:
    """Whether the first of each pair tends to be greater than the second: two measurements of each prompt.

    Differences are ranked by their ratio, so that a prompt that takes much does not outweigh the others. Pairs without
    a difference say nothing, and are left out of the test. Without any other p is 1. Raises ValueError for a negative.
    Source: Wilcoxon 1945.
    """
    if any(first < 0 or second < 0 for first, second in pairs):
        raise ValueError("pairs are compared by their ratio: no value may be negative")
    apart = [(first - second) / (first + second) for first, second in pairs if first != second]
    n = len(apart)
    if not n:
        return Comparison(1.0, len(pairs), len(pairs), None)
    ranks = doubled_ranks([abs(one) for one in apart])
    total = sum(rank for rank, one in zip(ranks, apart, strict=True) if one > 0)
    if n <= EXACT_PAIRS:
        p = signed_sum_at_least(ranks, total)
    else:
        spread = math.sqrt(sum(rank * rank for rank in ranks)) / 4
        p = _tail(total / 2 - n * (n + 1) / 4, spread)
    return Comparison(p, len(pairs), len(pairs), None if 0.5 ** len(pairs) > alpha else _detectable_of(pairs, alpha))


def _tail(over: float, spread: float) -> float:
    """The upper tail of a sum of ranks that is `over` its mean, with the correction for whole numbers."""
    return 1.0 if not spread else min(1.0, 1 - NormalDist().cdf((over - 0.5) / spread))


def _detectable(a: Sequence[float], b: Sequence[float], alpha: float) -> float | None:
    if min(*a, *b) <= 0 or len(a) + len(b) < 4:
        return None
    logs = [[math.log(value) for value in values] for values in (a, b)]
    degrees = len(a) + len(b) - 2
    pooled = sum((len(one) - 1) * variance(one) for one in logs if len(one) > 1) / degrees
    return _ratio(math.sqrt(pooled * (1 / len(a) + 1 / len(b))), degrees, alpha)


def _detectable_of(pairs: Sequence[tuple[float, float]], alpha: float) -> float | None:
    if len(pairs) < 3 or any(first <= 0 or second <= 0 for first, second in pairs):
        return None
    logs = [math.log(first / second) for first, second in pairs]
    return _ratio(math.sqrt(variance(logs, fmean(logs)) / len(logs)), len(logs) - 1, alpha)


def _ratio(error: float, degrees: int, alpha: float) -> float:
    """The ratio whose logarithm is far enough from zero, counted in standard errors, to be shown with POWER."""
    steps = t_quantile(1 - alpha, degrees) + t_quantile(POWER, degrees)
    return math.exp(steps * error / math.sqrt(_EFFICIENCY))
