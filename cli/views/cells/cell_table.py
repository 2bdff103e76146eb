"""Cells on a terminal: three lines each, median above interval above range, in as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from ....engine.cells.cell import Cell
from ....engine.results.result import Result
from ..grid import BEST_STYLE, Column, FigureTable, needs, ruled
from ..line import QUIET, STRONG, Line, line_of
from ..numbers import BEST
from ..run.dial import labels
from ..run.think_notes import think_notes
from .cell_words import CellRow, MeasureWords, cell_rows, legend

_DROPPED = ((), ("first answer",), ("first answer", "output"), ("first answer", "output", "reasoning"))
"""What is left out of a narrow table, one choice after the other."""


def cells_table(cells: Sequence[Cell], results: Sequence[Result], width: int, needed: int) -> FigureTable | Table:
    """The table of these cells and what its marks mean; `results` are their samples."""
    made = cell_rows(cells)
    columns = _columns(made)
    fitting = ([column for column in columns if column.head.split("\n")[0] not in without] for without in _DROPPED)
    chosen = next((some for some in fitting if needs(some) <= width), None)
    # The think values' notes speak of results: of samples of the same once.
    said = [*dict.fromkeys(think_notes(results)), *legend(cells, needed)]
    caption = line_of("\n" + "\n".join(said), QUIET)
    return _cards(made, caption) if chosen is None else ruled(chosen, leading=1, caption=caption)


def cell_labels(results: Sequence[Result]) -> list[str]:
    """How to call each cell of these samples, without the number of the sample."""
    return list(dict.fromkeys(label.partition(" #")[0] for label in labels(results)))


def _columns(made: Sequence[CellRow]) -> list[Column]:
    names = [
        Text.assemble(
            ("" if row.again else row.profile, STRONG), f"@{row.think}" if not row.again else f"  @{row.think}",
            "\n", (row.same_as or row.model, QUIET), "\n", (_counts(row), QUIET),
        )
        for row in made
    ]  # fmt: skip
    return [
        Column("profile@think\nmodel\nsamples", "left", names),
        _column("reasoning", made, [row.reasoning for row in made]),
        _column("output", made, [row.output for row in made]),
        _column("first answer", made, [row.first_answer for row in made], "time_to_answer_s"),
        _column("total", made, [row.total for row in made], "total_s"),
        _column("cost", made, [row.cost for row in made], "usd"),
        Column("answers\nverdicts", "left", [Text(f"{row.agreement}\n{row.verdicts}") for row in made]),
    ]


def _counts(row: CellRow) -> str:
    return "" if row.same_as else row.samples


def _column(head: str, made: Sequence[CellRow], words: Sequence[MeasureWords], name: str = "") -> Column:
    room = "  " if any(name in row.best for row in made) else ""
    cells = [
        Text()
        if row.same_as
        else Text.assemble(
            (f"{said.median} {BEST}", BEST_STYLE) if name in row.best else f"{said.median}{room}",
            "\n", (f"{said.interval}{room}", ""), "\n", (f"{said.range}{room}", QUIET),
        )
        for row, said in zip(made, words, strict=True)
    ]  # fmt: skip
    return Column(f"{head}\ninterval\nrange", "right", cells)


def _cards(made: Sequence[CellRow], caption: Line) -> Table:
    """For a window too narrow for columns."""
    table = Table(box=None, show_header=False, padding=(0, 0, 1, 0), pad_edge=False)
    table.caption, table.caption_justify, table.caption_style = caption.__rich__(), "left", "none"
    table.add_column(overflow="fold")
    for row in made:
        measures = (
            ("reasoning", row.reasoning), ("output", row.output), ("first answer", row.first_answer),
            ("total", row.total), ("cost", row.cost),
        )  # fmt: skip
        said = [f"{name} {one.median}" + (f" ({one.interval})" if one.interval else "") for name, one in measures]
        line = row.same_as or " · ".join(filter(None, (row.samples, *said, row.agreement, row.verdicts)))
        table.add_row(Text.assemble((row.label, STRONG), "\n", line))
    return table
