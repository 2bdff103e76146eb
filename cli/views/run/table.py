"""The comparison in numbers: one row a result, on one line each where there is room, on two where not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....engine.results.result import Result
from ..grid import Cells, Column, FigureTable, LineCells, cells, needs, ruled
from ..line import QUIET, STRONG, Line, line_of
from ..numbers import at_the_point
from .dial import labels
from .receipt import receipt_line
from .rows import ResultRow, one_sample_words, rows
from .think_notes import think_notes

if TYPE_CHECKING:
    from rich.table import Table

_COMPACT_NEEDS = 72
_WIDEST_SCREEN = 500
"""Wider than that is no terminal: there notes stay on one line."""


def numbers_table(results: Sequence[Result], width: int) -> FigureTable | Table:
    """Return the table that fits `width` columns best; its caption holds the notes behind its marks."""
    made, caption, unfolded = rows(results), _caption(results), width > _WIDEST_SCREEN
    wide, compact = _wide_columns(made), _compact_columns(made)
    if columns := _first_that_fits(width, wide, [column for column in wide if column.head != "model"]):
        return ruled(columns, caption=caption, unfolded=unfolded)
    if width >= _COMPACT_NEEDS:
        without_model = [Column("profile", "left", _profiles(made)), *compact[1:]]
        columns = _first_that_fits(width, compact) or without_model
        return ruled(columns, leading=1, caption=caption, unfolded=unfolded)
    return _cards(results, width, caption)


def _wide_columns(made: Sequence[ResultRow]) -> list[Column]:
    shares = any(row.reasoning_share for row in made)
    reasoning = [f"{row.measured} {row.reasoning_share:>5}" if shares else row.measured for row in made]
    paths = [f"{row.think} → {row.measured} {row.missed}".rstrip() for row in made]
    return [
        Column("profile", "left", _profiles(made)),
        Column("model", "left", cells(["" if row.again else row.model for row in made], QUIET)),
        Column("asked → sent → measured", "left", cells(paths)),
        Column("reasoning", "right", cells(reasoning)),
        Column("output", "right", cells([row.output for row in made])),
        Column("first answer", "right", cells([row.first_answer for row in made])),
        Column("total", "right", cells([row.total for row in made])),
        Column("tokens/s", "right", cells([row.rate for row in made])),
        Column("cost", "right", cells(at_the_point([row.cost for row in made]))),
        Column("verdict", "left", _verdicts(made)),
    ]


def _compact_columns(made: Sequence[ResultRow]) -> list[Column]:
    """Two lines a result, for 80 columns."""
    names = [Line() if row.again else Line((row.profile, STRONG), ("\n", ""), (row.model, QUIET)) for row in made]
    paths = [f"{row.think}\n→ {row.measured}\n{row.missed}".rstrip() for row in made]
    return [
        Column("profile\nmodel", "left", LineCells(names)),
        Column("asked → sent\n→ measured", "left", cells(paths)),
        Column("reasoning\nof output", "right", cells([f"{row.measured}\nof {row.output}" for row in made])),
        Column("1st answer\ntotal", "right", cells([f"{row.first_answer}\n{row.total}" for row in made])),
        Column("cost\ntokens/s", "right", cells([f"{row.cost}\n{row.rate}" for row in made])),
        Column("verdict", "left", _verdicts(made)),
    ]


def _first_that_fits(width: int, *choices: list[Column]) -> list[Column] | None:
    return next((columns for columns in choices if needs(columns) <= width), None)


def _cards(results: Sequence[Result], width: int, caption: Line | None) -> Table:
    """For a window too narrow for columns: the receipt of each result, wrapped."""
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=None, show_header=False, padding=(0, 0, 1, 0), pad_edge=False, caption_justify="left", caption_style="none"
    )
    table.caption = None if caption is None else caption.__rich__()
    table.add_column(overflow="fold")
    for result, label in zip(results, labels(results), strict=True):
        table.add_row(Text.assemble((label, STRONG), "\n", *receipt_line(result, width, with_past=False).pieces))
    return table


def _profiles(made: Sequence[ResultRow]) -> Cells:
    return cells(["" if row.again else row.profile for row in made], STRONG)


def _verdicts(made: Sequence[ResultRow]) -> LineCells:
    def verdict(row: ResultRow) -> Line:
        words, style = row.check
        return Line((f"{row.mark} {row.verdict}", row.style), (f"\n{words}" if words else "", style))

    return LineCells(list(map(verdict, made)))


def _caption(results: Sequence[Result]) -> Line | None:
    """What the marks mean, the note of every substituted level, and why nothing is the best."""
    lines = dict.fromkeys(think_notes(results))
    if words := one_sample_words(results):
        lines[words] = None
    return line_of("\n" + "\n".join(lines), QUIET) if lines else None
