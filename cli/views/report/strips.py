"""Samples of each cell as points on a line, with the median and the interval around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec import Struct

from ....engine.cells.cell import Cell
from ....engine.cells.measure import Amount, Measure
from ....engine.results.receipt import is_whole
from ....engine.results.result import Result
from ....providers.untrusted import one_line
from ..cells.cell_words import measure_words
from ..numbers import dollars, rounded_dollars, rounded_tokens, seconds, tokens
from .plots import second_tick
from .scales import Scale, fitting, usable

STRIP_HEIGHT = 44


class StripPoint(Struct, frozen=True):
    """One sample: its place in percent, and what it says."""

    at: float
    says: str


class Strip(Struct, frozen=True):
    """One cell: its label, its median in words, its points, and where the median and its interval lie, in percent."""

    label: str
    value: str
    top: int
    series: int
    points: tuple[StripPoint, ...]
    median: float | None
    low: float | None
    high: float | None
    says: str

    @property
    def width(self) -> float:
        """Of the interval."""
        return 0.0 if self.low is None or self.high is None else round(self.high - self.low, 3)


class StripChart(Struct, frozen=True):
    name: str
    title: str
    summary: str
    strips: tuple[Strip, ...]
    ticks: tuple[tuple[float, str], ...]
    axis: str

    @property
    def height(self) -> int:
        return STRIP_HEIGHT * len(self.strips) + 22


_Value = Callable[[Result], Amount | None]

_Tick = Callable[[float], str]

_MEASURES: tuple[tuple[str, str, str, Callable[[Cell], Measure], _Value, Callable[[Amount], str], _Tick], ...] = (
    ("reasoning", "Reasoning tokens", "reasoning tokens", lambda cell: cell.reasoning_tokens,
     lambda result: result.reasoning.tokens, lambda amount: tokens(round(amount)), rounded_tokens),
    ("output", "Output tokens", "output tokens", lambda cell: cell.output_tokens,
     lambda result: result.usage.output_tokens, lambda amount: tokens(round(amount)), rounded_tokens),
    ("first", "Time to the answer", "seconds until the answer begins", lambda cell: cell.time_to_answer_s,
     lambda result: result.latency.first_answer_s, lambda amount: seconds(float(amount)), second_tick),
    ("total", "Total time", "seconds", lambda cell: cell.total_s,
     lambda result: result.latency.total_s, lambda amount: seconds(float(amount)), second_tick),
    ("usd", "Cost", "US dollars", lambda cell: cell.usd,
     lambda result: result.cost.usd, lambda amount: dollars(Decimal(amount)), rounded_dollars),
)  # fmt: skip
"""Name, title, unit, the measure of a cell, the value of a sample, and how it and a value of the axis are written."""


def strip_charts(cells: Sequence[Cell], results: Sequence[Result]) -> tuple[StripChart, ...]:
    """A chart for each measure of which anything is known."""
    asked = [cell for cell in cells if cell.samples]
    made = (_chart(asked, results, *about) for about in _MEASURES)
    return tuple(chart for chart in made if chart is not None)


def _chart(
    cells: Sequence[Cell],
    results: Sequence[Result],
    name: str,
    title: str,
    unit: str,
    measured: Callable[[Cell], Measure],
    value: _Value,
    show: Callable[[Amount], str],
    tick_words: _Tick,
) -> StripChart | None:
    known = [
        (result, number, amount)
        for result in results
        if is_whole(result) and (amount := value(result)) is not None and (number := usable(amount)) is not None
    ]
    if not known:
        return None
    scale = fitting([number for _, number, _ in known])
    profiles = list(dict.fromkeys(cell.profile for cell in cells))
    strips: list[Strip] = []
    for place, cell in enumerate(cells):
        measure, label = measured(cell), one_line(f"{cell.profile}@{cell.think}", 60)
        words = measure_words(measure, show, cell.whole)
        points = tuple(
            StripPoint(scale.percent(number), f"{label} #{result.repeat or 1}: {show(amount)}")
            for result, number, amount in known
            if (result.profile, result.think.requested) == (cell.profile, cell.think)
        )
        around = f", {words.interval}" if words.interval else ""
        strips.append(
            Strip(
                label, words.median, place * STRIP_HEIGHT, profiles.index(cell.profile) % 8 + 1, points,
                _at(scale, measure.median), _at(scale, measure.low), _at(scale, measure.high),
                f"{label}: median {words.median}{around}",
            )
        )  # fmt: skip
    kind = ", logarithmic" if scale.logarithmic else ""
    ticks = tuple((scale.percent(tick), tick_words(tick)) for tick in scale.ticks)
    summary = f"{unit} of each sample, with the median of each cell and its interval"
    return StripChart(name, title, summary, tuple(strips), ticks, f"{unit}{kind}")


def _at(scale: Scale, amount: Amount | None) -> float | None:
    number = usable(amount)
    return None if number is None else scale.percent(number)
