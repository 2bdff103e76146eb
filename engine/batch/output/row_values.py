"""What a profile with a think value did with each row: the values of its samples, and what they show together. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import fmean
from typing import Literal

from msgspec import Struct

from ...cells.measure import Amount, Measure, measure_of
from ...checks.agreement import normalized
from ...statistics.blocks import blocks_differ, rates_differ
from ...statistics.ranks import ALPHA

_SMALLEST_USD = Decimal("1e-12")
MOST_ROWS = 1_000
"""Of so many rows the values are remembered, the first of a batch: more would show hardly anything more."""

MOST_REMEMBERED = 2_000
"""Characters of an answer that are kept as they are."""


class RowSample(Struct, frozen=True):
    """One whole answer to a row. `said` is its text, or stands for a long one as far as it counts (`said_of`)."""

    usd: Decimal | None
    total_s: float | None
    reasoning_tokens: int | None
    output_tokens: int | None
    passed: bool | None
    said: str | int


def said_of(answer: str) -> str | int:
    """What is remembered of an answer to compare it with others to its row, which most rows have none of."""
    return answer if len(answer) <= MOST_REMEMBERED else _compared(answer)


def _compared(said: str | int) -> int:
    return said if isinstance(said, int) else hash(normalized(said))


Quantity = Literal["usd", "total_s", "reasoning_tokens", "output_tokens"]
QUANTITIES: tuple[Quantity, ...] = ("reasoning_tokens", "output_tokens", "total_s", "usd")


@dataclass(slots=True)
class RowValues:
    """The samples of each row that is remembered, by the number of the row."""

    rows: dict[int, list[RowSample]] = field(default_factory=dict[int, list[RowSample]])

    def add(self, row: int, sample: RowSample) -> None:
        self.rows.setdefault(row, []).append(sample)

    @property
    def samples(self) -> int:
        """How often a row was answered, at most."""
        return max(map(len, self.rows.values()), default=0)

    def of(self, row: int, name: Quantity) -> list[float]:
        """The known values of one row."""
        return [float(value) for sample in self.rows.get(row, ()) if (value := getattr(sample, name)) is not None]

    def measure(self, name: Quantity) -> Measure:
        """The measure of the rows, each with the mean of its samples; of a single row that of its samples."""
        if len(self.rows) == 1:
            (samples,) = self.rows.values()
            return measure_of(getattr(sample, name) for sample in samples)
        return measure_of(self._mean(row, name) for row in self.rows)

    def _mean(self, row: int, name: Quantity) -> Amount | None:
        """Tokens whole, as far as a mean of them is to be read; dollars to the digit that documents have."""
        if name == "usd":
            known = [sample.usd for sample in self.rows[row] if sample.usd is not None]
            return (sum(known, Decimal(0)) / len(known)).quantize(_SMALLEST_USD) if known else None
        values = self.of(row, name)
        if not values:
            return None
        return round(fmean(values)) if name.endswith("tokens") else round(fmean(values), 6)

    @property
    def agreement(self) -> float | None:
        """The mean share of the answers to a row that say the same; None where no row has two."""
        shares: list[float] = []
        for samples in self.rows.values():
            if len(samples) > 1:
                ((_, most),) = Counter(_compared(sample.said) for sample in samples).most_common(1)
                shares.append(most / len(samples))
        return fmean(shares) if shares else None

    def independent(self, judged: int, rate: float) -> float:
        """For how many independent answers `judged` ones stand: samples of one row are alike, and say less.

        By the spread of the rates of rows (design effect); where all passed or all failed, a row counts once.
        """
        rates: list[float] = []
        per_row: list[int] = []
        for samples in self.rows.values():
            known = [sample.passed for sample in samples if sample.passed is not None]
            if known:
                rates.append(fmean(known))
                per_row.append(len(known))
        if not rates or max(per_row) == 1:
            return judged
        most = fmean(per_row)
        spread = fmean((one - rate) ** 2 for one in rates)
        alone = rate * (1 - rate) / most
        effect = most if not alone or len(rates) < 2 else spread / alone * len(rates) / (len(rates) - 1)
        return judged / min(max(effect, 1.0), most)


Better = Callable[["RowValues", "RowValues"], tuple[float, float]]
"""By how much the first is better than the second, and how likely as much is by chance."""


def less(name: Quantity) -> Better:
    """Less of a quantity is better: compared row by row, by the ratio."""

    def better(one: RowValues, other: RowValues) -> tuple[float, float]:
        blocks = [(other.of(row, name), one.of(row, name)) for row in one.rows if row in other.rows]
        whole = [(b, a) for b, a in blocks if a and b]
        if not whole:
            return 0.0, 1.0
        step = fmean(_log_mean(b) - _log_mean(a) for b, a in whole)
        return step, blocks_differ(whole).p

    return better


def passes_more(one: RowValues, other: RowValues) -> tuple[float, float]:
    """A greater share of passed answers, row by row."""
    blocks = [(_passes(other.rows[row]), _passes(one.rows[row])) for row in one.rows if row in other.rows]
    whole = [(b, a) for b, a in blocks if a and b]
    if not whole:
        return 0.0, 1.0
    return fmean(fmean(a) - fmean(b) for b, a in whole), rates_differ(whole).p


def shown_best(
    groups: Sequence[RowValues], figures: Sequence[float | None], better: Better, *, most: bool
) -> int | None:
    """The place of the group that is shown to be the best; None where none is.

    It has the best of `figures`, and is shown by `better` to be so against each other group that has one. As any of
    them might have been it, the greatest p of its tests is multiplied by their number (the first step of Holm's).
    """
    known = {place: figure for place, figure in enumerate(figures) if figure is not None}
    if len(known) < 2:
        return None
    place = (max if most else min)(known, key=known.__getitem__)
    for other in known:
        if other == place:
            continue
        step, p = better(groups[place], groups[other])
        if step <= 0 or p / 2 * len(known) > ALPHA:
            return None
    return place


COMPETING: Mapping[str, tuple[Better, bool]] = {
    "pass_rate": (passes_more, True),
    "usd_mean": (less("usd"), False),
    "latency_median_s": (less("total_s"), False),
}
"""Figures of a group in which one may be shown to be the best, and whether more is better."""


def _passes(samples: Sequence[RowSample]) -> list[float]:
    return [float(sample.passed) for sample in samples if sample.passed is not None]


def _log_mean(values: Sequence[float]) -> float:
    return fmean(math.log1p(value) for value in values)
