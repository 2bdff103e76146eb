"""The comparison in numbers: one row a result, on one line each where there is room, on two where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from ....engine.results.result import Result
from ....providers.untrusted import one_line
from .dial import is_substituted
from .phrases import QUIET, STRONG
from .receipt import receipt_line
from .rows import BEST, ResultRow, labels, rows

_BEST_STYLE = "bold green"
_GAP = 2
_COMPACT_NEEDS = 72


@dataclass(frozen=True, slots=True)
class _Column:
    head: str
    justify: Literal["left", "right"]
    cells: list[Text]

    @property
    def width(self) -> int:
        lines = [*self.head.split("\n"), *(line for cell in self.cells for line in cell.plain.split("\n"))]
        return max(map(cell_len, lines))


def numbers_table(results: Sequence[Result], width: int) -> Table:
    """Return the table that fits `width` columns best; its caption holds the legend and the notes behind its marks."""
    made = rows(results)
    wide, compact = _wide_columns(made), _compact_columns(made)
    if columns := _first_that_fits(width, wide, [column for column in wide if column.head != "model"]):
        table = _table(columns, leading=0)
    elif width >= _COMPACT_NEEDS:
        without_model = [_Column("profile", "left", [_profile(row) for row in made]), *compact[1:]]
        table = _table(_first_that_fits(width, compact) or without_model, leading=1)
    else:
        table = _cards(results, width)
    table.caption = _caption(results, made)
    table.caption_justify = "left"
    table.caption_style = "none"
    return table


def _wide_columns(made: Sequence[ResultRow]) -> list[_Column]:
    shares = any(row.reasoning_share for row in made)
    reasoning = [f"{row.measured} {row.reasoning_share:>5}" if shares else row.measured for row in made]
    return [
        _Column("profile", "left", [_profile(row) for row in made]),
        _Column("model", "left", [Text("" if row.again else row.model, QUIET) for row in made]),
        _Column("asked → sent → measured", "left", [Text(f"{row.think} → {row.measured}") for row in made]),
        _Column("reasoning", "right", [Text(text) for text in reasoning]),
        _Column("output", "right", [Text(row.output) for row in made]),
        _Column("first answer", "right", _ranked(made, "first_answer", [row.first_answer for row in made])),
        _Column("total", "right", _ranked(made, "total", [row.total for row in made])),
        _Column("tokens/s", "right", _ranked(made, "rate", [row.rate for row in made])),
        _Column("cost", "right", _ranked(made, "cost", _at_the_point(made))),
        _Column("verdict", "left", [_verdict(row) for row in made]),
    ]


def _compact_columns(made: Sequence[ResultRow]) -> list[_Column]:
    """Two lines a result, for 80 columns."""
    names = [Text() if row.again else Text.assemble((row.profile, STRONG), "\n", (row.model, QUIET)) for row in made]
    first = _ranked(made, "first_answer", [row.first_answer for row in made], beside="total")
    total = _ranked(made, "total", [row.total for row in made], beside="first_answer")
    cost = _ranked(made, "cost", [row.cost for row in made], beside="rate")
    speed = _ranked(made, "rate", [row.rate for row in made], beside="cost")
    return [
        _Column("profile\nmodel", "left", names),
        _Column("asked → sent\n→ measured", "left", [Text(f"{row.think}\n→ {row.measured}") for row in made]),
        _Column("reasoning\nof output", "right", [Text(f"{row.measured}\nof {row.output}") for row in made]),
        _Column("1st answer\ntotal", "right", _stacked(first, total)),
        _Column("cost\ntokens/s", "right", _stacked(cost, speed)),
        _Column("verdict", "left", [_verdict(row) for row in made]),
    ]


def _first_that_fits(width: int, *choices: list[_Column]) -> list[_Column] | None:
    return next((columns for columns in choices if _needs(columns) <= width), None)


def _table(columns: Sequence[_Column], *, leading: int) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        header_style="dim",
        border_style="dim",
        padding=(0, _GAP - 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    table.leading = leading
    for column in columns:
        table.add_column(column.head, justify=column.justify, no_wrap=not leading, overflow="fold")
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    return table


def _cards(results: Sequence[Result], width: int) -> Table:
    """For a window too narrow for columns: the receipt of each result, wrapped."""
    table = Table(box=None, show_header=False, padding=(0, 0, 1, 0), pad_edge=False)
    table.add_column(overflow="fold")
    for result, label in zip(results, labels(results), strict=True):
        table.add_row(Text.assemble((label, STRONG), "\n", *receipt_line(result, width).pieces))
    return table


def _needs(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + _GAP * (len(columns) - 1)


def _profile(row: ResultRow) -> Text:
    return Text("" if row.again else row.profile, STRONG)


def _verdict(row: ResultRow) -> Text:
    return Text(f"{row.mark} {row.verdict}", row.style)


def _ranked(made: Sequence[ResultRow], name: str, texts: Sequence[str], beside: str = "") -> list[Text]:
    """The values, the best with their mark and the others with the room of one, so that digits stay in line."""
    room = "  " if any(row.best & {name, beside} for row in made) else ""
    return [
        Text(f"{text} {BEST}", _BEST_STYLE) if name in row.best else Text(text + room)
        for row, text in zip(made, texts, strict=True)
    ]


def _stacked(above: Sequence[Text], below: Sequence[Text]) -> list[Text]:
    return [Text("\n").join(pair) for pair in zip(above, below, strict=True)]


def _at_the_point(made: Sequence[ResultRow]) -> list[str]:
    """The costs padded so that the points of a column are one below the other."""
    fractions = [len(row.cost.partition(".")[2]) + ("." in row.cost) for row in made]
    widest = max(fractions, default=0)
    return [row.cost + " " * (widest - own) for row, own in zip(made, fractions, strict=True)]


def _caption(results: Sequence[Result], made: Sequence[ResultRow]) -> Text | None:
    """What the marks mean: the legend, and the note of every substituted level."""
    lines: dict[str, None] = {}
    for result, label in zip(results, labels(results), strict=True):
        if is_substituted(result.think):
            lines[f"* {label}: {one_line(result.think.note or result.think.fidelity, 300)}"] = None
    if any(row.best for row in made):
        lines[f"{BEST} best known value among whole answers"] = None
    return Text("\n" + "\n".join(lines), QUIET) if lines else None
