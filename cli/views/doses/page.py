"""Dose curves as one HTML page: charts of reasoning, time and cost by think value, and all figures in a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise

from ....engine.doses.curves import Dose, DoseCurve, DoseFigure
from ....providers.untrusted import one_line
from ..numbers import UNKNOWN, rounded_dollars, rounded_tokens, seconds
from ..report.assets import page_of
from ..report.columns import PageCell, PageColumn, PageTable, number, page_amounts
from ..report.plots import SERIES, ChartLine, Plot, Point, Tick, axis_kind, second_tick
from ..report.scales import Scale, fitting, usable
from .curves import figure_words, legend, step_lines, think_words

_Pick = Callable[[Dose], DoseFigure | None]


def dose_page(curves: Sequence[DoseCurve], made_at: datetime) -> str:
    """Return the page. Nothing that a profile or a provider says is more than text in it."""
    drawn = [curve for curve in curves if curve.doses]
    simulated = [curve for curve in drawn if curve.asked.simulated]
    charts = (
        _plot(
            drawn, "reasoning", "Reasoning tokens", lambda dose: dose.reasoning_tokens, rounded_tokens, rounded_tokens
        ),
        _plot(drawn, "time", "Total time", lambda dose: dose.total_s, second_tick, seconds),
        _plot(drawn, "cost", "Cost", lambda dose: dose.usd, rounded_dollars, rounded_dollars),
    )
    answers = sum(curve.answers for curve in curves)
    return page_of(
        "dose.html",
        title="What each think value takes",
        page_title="Dose curves · thinkdial",
        date=f"{made_at.day} {made_at:%B %Y, %H:%M} UTC",
        iso_date=made_at.isoformat(timespec="seconds"),
        source="simulated" if simulated and len(simulated) == len(drawn) else "some simulated" if simulated else "",
        tiles=[
            ("models", f"{len(drawn):,}", _without(len(curves) - len(drawn))),
            ("think values", f"{sum(len(curve.doses) for curve in drawn):,}", ""),
            ("answers", f"{answers:,}", "from your own history"),
            ("levels not shown to differ", f"{_alike(drawn):,}", f"of {_judged(drawn):,} compared"),
        ],
        table=_table(drawn) if drawn else None,
        plots=[chart for chart in charts if chart is not None],
        notes=[f"{_name(curve)}: {words}" for curve in drawn for words, _ in step_lines(curve)],
        key=legend(curves),
    )  # fmt: skip


def _without(models: int) -> str:
    return f"{models} without an answer" if models else ""


def _alike(curves: Sequence[DoseCurve]) -> int:
    return sum(step.judgement == "not_shown" for curve in curves for step in curve.steps)


def _judged(curves: Sequence[DoseCurve]) -> int:
    return sum(step.judgement != "too_few" for curve in curves for step in curve.steps)


def _name(curve: DoseCurve) -> str:
    return one_line(curve.name, 60) + (" (simulated)" if curve.asked.simulated else "")


def _plot(
    curves: Sequence[DoseCurve],
    name: str,
    title: str,
    pick: _Pick,
    tick_words: Callable[[float], str],
    words: Callable[[float], str],
) -> Plot | None:
    """Medians joined by a line for each model, and an upright line through each for its interval."""
    positions = {dose.think: dose.position for curve in curves for dose in curve.doses if pick(dose) is not None}
    stops = sorted(positions, key=lambda think: positions[think])
    known = [
        value
        for curve in curves
        for dose in curve.doses
        if (figure := pick(dose)) is not None
        for end in (figure.low, figure.median, figure.high)
        if (value := usable(end)) is not None
    ]
    if not known:
        return None
    up, gap = fitting(known), 100 / max(len(stops) - 1, 1)
    amounts = sum(math.isfinite(position) for position in positions.values())
    last = 200.0 if amounts == len(stops) else gap * (amounts - 0.5)
    shift = min(gap / 3, 12.0) / max(len(curves), 1)
    points: list[Point] = []
    lines: list[ChartLine] = []
    for place, curve in enumerate(curves):
        series = place % SERIES + 1
        aside = shift * (place - (len(curves) - 1) / 2)
        own = [
            _point(curve, dose, figure, up, words, series, min(max(gap * stops.index(dose.think) + aside, 0), 100))
            for dose in curve.doses
            if (figure := pick(dose)) is not None and usable(figure.median) is not None
        ]
        points += [point for point, _ in own]
        lines += [line for _, line in own if line is not None]
        # `auto` is no amount: no line leads to it.
        rising = [point for point, _ in own if point.x < last]
        lines += [ChartLine(series, a.x, a.y, b.x, b.y) for a, b in pairwise(rising)]
    return Plot(
        name, title, f"{title} by think value", "one line a model, with the 95 % interval of each median",
        "think value", f"{title.lower()}{axis_kind(up)}",
        tuple(Tick(round(gap * place, 3), one_line(stop, 20)) for place, stop in enumerate(stops)),
        tuple(Tick(100 - up.percent(tick), tick_words(tick)) for tick in up.ticks),
        tuple(points), tuple(lines),
        tuple((place % SERIES + 1, _name(curve)) for place, curve in enumerate(curves)), False,
    )  # fmt: skip


def _point(
    curve: DoseCurve,
    dose: Dose,
    figure: DoseFigure,
    up: Scale,
    words: Callable[[float], str],
    series: int,
    x: float,
) -> tuple[Point, ChartLine | None]:
    says = f"{_name(curve)}@{one_line(dose.think, 20)}: {figure_words(figure, words, interval=True)}, n={figure.n}"
    point = Point(series, round(x, 3), round(100 - up.percent(figure.median), 3), says, whole=True)
    if figure.low is None or figure.high is None or usable(figure.high) is None:
        return point, None
    low, high = round(100 - up.percent(figure.low), 3), round(100 - up.percent(figure.high), 3)
    return point, ChartLine(series, point.x, low, point.x, high)


def _table(curves: Sequence[DoseCurve]) -> PageTable:
    rows = [(curve, dose) for curve in curves for dose in curve.doses]

    def words(head: str, text: Callable[[DoseCurve, Dose], str]) -> PageColumn:
        shown = [text(curve, dose) for curve, dose in rows]
        return PageColumn("", head, False, tuple(PageCell(one or UNKNOWN, one.lower() or None) for one in shown))

    def figures(group: str, pick: _Pick, text: Callable[[float], str], *, money: bool = False) -> list[PageColumn]:
        found = [pick(dose) for _, dose in rows]
        medians = [UNKNOWN if one is None else text(one.median) for one in found]
        spans = [
            UNKNOWN if one is None or one.low is None or one.high is None else f"{text(one.low)} to {text(one.high)}"
            for one in found
        ]
        shown = page_amounts(medians) if money else medians
        return [
            PageColumn(group, "median", True, tuple(
                PageCell(cell, number(one and one.median)) for cell, one in zip(shown, found, strict=True)
            )),
            PageColumn(group, "95 % interval", True, tuple(
                PageCell(cell, number(one and one.low)) for cell, one in zip(spans, found, strict=True)
            )),
        ]  # fmt: skip

    counted = tuple(PageCell(f"{dose.answers:,}", number(dose.answers)) for _, dose in rows)
    return PageTable((
        words("model", lambda curve, dose: _name(curve)),
        words("think", lambda curve, dose: think_words(dose)),
        PageColumn("", "answers", True, counted),
        *figures("reasoning tokens", lambda dose: dose.reasoning_tokens, rounded_tokens),
        *figures("output tokens", lambda dose: dose.output_tokens, rounded_tokens),
        *figures("total time", lambda dose: dose.total_s, seconds),
        *figures("cost", lambda dose: dose.usd, rounded_dollars, money=True),
    ))  # fmt: skip
