"""Laws of positive counts, known by a few of their quantiles, and mixtures of such laws."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache

from msgspec import Struct

MOST_POINTS = 19
STEPS = 26
"""Halvings of a logarithm in the search for a quantile: to less than a millionth of the count."""
_TOP = math.log1p(1e12)


class Law(Struct, frozen=True):
    """How likely a count is at most so much: `points` are (log of 1 + count, normal score), rising.

    Between two points, and beyond the outermost as steeply as toward the median, it is as if the logarithms were
    normal. Counts are 0 or more.
    """

    points: tuple[tuple[float, float], ...]

    @classmethod
    def of_quantiles(cls, shares: Sequence[float], counts: Sequence[float]) -> Law:
        """From counts below which the given shares lie, both rising."""
        return cls(tuple((math.log1p(c), _score(s)) for s, c in zip(shares, counts, strict=True)))

    @classmethod
    def of_values(cls, values: Sequence[float]) -> Law:
        """From a sample, which is not empty: of n values the i-th smallest has the share i / (n + 1) below it."""
        ordered, n = sorted(values), len(values)
        ranks = sorted({round((i + 1) * (n + 1) / (min(n, MOST_POINTS) + 1)) for i in range(min(n, MOST_POINTS))})
        return cls.of_quantiles([rank / (n + 1) for rank in ranks], [ordered[rank - 1] for rank in ranks])

    def scaled(self, factor: float) -> Law:
        """The law of `factor` times as much."""
        more = math.log(factor)
        return Law(tuple((max(0.0, place + more), score) for place, score in self.points))

    def at_most(self, count: float) -> float:
        """The share of counts that are `count` or less."""
        points, place = self.points, math.log1p(count)
        after = bisect_right(points, place, key=lambda point: point[0])
        if 0 < after < len(points):
            (low, score), (high, next_score) = points[after - 1], points[after]
            return _normal(score + (next_score - score) * (place - low) / (high - low))
        outer, middle = points[0 if after == 0 else -1], points[len(points) // 2]
        apart, scores = abs(middle[0] - outer[0]), abs(middle[1] - outer[1])
        if not apart or not scores:
            return 0.0 if after == 0 else 1.0
        return _normal(outer[1] + (place - outer[0]) * scores / apart)


def mixture_quantile(parts: Sequence[tuple[Law, float]], q: float) -> float:
    """The count below which the share `q` of a mixture lies; weights need not sum up to 1."""
    whole = math.fsum(weight for _, weight in parts)
    low, high = 0.0, _TOP
    for _ in range(STEPS):
        middle = (low + high) / 2
        if math.fsum(weight * law.at_most(math.expm1(middle)) for law, weight in parts) < q * whole:
            low = middle
        else:
            high = middle
    return math.expm1(high)


@cache
def _score(share: float) -> float:
    """The normal score below which a share lies. `statistics` has it too, and takes 20 ms to import."""
    low, high = -40.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        if _normal(middle) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _normal(score: float) -> float:
    return 0.5 * (1 + math.erf(score / math.sqrt(2)))
