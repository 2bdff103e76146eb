"""Axes: where a value lies between the ends of a chart, in percent, and which round values are written beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct

_WANTED_TICKS = 4
_LOG_FROM_RATIO = 10
_LARGEST = 1e15


class Scale(Struct, frozen=True):
    """From `low` to `high`; on a logarithmic one equal distances are equal ratios."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def percent(self, value: float) -> float:
        """Where `value` lies: 0 at the low end, 100 at the high one."""
        if self.logarithmic:
            part = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(part, 0.0), 1.0), 3)


def usable(value: object) -> float | None:
    """`value` as a number that can be drawn; None where it is unknown, negative or beyond all measure."""
    number = float(value) if isinstance(value, int | float) or hasattr(value, "__float__") else None  # pyright: ignore[reportArgumentType, reportUnknownArgumentType]
    return number if number is not None and 0 <= number < _LARGEST else None


def linear(values: Iterable[float]) -> Scale:
    """From zero to the round value above the highest."""
    highest = max(values, default=0.0)
    if highest <= 0:
        return Scale(0.0, 1.0, (0.0,))
    step = _round_step(highest / _WANTED_TICKS)
    count = math.ceil(highest / step - 1e-9)
    return Scale(0.0, step * count, tuple(step * index for index in range(count + 1)))


def fitting(values: Sequence[float]) -> Scale:
    """A linear scale, or a logarithmic one where the values differ so much that the small ones would be one heap."""
    if len(values) < 2 or min(values) <= 0 or max(values) / min(values) < _LOG_FROM_RATIO:
        return linear(values)
    low, high = min(values) / 1.3, max(values) * 1.3
    ticks = [
        factor * 10.0**exponent
        for exponent in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for factor in (1, 2, 5)
    ]
    inside = [tick for tick in ticks if low <= tick <= high]
    every = math.ceil(len(inside) / (_WANTED_TICKS + 2))
    return Scale(low, high, tuple(inside[::every]), logarithmic=True)


def _round_step(rough: float) -> float:
    size = 10.0 ** math.floor(math.log10(rough))
    return next((factor * size for factor in (1, 2, 2.5, 5) if factor * size >= rough * (1 - 1e-9)), 10 * size)
