"""The laws that intervals and rank tests stand on: binomial, rank sum, signed ranks, and a near t."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist


def binomial_at_most(k: int, n: int, rate: float) -> float:
    """The chance of `k` successes or fewer in `n` trials."""
    return math.fsum(_binomial(i, n, rate) for i in range(k + 1)) if k >= 0 else 0.0


def binomial_at_least(k: int, n: int, rate: float) -> float:
    """The chance of `k` successes or more in `n` trials."""
    return math.fsum(_binomial(i, n, rate) for i in range(k, n + 1)) if k > 0 else 1.0


def _binomial(k: int, n: int, rate: float) -> float:
    if rate <= 0 or rate >= 1:
        return float(k == (n if rate >= 1 else 0))
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(rate) + (n - k) * math.log1p(-rate))


def doubled_ranks(values: Sequence[float]) -> list[int]:
    """Twice the rank of each value, from 2, equal values sharing theirs: whole numbers, with ties too."""
    counts = Counter(values)
    rank: dict[float, int] = {}
    before = 0
    for value in sorted(counts):
        rank[value] = 2 * before + counts[value] + 1
        before += counts[value]
    return [rank[value] for value in values]


def subset_sum_at_least(ranks: Sequence[int], size: int, least: int) -> float:
    """The chance that `size` of `ranks`, drawn at random, sum up to `least` or more."""
    width = len(ranks) + 1
    counted = [1] + [0] * size
    for place, rank in enumerate(ranks):
        for taken in range(min(place + 1, size), 0, -1):
            counted[taken] += counted[taken - 1] << rank * width
    return _from(counted[size], least, width) / math.comb(len(ranks), size)


def signed_sum_at_least(ranks: Sequence[int], least: int) -> float:
    """The chance that the ranks with a positive sign sum up to `least` or more, each sign being even odds."""
    width = len(ranks) + 1
    counted = 1
    for rank in ranks:
        counted += counted << rank * width
    return _from(counted, least, width) / 2 ** len(ranks)


def _from(counted: int, least: int, width: int) -> int:
    """How many ways there are to `least` or more.

    The ways to each sum are `width` bits of one whole number, so that a rank is added to all sums at once. No more than
    2 ** (width - 1) ways are in it, and what is left of a division by 2 ** width - 1 is the sum of its digits.
    """
    return (counted >> max(least, 0) * width) % ((1 << width) - 1)


def t_quantile(q: float, df: int) -> float:
    """The quantile of Student's t, near enough for sizes of samples: within 2 % from 4 degrees of freedom on.

    Source: Abramowitz and Stegun 1964, 26.7.5.
    """
    z = NormalDist().inv_cdf(q)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / df + second / df**2 + third / df**3
