"""Intervals of rates, medians and differences, each with the coverage that it is meant to have."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from statistics import NormalDist

from msgspec import Struct

from .distributions import binomial_at_least, binomial_at_most


class Interval(Struct, frozen=True):
    """From `low` to `high`, meant to hold the true value in the share `level` of all cases.

    `level` is what was asked for, or less where so few values cannot promise as much: three values cover their median
    with 0.75, and say so.
    """

    low: float
    high: float
    level: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def quantile(values: Sequence[float], q: float) -> float:
    """The value below which the share `q` of `values` lies, between two values by straight line.

    Raises ValueError without values, and for a `q` outside 0 to 1.
    Source: Hyndman and Fan 1996, definition 7, which numpy and spreadsheets use.
    """
    if not values or not 0 <= q <= 1:
        raise ValueError("a quantile needs values, and a share from 0 to 1")
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    part = place - below
    return ordered[below] if not part else ordered[below] * (1 - part) + ordered[above] * part


def proportion_interval(passed: float, n: float, level: float = 0.95) -> Interval:
    """The rate behind `passed` of `n`, from both sides: its mean coverage is `level`, single rates are a little off.

    Trials that are alike count for fewer, so that both may be fractions. Without a trial everything is possible.
    Source: Wilson 1927; Brown, Cai and DasGupta 2001 for its coverage.
    """
    _check_counts(passed, n, level)
    if not n:
        return Interval(0.0, 1.0, level)
    z = NormalDist().inv_cdf((1 + level) / 2)
    rate, z2 = passed / n, z * z
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    low = 0.0 if passed == 0 else max(0.0, middle - half)
    return Interval(low, 1.0 if passed == n else min(1.0, middle + half), level)


def median_interval(values: Sequence[float], level: float = 0.95) -> Interval | None:
    """The median behind `values`: the bootstrap's percentiles, widened where they are known to cover too little.

    The median of a resample has a known law over the ranks of the values, so that no resample is drawn. Each end goes
    outward, rank by rank, until the ranks cover any continuous law with `level`; where even the least and the greatest
    value do not, `Interval.level` is what they cover. None for fewer than two values.
    Source: Efron and Tibshirani 1993, chapter 13; the ranks' coverage is that of the sign test.
    """
    n = len(values)
    if n < 2:
        return None
    ordered = sorted(values)
    tail = (1 - level) / 2
    low = _bootstrap_rank(n, tail)
    while low > 1 and 1 - 2 * binomial_at_most(low - 1, n, 0.5) < level:
        low -= 1
    covered = 1 - 2 * binomial_at_most(low - 1, n, 0.5)
    return Interval(ordered[low - 1], ordered[n - low], min(level, covered))


def _check_counts(passed: float, n: float, level: float) -> None:
    if not 0 <= passed <= n or not 0 < level < 1:
        raise ValueError("an interval of a rate needs 0 <= passed <= n, and a level between 0 and 1")


def _bootstrap_rank(n: int, tail: float) -> int:
    """The rank, from 1, at which the law of the lower middle value of a resample reaches `tail`."""
    middle = (n + 1) // 2
    return 1 + bisect_left(range(1, middle), tail, key=lambda rank: binomial_at_least(middle, n, rank / n))
