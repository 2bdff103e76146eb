"""Cells as a Markdown table, which nothing in them can break."""

from __future__ import annotations

from collections.abc import Sequence

from ....engine.cells.cell import Cell
from ..numbers import BEST
from ..quotation import inline
from .cell_words import CellRow, MeasureWords, cell_rows, legend

_HEADS = (
    "profile", "think", "model", "samples", "reasoning", "output", "first answer", "total", "cost", "answers",
    "verdicts",
)  # fmt: skip


def cells_markdown(cells: Sequence[Cell], needed: int) -> str:
    """The table of these cells: of each measure the median and, in brackets, its interval; and what that means."""
    rules = ["---"] * 4 + ["---:"] * 5 + ["---"] * 2
    lines = [_HEADS, rules, *(_cells(row) for row in cell_rows(cells))]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return "\n\n".join([table, *map(inline, legend(cells, needed))])


def _cells(row: CellRow) -> list[str]:
    names = [inline(row.profile), inline(row.think), inline(row.model)]
    if row.same_as:
        return [*names, inline(row.same_as), *[""] * 7]
    measures = (
        (row.reasoning, ""), (row.output, ""), (row.first_answer, "time_to_answer_s"), (row.total, "total_s"),
        (row.cost, "usd"),
    )  # fmt: skip
    said = [_measure(words, name in row.best) for words, name in measures]
    return [*names, inline(row.samples), *said, inline(row.agreement), inline(row.verdicts)]


def _measure(words: MeasureWords, is_best: bool) -> str:
    median = f"**{inline(words.median)}** {BEST}" if is_best else inline(words.median)
    around = "; ".join(filter(None, (words.interval, words.range)))
    return f"{median} ({inline(around)})" if around else median
