"""Dose curves in a terminal: a row a think value, with its median, its interval, and where both lie on one scale."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from ....engine.doses.curves import LEVEL, Dose, DoseCurve, DoseFigure
from ....providers.untrusted import one_line
from ..grid import Column, needs, ruled
from ..line import CAUTION, QUIET, STRONG
from ..numbers import ALIKE, UNKNOWN, rounded_dollars, rounded_tokens, seconds
from ..report.scales import Scale, fitting

_LEAST_PLOT, _MOST_PLOT = 16, 60
_WIDE = 110


def curves_view(curves: Sequence[DoseCurve], width: int) -> Iterator[RenderableType]:
    """All curves, on one scale, and what is said below them."""
    tables = [_columns(curve, width >= _WIDE) for curve in curves]
    widest = max((needs(columns) for curve, columns in zip(curves, tables, strict=True) if curve.doses), default=0)
    room = min(width - widest - 2, _MOST_PLOT)
    scale = _scale(curves)
    for place, (curve, columns) in enumerate(zip(curves, tables, strict=True)):
        if place:
            yield ""
        yield _heading(curve)
        if not curve.doses:
            yield Text("  no answer in the history; --measure 5 --max-cost USD asks for some", QUIET)
            continue
        if room >= _LEAST_PLOT:
            plots = [Text(_whisker(dose.reasoning_tokens, room, scale)) for dose in curve.doses]
            columns.insert(3, Column("".ljust(room), "left", plots))
        yield ruled(columns)
        for words, style in step_lines(curve):
            yield Text(f"  {words}", style)
    if any(curve.doses for curve in curves):
        kind = "a logarithmic scale" if scale.logarithmic else "a scale from 0"
        yield Text("\n" + "\n".join([f"● median, ├─┤ interval, on {kind}", *legend(curves)]), QUIET)


def step_lines(curve: DoseCurve) -> Iterator[tuple[str, str]]:
    """What is said of neighbouring think values: which are not shown to differ, and which nobody can judge."""
    few = [step for step in curve.steps if step.judgement == "too_few"]
    for step in curve.steps:
        if step.judgement == "not_shown":
            yield f"{ALIKE} {step.words}", CAUTION
    if few:
        pairs = ", ".join(f"{step.lower}/{step.upper} (n={step.count})" for step in few)
        yield f"too few samples to compare: {pairs}", QUIET


def legend(curves: Sequence[DoseCurve]) -> list[str]:
    """What the figures are, and what they are not."""
    figures = [dose.reasoning_tokens for curve in curves for dose in curve.doses if dose.reasoning_tokens]
    lines = ["figures are medians of whole answers, and an interval is meant to hold the true median in 95 % of cases"]
    if any(one.level is not None and one.level < LEVEL - 0.001 for one in figures):
        lines.append("fewer than 6 answers cannot promise 95 %: --json says what they can")
    if any(curve.asked.simulated for curve in curves):
        lines.append("simulated: these answers came from the built-in simulator, not from a provider")
    return lines


def _heading(curve: DoseCurve) -> Text:
    where = one_line(curve.asked.host or curve.asked.provider, 60)
    parts = [(one_line(curve.name, 60), STRONG)]
    if curve.name != curve.asked.model:
        parts.append((f"  {one_line(curve.asked.model, 60)}", ""))
    parts.append((f"  {'SIMULATED' if curve.asked.simulated else where}", CAUTION if curve.asked.simulated else QUIET))
    count = curve.answers
    parts.append((f"  {count:,} {'answer' if count == 1 else 'answers'}", QUIET))
    return Text.assemble(*parts)


def _columns(curve: DoseCurve, wide: bool) -> list[Column]:
    def column(head: str, pick: Callable[[Dose], DoseFigure | None], words: Callable[[float], str]) -> Column:
        cells = [figure_words(pick(dose), words, interval=wide) for dose in curve.doses]
        return Column(head, "right", [Text(cell) for cell in cells])

    return [
        Column("think", "left", [Text(think_words(dose)) for dose in curve.doses]),
        Column("n", "right", [Text(f"{dose.answers:,}") for dose in curve.doses]),
        Column(
            "reasoning tokens",
            "right",
            [Text(figure_words(dose.reasoning_tokens, rounded_tokens, interval=True)) for dose in curve.doses],
        ),
        column("total time", lambda dose: dose.total_s, seconds),
        column("cost", lambda dose: dose.usd, rounded_dollars),
    ]


def think_words(dose: Dose) -> str:
    """`medium ≈`: the think value, marked where it is not shown to think more than the one below it."""
    return one_line(dose.think, 20) + (f" {ALIKE}" if dose.not_above else "")


def figure_words(figure: DoseFigure | None, words: Callable[[float], str], *, interval: bool) -> str:
    """`1,234 (1,050 to 1,410)`; the median alone where there is no interval."""
    if figure is None:
        return UNKNOWN
    if not interval or figure.low is None or figure.high is None:
        return words(figure.median)
    return f"{words(figure.median)} ({words(figure.low)} to {words(figure.high)})"


def _scale(curves: Sequence[DoseCurve]) -> Scale:
    """The scale of all plots: of reasoning tokens, logarithmic where they differ much."""
    figures = [dose.reasoning_tokens for curve in curves for dose in curve.doses if dose.reasoning_tokens is not None]
    return fitting([end for one in figures for end in (one.low, one.median, one.high) if end is not None])


def _whisker(figure: DoseFigure | None, room: int, scale: Scale) -> str:
    """The interval and the median as signs."""
    if figure is None:
        return ""

    def place(value: float) -> int:
        return round((room - 1) * scale.percent(value) / 100)

    signs = [" "] * room
    if figure.low is not None and figure.high is not None:
        low, high = place(figure.low), place(figure.high)
        signs[low : high + 1] = ["─"] * (high - low + 1)
        signs[low], signs[high] = "├", "┤"
    signs[place(figure.median)] = "●"
    return "".join(signs).rstrip()
