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
    counted: list[Counter[int]] = [Counter() for _ in range(size + 1)]
    counted[0][0] = 1
    for place, rank in enumerate(ranks):
        for taken in range(min(place + 1, size), 0, -1):
            row = counted[taken]
            for total, ways in counted[taken - 1].items():
                row[total + rank] += ways
    ways = sum(ways for total, ways in counted[size].items() if total >= least)
    return ways / math.comb(len(ranks), size)


def signed_sum_at_least(ranks: Sequence[int], least: int) -> float:
    """The chance that the ranks with a positive sign sum up to `least` or more, each sign being even odds."""
    counted = [1] + [0] * sum(ranks)
    top = 0
    for rank in ranks:
        for total in range(top, -1, -1):
            if counted[total]:
                counted[total + rank] += counted[total]
        top += rank
    return sum(counted[max(least, 0) :]) / 2 ** len(ranks)


def t_quantile(q: float, df: int) -> float:
    """The quantile of Student's t, near enough for sizes of samples: within 2 % from 4 degrees of freedom on.

    Source: Abramowitz and Stegun 1964, 26.7.5.
    """
    z = NormalDist().inv_cdf(q)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / df + second / df**2 + third / df**3
