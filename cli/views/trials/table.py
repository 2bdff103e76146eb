"""A trial on a terminal: what was found, its arms in a table that fits, and what one has to know beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..grid import Column, FigureTable, needs, ruled, stacked
from ..line import BAD, CAUTION, GOOD, QUIET, STRONG
from ..wrap import wrap_line
from .cells import ArmCells, Mark, cells_of
from .words import LEGEND, headline, outlook, reasons, totals

if TYPE_CHECKING:
    from ....engine.trials.report import TrialReport

_NARROWEST = 64
STYLES: Mapping[Mark, str] = {"chosen": GOOD, "left": CAUTION, "out": QUIET, "failed": BAD}


def trial_view(report: TrialReport, width: int) -> list[RenderableType]:
    """What is printed of a trial, `width` columns wide."""
    found = STYLES["chosen"] if report.choice is not None else CAUTION
    parts: list[RenderableType] = [_text(headline(report), width, f"bold {found}".strip()), Text()]
    parts.append(arm_table(cells_of(report), width))
    parts += [Text(), _text(LEGEND, width, QUIET), Text()]
    parts += [_text(words, width, CAUTION) for words in reasons(report)]
    parts += [_text(words, width, "") for words in outlook(report)]
    return [*parts, _text(totals(report), width, STRONG)]


def arm_table(made: Sequence[ArmCells], width: int) -> FigureTable | Table:
    """The arms: one line each where there is room, two where not, and cards where columns have none."""
    wide = _wide(made)
    for columns in (wide, [column for column in wide if column.head != "model"]):
        if needs(columns) <= width:
            return ruled(columns)
    compact = _compact(made)
    if width >= _NARROWEST and needs(compact) <= width:
        return ruled(compact, leading=1)
    return _cards(made)


def _names(made: Sequence[ArmCells]) -> list[Text]:
    return [Text.assemble((f"{one.sign} {one.name}", STRONG if one.mark != "out" else QUIET)) for one in made]


def _states(made: Sequence[ArmCells]) -> list[Text]:
    return [Text(one.state, STYLES[one.mark]) for one in made]


def _wide(made: Sequence[ArmCells]) -> list[Column]:
    return [
        Column("  profile@think", "left", _names(made)),
        Column("model", "left", [Text(one.model, QUIET) for one in made]),
        Column("passed", "right", [Text(one.passed) for one in made]),
        Column("pass rate", "right", [Text(one.pass_rate) for one in made]),
        Column("bounds", "right", [Text(one.bounds, QUIET) for one in made]),
        Column("per 1,000", "right", [Text(one.per_1000) for one in made]),
        Column("per passed", "right", [Text(one.per_passed) for one in made]),
        Column("reasoning", "right", [Text(one.reasoning) for one in made]),
        Column("median", "right", [Text(one.median) for one in made]),
        Column("shown", "left", _states(made)),
    ]


def _compact(made: Sequence[ArmCells]) -> list[Column]:
    """Two lines an arm, for 80 columns."""
    states = [Text(f"  {one.state}", STYLES[one.mark]) for one in made]
    return [
        Column("  profile@think\n  shown", "left", stacked(_names(made), states)),
        Column(
            "pass rate\nbounds",
            "right",
            stacked([Text(one.pass_rate) for one in made], [Text(one.bounds, QUIET) for one in made]),
        ),
        Column(
            "passed\nreasoning",
            "right",
            stacked([Text(one.passed) for one in made], [Text(one.reasoning, QUIET) for one in made]),
        ),
        Column(
            "per 1,000\nper passed",
            "right",
            stacked([Text(one.per_1000) for one in made], [Text(one.per_passed, QUIET) for one in made]),
        ),
    ]


def _cards(made: Sequence[ArmCells]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 0, 1, 0), pad_edge=False)
    table.add_column(overflow="fold")
    for one, name, state in zip(made, _names(made), _states(made), strict=True):
        figures = (
            f"{one.passed} passed, {one.pass_rate} ({one.bounds}) · {one.per_1000.strip()} per 1,000,"
            f" {one.per_passed.strip()} per passed · {one.reasoning} reasoning tokens"
        )
        table.add_row(Text.assemble(name, " · ", state, "\n", figures))
    return table


def _text(line: str, width: int, style: str) -> Text:
    return Text("\n".join(wrap_line(line, width, "  ")), style)
