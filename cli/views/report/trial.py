"""A trial as one HTML page: what was found, its arms to sort, and pass rate against cost with the frontier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ....engine.trials.report import TrialOutcome
from ....providers.untrusted import one_line
from ..numbers import UNKNOWN, dollars, rounded_dollars
from ..trials.cells import ArmCells, Mark, cells_of
from ..trials.words import BOUNDS, bounds, headline, label, outlook, reasons, totals
from .assets import page_of
from .columns import PageCell, PageColumn, PageTable, number, page_amounts
from .plots import SERIES, ChartLine, Plot, Point, Tick, axis_kind, labelled, ticks
from .scales import Scale, fitting, usable

if TYPE_CHECKING:
    from ....engine.trials.report import ArmReport, TrialReport

_TONES: dict[Mark, str] = {"chosen": "good", "left": "caution", "out": "", "failed": "bad"}


def trial_page(report: TrialReport, source: str, made_at: datetime) -> str:
    """Return the page. Nothing that a row, a profile or a provider says is more than text in it."""
    title = f"Trial of {one_line(source, 160)}"
    return page_of(
        "batch.html",
        kind="tune",
        best="the choice",
        caveat=BOUNDS,
        title=title,
        page_title=f"{title} · thinkdial",
        date=f"{made_at.day} {made_at:%B %Y, %H:%M} UTC",
        iso_date=made_at.isoformat(timespec="seconds"),
        ending=headline(report),
        tone="good" if report.outcome is TrialOutcome.FOUND else "caution",
        simulated="SIMULATED, nothing was charged" if all(arm.arm.is_simulated for arm in report.arms) else "",
        totals=totals(report),
        tiles=_tiles(report),
        table=_table(report),
        plot=_plot(report.arms),
        bars=[],
        notes=[*reasons(report), *outlook(report)],
        labels=[label(arm) for arm in report.arms],
    )


def _tiles(report: TrialReport) -> list[tuple[str, str, str]]:
    """What, how much, and a remark."""
    choice, target = report.choice, report.rules.target
    name = UNKNOWN if choice is None else label(choice)
    aim = "not worse than the best" if target is None else f"a pass rate of {target:g}"
    made = f"{report.calls:,} of {report.whole_grid:,}"
    unknown = f"and {report.usd_unknown:,} unknown" if report.usd_unknown else "in this run"
    each = UNKNOWN if choice is None else dollars(choice.usd_per_1000)
    return [
        ("choice", name, aim),
        ("for 1,000 rows", each, "" if choice is None else f"{dollars(choice.usd_per_passed)} per passed"),
        ("calls", made, f"{report.rules.rows:,} rows, {len(report.arms)} arms"),
        ("cost", dollars(report.usd), unknown if report.usd is not None else "nothing was asked in this run"),
    ]


def _table(report: TrialReport) -> PageTable:
    arms, made = report.arms, cells_of(report)

    def words(head: str, text: Callable[[ArmCells], str], *, toned: bool = False, starred: bool = False) -> PageColumn:
        return PageColumn("", head, False, tuple(
            PageCell(text(one) or UNKNOWN, text(one).lower() or None, _TONES[one.mark] if toned else "",
                     best=starred and one.mark == "chosen")
            for one in made
        ))  # fmt: skip

    def figures(
        head: str, value: Callable[[ArmReport], int | float | Decimal | None], text: Callable[[ArmCells], str]
    ) -> PageColumn:
        shown = [text(one).strip() for one in made]
        if any(one.startswith("$") for one in shown):
            shown = page_amounts(shown)
        cells = [PageCell(said, number(value(arm))) for arm, said in zip(arms, shown, strict=True)]
        return PageColumn("", head, True, tuple(cells))

    return PageTable((
        words("profile@think", lambda one: one.name),
        words("model", lambda one: one.model),
        words("shown", lambda one: one.state, toned=True, starred=True),
        figures("passed", lambda arm: arm.judged or None, lambda one: one.passed),
        figures("pass rate", lambda arm: arm.pass_rate, lambda one: one.pass_rate),
        figures("bounds", lambda arm: arm.pass_low, lambda one: one.bounds),
        figures("per 1,000 rows", lambda arm: arm.usd_per_1000, lambda one: one.per_1000),
        figures("per passed", lambda arm: arm.usd_per_passed, lambda one: one.per_passed),
        figures("reasoning, median", lambda arm: arm.reasoning_tokens_median, lambda one: one.reasoning),
        figures("time, median", lambda arm: arm.total_median_s, lambda one: one.median),
    ))  # fmt: skip


def _plot(arms: Sequence[ArmReport]) -> Plot | None:
    """Pass rate over cost; a line through each point is its bounds."""
    known = [
        (arm, usd, arm.pass_rate, arm.pass_low, arm.pass_high)
        for arm in arms
        if arm.pass_rate is not None and (usd := usable(arm.usd_per_1000)) is not None
    ]
    if not known:
        return None
    across, up = fitting([usd for _, usd, *_ in known]), Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))
    names = dict.fromkeys(arm.arm.profile for arm, *_ in known)
    series = {name: place % SERIES + 1 for place, name in enumerate(names)}
    points: list[Point] = []
    lines: list[ChartLine] = []
    for arm, usd, rate, low, high in known:
        x, own = across.percent(usd), series[arm.arm.profile]
        says = f"{label(arm)}: {rate:.1%} ({bounds(low, high)}), {dollars(arm.usd_per_1000)} for 1,000 rows"
        points.append(Point(own, x, round(100 - up.percent(rate), 3), says, arm.is_on_frontier, label=label(arm)))
        if low is not None and high is not None:
            lines.append(ChartLine(own, x, round(100 - up.percent(low), 3), x, round(100 - up.percent(high), 3)))
    return Plot(
        "frontier", "Pass rate against cost", "Pass rate against cost",
        "one point an arm, with the bounds of its rate; filled where no other arm has as high a rate for as little",
        f"cost of 1,000 rows{axis_kind(across)}", "pass rate, with its bounds",
        ticks(across, rounded_dollars), tuple(Tick(100 - 100 * tick, f"{100 * tick:.0f} %") for tick in up.ticks),
        tuple(labelled(points, lines)), tuple(lines),
        tuple((series[name], one_line(name, 40)) for name in names),
        False,
    )  # fmt: skip
