"""Tests of two samples that were taken in blocks, prompt by prompt: whether the second's values are other ones.

Within a block nothing but chance says which values came first, so all ways to part each block are counted. That holds
for any law of the values, and for blocks that have little in common. Both tests look at both sides.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import NormalDist, fmean

from msgspec import Struct

from .distributions import doubled_ranks

Block = tuple[Sequence[float], Sequence[float]]
"""The values of one prompt, before and after."""

MOST_WORK = 50_000
"""Steps of counting, above which the normal law stands in for it."""


class BlockComparison(Struct, frozen=True):
    """What a two-sided test of blocks said: `p`, the chance of such a difference or more where there is none.

    `n_a` and `n_b` are the values before and after, of the blocks that have both. `least` is the smallest p that any
    values in such blocks could have: where it is above alpha, nothing can be shown.
    """

    p: float
    n_a: int
    n_b: int
    least: float


def blocks_differ(blocks: Sequence[Block]) -> BlockComparison:
    """Whether the second values of the blocks tend to be greater, or smaller, than the first.

    Values are ranked together after each block's own mean of logarithms is taken off. Of pairs it is nearly the test
    of signed ranks, of a single block that of rank sums. Raises ValueError for a negative.
    Source: Hodges and Lehmann 1962, aligned ranks.
    """
    whole = _whole(blocks)
    if any(value < 0 for a, b in whole for value in (*a, *b)):
        raise ValueError("values are compared by their ratio: none may be negative")
    aligned: list[float] = []
    for a, b in whole:
        logs = [math.log1p(value) for value in (*a, *b)]
        mean = fmean(logs)
        aligned += [round(value - mean, 9) for value in logs]
    return _compared(whole, doubled_ranks(aligned))


def rates_differ(blocks: Sequence[Block]) -> BlockComparison:
    """The same for values of 0 and 1, such as passes: whether the second rate is another one.

    Source: Mantel and Haenszel 1959, counted exactly.
    """
    whole = _whole(blocks)
    scores = [round(value) for a, b in whole for value in (*a, *b)]
    if any(score not in (0, 1) for score in scores):
        raise ValueError("rates are made of 0 and 1")
    return _compared(whole, scores)


def _whole(blocks: Sequence[Block]) -> list[Block]:
    return [(a, b) for a, b in blocks if a and b]


def _compared(blocks: Sequence[Block], scores: Sequence[int]) -> BlockComparison:
    """`scores` are those of all values, block by block, the first values of a block before the second."""
    parts: list[tuple[list[int], int]] = []
    total = at = 0
    for a, b in blocks:
        own = list(scores[at : at + len(a) + len(b)])
        parts.append((own, len(b)))
        total += sum(own[len(a) :])
        at += len(own)
    n_a, n_b = sum(len(a) for a, _ in blocks), sum(len(b) for _, b in blocks)
    if not blocks:
        return BlockComparison(1.0, 0, 0, 1.0)
    law = _law(parts)
    p = _by_normal_law(parts, total) if law is None else _two_sided(law, total)
    ways = math.prod(math.comb(len(own), chosen) for own, chosen in parts)
    return BlockComparison(p, n_a, n_b, min(1.0, 2 / ways))


def _two_sided(law: Mapping[int, float], total: int) -> float:
    upper = math.fsum(share for value, share in law.items() if value >= total)
    lower = math.fsum(share for value, share in law.items() if value <= total)
    return min(1.0, 2 * min(upper, lower))


def _law(parts: Sequence[tuple[list[int], int]]) -> dict[int, float] | None:
    """How likely each sum of the second values' scores is, all partings alike; None where that takes too long."""
    law = {0: 1.0}
    work = 0
    for scores, chosen in parts:
        own = _own_law(scores, chosen, MOST_WORK - work)
        if own is None:
            return None
        work += len(law) * len(own) + len(scores) * chosen
        if work > MOST_WORK:
            return None
        both: defaultdict[int, float] = defaultdict(float)
        for value, share in law.items():
            for more, likely in own.items():
                both[value + more] += share * likely
        law = dict(both)
    return law


def _own_law(scores: Sequence[int], chosen: int, most: int) -> dict[int, float] | None:
    """The same for one block, of which `chosen` values are the second ones."""
    ways: list[dict[int, int]] = [{0: 1}, *({} for _ in range(chosen))]
    work = 0
    for score in scores:
        for count in range(chosen, 0, -1):
            into = ways[count]
            work += len(ways[count - 1])
            if work > most:
                return None
            for value, number in ways[count - 1].items():
                into[value + score] = into.get(value + score, 0) + number
    every = math.comb(len(scores), chosen)
    return {value: number / every for value, number in ways[chosen].items()}


def _by_normal_law(parts: Sequence[tuple[list[int], int]], total: int) -> float:
    expected = spread = 0.0
    for scores, chosen in parts:
        n, mean = len(scores), fmean(scores)
        expected += chosen * mean
        spread += chosen * (n - chosen) / (n * (n - 1)) * sum((score - mean) ** 2 for score in scores)
    if not spread:
        return 1.0
    over = max(0.0, abs(total - expected) - 0.5)
    return min(1.0, 2 * (1 - NormalDist().cdf(over / math.sqrt(spread))))
