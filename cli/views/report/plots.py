"""The charts with two axes: cost against time, and what a rising think value does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from ....engine.results.receipt import is_whole
from ....engine.results.result import Result
from ....profiles.profile import Reference
from ....providers.untrusted import one_line
from ..numbers import dollars, rounded_dollars, rounded_tokens, seconds
from ..run.dial import asked, labels
from .scales import Scale, fitting, linear, usable

SERIES = 32
"""So many pairs of 8 colours and 4 shapes; one more profile begins again."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_NARROW, _WIDE, _HEIGHT = 220, 480, 300
"""The plot on a phone and beside another chart, in pixels."""

_PLACES = (("start", 10, 4), ("end", -10, 4), ("middle", 0, -11), ("middle", 0, 20))
_LETTER_WIDTH, _LINE_HEIGHT = 6.6, 13
_POINT_GAP = 9
_UPRIGHT_TICKS = 4


class Tick(Struct, frozen=True):
    at: float
    text: str


class Point(Struct, frozen=True):
    """A result in a plot: place in percent from the left and from the top, and its label's place in pixels."""

    series: int
    x: float
    y: float
    says: str
    whole: bool
    label: str = ""
    dx: int = 0
    dy: int = 0
    anchor: str = "start"
    placed: bool = False
    wide_only: bool = False


class ChartLine(Struct, frozen=True):
    series: int
    x1: float
    y1: float
    x2: float
    y2: float


class Plot(Struct, frozen=True):
    name: str
    heading: str
    title: str
    summary: str
    x_name: str
    y_name: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    points: tuple[Point, ...]
    lines: tuple[ChartLine, ...]
    series: tuple[tuple[int, str], ...]
    hollow: bool
    """Whether a point stands for an answer that is not whole."""

    @property
    def dense(self) -> bool:
        """Whether the words below the axis need to be turned to stand beside each other."""
        return len(self.x_ticks) > _UPRIGHT_TICKS


def scatter_chart(results: Sequence[Result]) -> Plot | None:
    """Cost against time, for the results of which both are known."""
    placed = [
        (result, label, usable(result.latency.total_s), usable(result.cost.usd))
        for result, label in zip(results, labels(results), strict=True)
    ]
    known = [
        (r, label, time, usd) for r, label, time, usd in placed if time is not None and usd is not None and _has_come(r)
    ]
    if len(known) < 2:
        return None
    across, up = fitting([time for _, _, time, _ in known]), fitting([usd for _, _, _, usd in known])
    series = _series(results)
    points = [
        Point(
            series[result.profile],
            across.percent(time),
            100 - up.percent(usd),
            f"{label}: {seconds(result.latency.total_s)}, {dollars(result.cost.usd)}",
            is_whole(result),
            label=label,
        )
        for result, label, time, usd in known
    ]
    return Plot(
        "scatter", "Cost against time", "Cost against time",
        "one point a result: the further left the faster, the lower the cheaper",
        f"total time{axis_kind(across)}", f"cost{axis_kind(up)}",
        ticks(across, second_tick), tuple(Tick(100 - tick.at, tick.text) for tick in ticks(up, rounded_dollars)),
        tuple(labelled(points)), (), _names(series, [result for result, *_ in known]),
        any(not point.whole for point in points),
    )  # fmt: skip


def sweep_charts(results: Sequence[Result], reference: Reference) -> list[Plot]:
    """Reasoning, output, time and cost by think value, a line a profile; empty where no profile has two values."""
    placed = [
        (result, position) for result in results if (position := reference.position(result.think.requested)) is not None
    ]
    values: dict[str, set[int]] = {}
    for result, position in placed:
        values.setdefault(result.profile, set()).add(position)
    swept = [(result, position) for result, position in placed if len(values[result.profile]) > 1]
    if not swept:
        return []
    made = (
        _sweep(
            results,
            swept,
            "sweep-reasoning",
            "Reasoning tokens",
            lambda r: r.reasoning.tokens,
            rounded_tokens,
            rounded_tokens,
        ),
        _sweep(
            results,
            swept,
            "sweep-output",
            "Output tokens",
            lambda r: r.usage.output_tokens,
            rounded_tokens,
            rounded_tokens,
        ),
        _sweep(results, swept, "sweep-time", "Total time", lambda r: r.latency.total_s, second_tick, seconds),
        _sweep(results, swept, "sweep-cost", "Cost", lambda r: r.cost.usd, rounded_dollars, rounded_dollars),
    )
    return [plot for plot in made if plot is not None]


