"""Laws of positive counts, known by a few of their quantiles, and mixtures of such laws."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache

from msgspec import Struct

MOST_POINTS = 19
NEAR = 4e-7
"""How near a quantile of a mixture is searched for, as a logarithm: to less than a millionth of the count."""
_MOST_STEPS = 60
_ROOT_2 = math.sqrt(2)


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
        return self.below(math.log1p(count))

    def below(self, place: float) -> float:
        """The same by the log of 1 + count."""
        points = self.points
        after = bisect_right(points, (place, math.inf))
        if 0 < after < len(points):
            (low, score), (high, next_score) = points[after - 1], points[after]
            return _normal(score + (next_score - score) * (place - low) / (high - low))
        outer, slope = self._outer(is_low=after == 0)
        if not slope:
            return 0.0 if after == 0 else 1.0
        return _normal(outer[1] + (place - outer[0]) / slope)

    def place(self, share: float) -> float:
        """The log of 1 + count below which a share lies: what `below` turns round."""
        points, score = self.points, _score(share)
        after = bisect_right(points, score, key=_score_of)
        if 0 < after < len(points):
            (low, before), (high, behind) = points[after - 1], points[after]
            return low + (high - low) * (score - before) / (behind - before)
        outer, slope = self._outer(is_low=after == 0)
        return max(0.0, outer[0] + (score - outer[1]) * slope)

    def _outer(self, *, is_low: bool) -> tuple[tuple[float, float], float]:
        """An outermost point, and how much a logarithm grows there with the score; 0 where all are one count."""
        outer, middle = self.points[0 if is_low else -1], self.points[len(self.points) // 2]
        scores = abs(middle[1] - outer[1])
        return outer, abs(middle[0] - outer[0]) / scores if scores else 0.0


def mixture_quantile(parts: Sequence[tuple[Law, float]], q: float) -> float:
    """The count below which the share `q` of a mixture lies; weights need not sum up to 1.

    It lies between those of the parts.
    """
    wanted = q * math.fsum(weight for _, weight in parts)
    places = [law.place(q) for law, _ in parts]
    low, high = min(places), max(places)
    while high - low > NEAR:
        middle = (low + high) / 2
        if math.fsum(weight * law.below(middle) for law, weight in parts) < wanted:
            low = middle
        else:
            high = middle
    return math.expm1(high)


def _score_of(point: tuple[float, float]) -> float:
    return point[1]


@cache
def _score(share: float) -> float:
    """The normal score below which a share lies. `statistics` has it too, and takes 20 ms to import."""
    score = 0.0
    for _ in range(_MOST_STEPS):  # Newton's, which from the middle never goes too far
        step = (share - _normal(score)) / (math.exp(-score * score / 2) / math.sqrt(2 * math.pi))
        score += step
        if abs(step) < 1e-14:
            break
    return score


def _normal(score: float) -> float:
    return 0.5 * (1 + math.erf(score / _ROOT_2))
