"""A quantity of several samples: what is known of it, and how well. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from ..statistics.intervals import median_interval

Amount = int | float | Decimal
"""Tokens, seconds or US dollars."""

LEVEL = 0.95
"""With what share of all cases an interval is meant to hold the median behind the samples."""


class Measure(Struct, frozen=True):
    """What `n` samples say of one quantity; `unknown` samples say nothing of it, and are no zero.

    `low` and `high` are the bootstrap interval of the median, which covers it in the share `level` of cases: less than
    0.95 where so few samples promise no more, None below two. `least` and `most` are the range. `estimated` of the `n`
    are our estimates, where the provider reports no number.
    """

    n: int
    unknown: int
    median: Amount | None
    low: Amount | None
    high: Amount | None
    level: float | None
    least: Amount | None
    most: Amount | None
    estimated: int = 0


def measure_of(values: Iterable[Amount | None], *, estimated: int = 0) -> Measure:
    """The measure of `values`, of which None is a sample that says nothing."""
    listed = list(values)
    known = [value for value in listed if value is not None]
    unknown = len(listed) - len(known)
    if not known:
        return Measure(0, unknown, None, None, None, None, None, None)
    # The ends of the interval are values that were measured, and stay what they are: whole, or exact decimals.
    by_number = {float(value): value for value in known}
    interval = median_interval(list(map(float, known)), LEVEL)
    low = high = level = None
    if interval is not None:
        low, high, level = by_number[interval.low], by_number[interval.high], round(interval.level, 4)
    return Measure(
        len(known), unknown, _median(known), low, high, level, min(known, key=float), max(known, key=float), estimated
    )


def _median(values: Sequence[Amount]) -> Amount:
    """The middle value, or what lies between the two middle ones; whole where that is whole of whole numbers."""
    ordered = sorted(values, key=float)
    below, above = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    if len(ordered) % 2:
        return above
    if isinstance(below, Decimal) and isinstance(above, Decimal):
        return (below + above) / 2
    if isinstance(below, int) and isinstance(above, int) and (below + above) % 2 == 0:
        return (below + above) // 2
    return (float(below) + float(above)) / 2