def _sweep(
    results: Sequence[Result],
    swept: Sequence[tuple[Result, int]],
    name: str,
    title: str,
    measure: Callable[[Result], int | float | Decimal | None],
    tick_words: Callable[[float], str],
    words: Callable[[float], str],
) -> Plot | None:
    """A chart of what `measure` finds in the results, each with its position on the dial."""
    stops = sorted({position for _, position in swept})
    names = {position: asked(result.think) for result, position in swept}
    at = {stop: 100 * index / (len(stops) - 1) for index, stop in enumerate(stops)}
    known = [
        (result, at[position], value)
        for result, position in swept
        if _has_come(result) and (value := usable(measure(result))) is not None
    ]
    if not known:
        return None
    up, series, label = linear([value for _, _, value in known]), _series(results), dict(_labels(results))
    points = [
        Point(
            series[result.profile],
            round(x, 3),
            round(100 - up.percent(value), 3),
            f"{label[result.id]}: {words(value)}",
            is_whole(result),
        )
        for result, x, value in sorted(known, key=lambda entry: entry[1])
    ]
    lines: list[ChartLine] = []
    for number in dict.fromkeys(point.series for point in points):
        own = [point for point in points if point.series == number]
        lines += [ChartLine(number, a.x, a.y, b.x, b.y) for a, b in pairwise(own) if a.x != b.x]
    return Plot(
        name, title, f"{title} by think value", "one line a profile, from little thinking to much",
        "think value", title.lower(),
        tuple(Tick(round(at[stop], 3), names[stop]) for stop in stops),
        tuple(Tick(100 - up.percent(tick), tick_words(tick)) for tick in up.ticks),
        tuple(points), tuple(lines), _names(series, [result for result, _, _ in known]),
        any(not point.whole for point in points),
    )  # fmt: skip


def _has_come(result: Result) -> bool:
    """Whether there is an answer, or a part of one: the time of a failure says nothing about the model."""
    return result.status in ("ok", "partial")


def _labels(results: Sequence[Result]) -> list[tuple[str, str]]:
    return [(result.id, label) for result, label in zip(results, labels(results), strict=True)]


def _series(results: Sequence[Result]) -> dict[str, int]:
    """A number for each profile, from 1, the same in every chart of a run."""
    return {profile: index % SERIES + 1 for index, profile in enumerate(dict.fromkeys(r.profile for r in results))}


def _names(series: Mapping[str, int], shown: Sequence[Result]) -> tuple[tuple[int, str], ...]:
    return tuple((series[profile], one_line(profile, 40)) for profile in dict.fromkeys(r.profile for r in shown))


def axis_kind(scale: Scale) -> str:
    return ", logarithmic" if scale.logarithmic else ""


def ticks(scale: Scale, words: Callable[[float], str]) -> tuple[Tick, ...]:
    return tuple(Tick(scale.percent(tick), words(tick)) for tick in scale.ticks)


def second_tick(value: float) -> str:
    return f"{value:g} s" if value < 120 else seconds(value)


def labelled(points: Sequence[Point], bars: Sequence[ChartLine] = ()) -> list[Point]:
    """The points, labelled where a label covers neither a point, another label, nor one of the upright `bars`; some
    only on a wide screen.
    """
    made = _placed(list(points), bars, _NARROW, wide_only=False)
    return _placed(made, bars, _WIDE, wide_only=True)


def _placed(points: list[Point], bars: Sequence[ChartLine], width: int, *, wide_only: bool) -> list[Point]:
    """The points with labels for those that have none yet, as far as there is room on a plot of this width."""
    taken = [*(_around(point, width) for point in points), *(_bar_box(bar, width) for bar in bars)]
    taken += [_label_box(point, width, point.anchor, point.dx, point.dy) for point in points if point.placed]
    made: list[Point] = []
    for point in points:
        for anchor, dx, dy in () if point.placed else _PLACES:
            box = _label_box(point, width, anchor, dx, dy)
            if box[0] >= -4 and box[2] <= width + 24 and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                point = replace(point, anchor=anchor, dx=dx, dy=dy, placed=True, wide_only=wide_only)
                break
        made.append(point)
    return made


def _around(point: Point, width: int) -> Box:
    x, y = point.x / 100 * width, point.y / 100 * _HEIGHT
    return x - _POINT_GAP, y - _POINT_GAP, x + _POINT_GAP, y + _POINT_GAP


def _bar_box(bar: ChartLine, width: int) -> Box:
    x, ends = bar.x1 / 100 * width, sorted((bar.y1 / 100 * _HEIGHT, bar.y2 / 100 * _HEIGHT))
    return x - 3, ends[0], x + 3, ends[1]


def _label_box(point: Point, width: int, anchor: str, dx: int, dy: int) -> Box:
    length = len(point.label) * _LETTER_WIDTH
    left = point.x / 100 * width + dx - {"start": 0.0, "end": length, "middle": length / 2}[anchor]
    baseline = point.y / 100 * _HEIGHT + dy
    return left, baseline - _LINE_HEIGHT + 3, left + length, baseline + 3


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
