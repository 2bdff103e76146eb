"""The summary of a batch as one HTML page: its table to sort, quality against cost, and the latencies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from ....providers.untrusted import one_line
from ..batch.summary import (
    LEGEND,
    NO_STAR,
    SummaryRow,
    cost_words,
    ending,
    has_judged,
    notes,
    percent,
    plural,
    rows,
    simulated_words,
    star_words,
    totals,
)
from ..numbers import BEST, UNKNOWN, dollars, rounded_dollars, seconds, tokens
from .assets import page_of
from .bars import ROW_HEIGHT, Bar, BarChart, Segment
from .columns import PageCell, PageColumn, PageTable, number, page_amounts
from .plots import SERIES, ChartLine, Plot, Point, Tick, axis_kind, labelled, ticks
from .scales import Scale, fitting, usable

if TYPE_CHECKING:
    from ....engine.batch.end import Ended
    from ....engine.batch.output.summary import Group, Tally

_MOST_BARS = 60
OVERLAP = "pass rates whose intervals overlap may differ by chance alone"


class _Entry(Struct, frozen=True):
    """A group, and its figures in words."""

    group: Group
    row: SummaryRow


def summary_page(tally: Tally, ended: Ended, source: str, made_at: datetime) -> str:
    """Return the page. Nothing that a row, a profile or a provider says is more than text in it."""
    entries = [_Entry(group, row) for group, row in zip(tally.ordered, rows(tally), strict=True)]
    title = f"Batch of {one_line(source, 160)}"
    asked = [entry for entry in entries if entry.group.results]
    charts = (_latency(asked), _tokens(asked), _costs(asked))
    return page_of(
        "batch.html",
        kind="batch",
        best=LEGEND.removeprefix(f"{BEST} "),
        caveat=NO_STAR if star_words(tally) == NO_STAR else OVERLAP,
        title=title,
        page_title=f"{title} · thinkdial",
        date=f"{made_at.day} {made_at:%B %Y, %H:%M} UTC",
        iso_date=made_at.isoformat(timespec="seconds"),
        ending=ending(ended),
        tone="good" if ended.finished else "caution",
        simulated=simulated_words(tally),
        totals=" · ".join(totals(tally, ended)),
        tiles=_tiles(tally, ended),
        table=_table(entries, has_judged(tally)) if entries else None,
        plot=_plot(asked),
        bars=[chart for chart in charts if chart is not None],
        notes=notes(tally, ended),
        labels=[entry.row.label for entry in entries],
    )


def _tiles(tally: Tally, ended: Ended) -> list[tuple[str, str, str]]:
    """What, how much, and a remark."""
    judged = sum(group.judged for group in tally.groups.values())
    passed = sum(group.passed for group in tally.groups.values())
    unknown = sum(group.usd_unknown for group in tally.groups.values())
    whole = tally.results - tally.failed
    remarks = [
        *([f"{tally.failed:,} failed"] if tally.failed else []),
        *([plural(ended.bad_rows, "bad row")] if ended.bad_rows else []),
    ]
    return [
        ("whole answers", f"{whole:,} of {tally.results:,}", ", ".join(remarks) or "nothing failed"),
        ("passed", percent(passed / judged) if judged else UNKNOWN,
         f"{passed:,} of {judged:,} judged" if judged else "no row has an expectation"),
        ("cost", dollars(tally.usd), f"and {unknown:,} unknown" if unknown else "all known"),
        ("tried again", f"{tally.again.total():,}", f"{tally.skipped:,} done earlier" if tally.skipped else ""),
    ]  # fmt: skip


def _table(entries: Sequence[_Entry], judged: bool) -> PageTable:
    def words(group: str, head: str, text: Callable[[_Entry], str], tone: str = "") -> PageColumn:
        shown = [text(entry) for entry in entries]
        return PageColumn(
            group, head, False, tuple(PageCell(t or UNKNOWN, t.lower() or None, tone if t else "") for t in shown)
        )

    def figures(
        group: str,
        head: str,
        value: Callable[[Group], int | float | Decimal | None],
        text: Callable[[_Entry], str],
        best: str = "",
    ) -> PageColumn:
        shown = [text(entry) for entry in entries]
        if any(one.startswith("$") for one in shown):
            shown = page_amounts(shown)
        return PageColumn(group, head, True, tuple(
            PageCell(text_, number(value(entry.group)), best=best in entry.row.best)
            for entry, text_ in zip(entries, shown, strict=True)
        ))  # fmt: skip

    columns = [
        _names(entries),
        words("", "think", lambda e: f"{e.row.think} ({e.row.same_as})" if e.row.same_as else e.row.think),
        figures("", "whole", lambda g: g.statuses["ok"], lambda e: e.row.whole),
    ]
    if any(entry.group.empty for entry in entries):
        columns.append(figures("", "empty", lambda g: g.empty, lambda e: e.row.empty or "0"))
    if judged:
        columns += [
            figures("", "pass rate", lambda g: g.pass_rate, lambda e: e.row.pass_rate, "pass_rate"),
            figures("", "95 % interval", lambda g: g.pass_interval[0] if g.pass_interval else None,
                    lambda e: e.row.interval),
            figures("", "per passed", lambda g: g.usd_per_passed, lambda e: e.row.per_passed),
        ]  # fmt: skip
    if any(entry.row.fit for entry in entries):
        columns.append(figures("", "fit", lambda g: g.shapes.fit, lambda e: e.row.fit))
    sampled = [
        words("samples, 95 %", head, lambda e, name=name: e.row.spans.get(name, ""))
        for head, name in (("cost each", "each"), ("median", "median"), ("reasoning", "reasoning"))
        if any(entry.row.spans for entry in entries)
    ]
    if sampled:
        sampled.append(words("samples, 95 %", "agreement", lambda e: e.row.agreement))
    columns += [
        figures("", "cost each", lambda g: g.mean_usd, lambda e: e.row.each, "each"),
        figures("", "median", lambda g: g.percentile_s(0.5), lambda e: e.row.median, "median"),
        figures("", "95th percentile", lambda g: g.percentile_s(0.95), lambda e: e.row.slow),
        figures("cost", "total", lambda g: g.usd if g.usd_known else None,
                lambda e: cost_words(e.group.usd if e.group.usd_known else None, e.group.usd_unknown)),
        figures("tokens", "reasoning, mean", lambda g: g.mean_reasoning_tokens, lambda e: e.row.reasoning),
        figures("tokens", "output, mean", lambda g: g.mean_output_tokens, lambda e: e.row.output),
        figures("tokens", "input, all", lambda g: _known(g.input_tokens, g.input_known),
                lambda e: tokens(_known(e.group.input_tokens, e.group.input_known))),
        figures("tokens", "output, all", lambda g: _known(g.output_tokens, g.output_known),
                lambda e: tokens(_known(e.group.output_tokens, e.group.output_known))),
        *sampled,
        words("ending", "not as asked", lambda e: e.row.verdicts, "caution"),
        words("ending", "errors", lambda e: e.row.errors, "bad"),
    ]  # fmt: skip
    return PageTable(tuple(columns))


def _names(entries: Sequence[_Entry]) -> PageColumn:
    """Each profile with its model below it, where that is called otherwise."""
    return PageColumn("", "profile", False, tuple(
        PageCell(row.profile, row.profile.lower(), under=row.model if row.model != row.profile else "")
        for row in (entry.row for entry in entries)
    ))  # fmt: skip


def _known(count: int, known: int) -> int | None:
    return count if known else None


def _plot(entries: Sequence[_Entry]) -> Plot | None:
    """Pass rate over the mean cost of a result; a line through each point is its interval."""
    known = [
        (entry, usd, rate, interval)
        for entry in entries
        if (rate := entry.group.pass_rate) is not None
        and (interval := entry.group.pass_interval) is not None
        and (usd := usable(entry.group.mean_usd)) is not None
    ]
    if not known:
        return None
    across, up = fitting([usd for _, usd, _, _ in known]), Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))
    series = _series(entries)
    points: list[Point] = []
    lines: list[ChartLine] = []
    for entry, usd, rate, (low, high) in known:
        group, row = entry.group, entry.row
        x, own = across.percent(usd), series[group.profile]
        says = f"{row.label}: {row.pass_rate} ({row.interval}) for {row.each} each"
        points.append(Point(own, x, round(100 - up.percent(rate), 3), says, True, label=row.label))
        lines.append(ChartLine(own, x, round(100 - up.percent(low), 3), x, round(100 - up.percent(high), 3)))
    return Plot(
        "quality", "Pass rate against cost", "Pass rate against cost",
        "one point a profile and think value, with the 95 % interval of its rate: the higher the better, the further"
        " left the cheaper",
        f"mean cost of a result{axis_kind(across)}", "pass rate, with its 95 % interval",
        ticks(across, rounded_dollars), tuple(Tick(100 - 100 * tick, f"{100 * tick:.0f} %") for tick in up.ticks),
        tuple(labelled(points, lines)), tuple(lines),
        tuple((series[name], one_line(name, 40)) for name in dict.fromkeys(e.group.profile for e, *_ in known)),
        False,
    )  # fmt: skip


def _series(entries: Sequence[_Entry]) -> dict[str, int]:
    """A number for each profile, from 1."""
    names = dict.fromkeys(entry.group.profile for entry in entries)
    return {name: index % SERIES + 1 for index, name in enumerate(names)}


def _latency(entries: Sequence[_Entry]) -> BarChart | None:
    def pieces(entry: _Entry) -> list[tuple[str, float, str]]:
        median, slow = usable(entry.group.percentile_s(0.5)), usable(entry.group.percentile_s(0.95))
        if median is None or slow is None:
            return []
        return [("answer", median, seconds(median)), ("wait", slow - median, f"{seconds(slow)}")]

    return _bars(
        "latency", "Latency", "seconds until the whole answer: the median, and up to the 95th percentile",
        entries, pieces, lambda row: UNKNOWN if row.median == UNKNOWN else f"{row.median}, 95th {row.slow}",
        (("answer", "median"), ("wait", "up to the 95th percentile")),
    )  # fmt: skip


def _tokens(entries: Sequence[_Entry]) -> BarChart | None:
    def pieces(entry: _Entry) -> list[tuple[str, float, str]]:
        output, reasoning = entry.group.mean_output_tokens, entry.group.mean_reasoning_tokens
        if output is None:
            return []
        if reasoning is None or reasoning > output:
            return [("whole", output, entry.row.output)]
        return [
            ("thinking", reasoning, entry.row.reasoning),
            ("answer", output - reasoning, tokens(round(output - reasoning))),
        ]

    return _bars(
        "tokens", "Output tokens of a result", "mean output tokens of a result: reasoning and answer",
        entries, pieces, lambda row: UNKNOWN if row.output == UNKNOWN else f"{row.output}, reasoning {row.reasoning}",
        (("thinking", "reasoning"), ("answer", "answer"), ("whole", "output, not told apart")),
    )  # fmt: skip


def _costs(entries: Sequence[_Entry]) -> BarChart | None:
    def pieces(entry: _Entry) -> list[tuple[str, float, str]]:
        each = usable(entry.group.mean_usd)
        return [] if each is None else [("answer", each, entry.row.each)]

    return _bars(
        "cost", "Cost of a result", "mean US dollars of a result, of those whose cost is known",
        entries, pieces, lambda row: row.each, (("answer", "mean"),),
    )  # fmt: skip


def _bars(
    name: str,
    title: str,
    summary: str,
    entries: Sequence[_Entry],
    pieces: Callable[[_Entry], list[tuple[str, float, str]]],
    total: Callable[[SummaryRow], str],
    kinds: tuple[tuple[str, str], ...],
) -> BarChart | None:
    """The chart; of very many groups only the first, for the table has them all."""
    made = [(entry, [piece for piece in pieces(entry) if piece[1] > 0]) for entry in entries[:_MOST_BARS]]
    highest = max((sum(size for _, size, _ in bar) for _, bar in made), default=0.0)
    if highest <= 0:
        return None
    scale, words = Scale(0.0, highest, ()), dict(kinds)
    bars: list[Bar] = []
    for index, (entry, own) in enumerate(made):
        segments: list[Segment] = []
        start = 0.0
        for kind, size, says in own:
            left, right = scale.percent(start), scale.percent(start + size)
            segments.append(Segment(kind, left, round(right - left, 3), f"{entry.row.label}: {words[kind]} {says}"))
            start += size
        bars.append(Bar(entry.row.label, total(entry.row), index * ROW_HEIGHT, tuple(segments)))
    used = {kind for _, bar in made for kind, _, _ in bar}
    return BarChart(name, title, summary, tuple(bars), tuple((kind, text) for kind, text in kinds if kind in used))
