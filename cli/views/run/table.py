"""The comparison in numbers: one row a result, on one line each where there is room, on two where not."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from ....engine.results.result import Result
from ..grid import Column, needs, ruled, stacked
from ..line import QUIET, STRONG
from ..numbers import at_the_point
from .dial import labels
from .receipt import receipt_line
from .rows import ResultRow, one_sample_words, rows
from .think_notes import think_notes

_COMPACT_NEEDS = 72
_WIDEST_SCREEN = 500
"""Wider than that is no terminal: there notes stay on one line."""


def numbers_table(results: Sequence[Result], width: int) -> Table:
    """Return the table that fits `width` columns best; its caption holds the notes behind its marks."""
    made = rows(results)
    wide, compact = _wide_columns(made), _compact_columns(made)
    if columns := _first_that_fits(width, wide, [column for column in wide if column.head != "model"]):
        table = ruled(columns)
    elif width >= _COMPACT_NEEDS:
        without_model = [Column("profile", "left", [_profile(row) for row in made]), *compact[1:]]
        table = ruled(_first_that_fits(width, compact) or without_model, leading=1)
    else:
        table = _cards(results, width)
    table.caption = _caption(results, unfolded=width > _WIDEST_SCREEN)
    table.caption_justify = "left"
    table.caption_style = "none"
    return table


def _wide_columns(made: Sequence[ResultRow]) -> list[Column]:
    shares = any(row.reasoning_share for row in made)
    reasoning = [f"{row.measured} {row.reasoning_share:>5}" if shares else row.measured for row in made]
    return [
        Column("profile", "left", [_profile(row) for row in made]),
        Column("model", "left", [Text("" if row.again else row.model, QUIET) for row in made]),
        Column(
            "asked → sent → measured",
            "left",
            [Text(f"{row.think} → {row.measured} {row.missed}".rstrip()) for row in made],
        ),
        Column("reasoning", "right", [Text(text) for text in reasoning]),
        Column("output", "right", [Text(row.output) for row in made]),
        Column("first answer", "right", [Text(row.first_answer) for row in made]),
        Column("total", "right", [Text(row.total) for row in made]),
        Column("tokens/s", "right", [Text(row.rate) for row in made]),
        Column("cost", "right", [Text(text) for text in at_the_point([row.cost for row in made])]),
        Column("verdict", "left", [_verdict(row) for row in made]),
    ]


def _compact_columns(made: Sequence[ResultRow]) -> list[Column]:
    """Two lines a result, for 80 columns."""
    names = [Text() if row.again else Text.assemble((row.profile, STRONG), "\n", (row.model, QUIET)) for row in made]
    return [
        Column("profile\nmodel", "left", names),
        Column(
            "asked → sent\n→ measured",
            "left",
            [Text(f"{row.think}\n→ {row.measured}\n{row.missed}".rstrip()) for row in made],
        ),
        Column("reasoning\nof output", "right", [Text(f"{row.measured}\nof {row.output}") for row in made]),
        Column("1st answer\ntotal", "right", _stacked([row.first_answer for row in made], [row.total for row in made])),
        Column("cost\ntokens/s", "right", _stacked([row.cost for row in made], [row.rate for row in made])),
        Column("verdict", "left", [_verdict(row) for row in made]),
    ]


def _first_that_fits(width: int, *choices: list[Column]) -> list[Column] | None:
    return next((columns for columns in choices if needs(columns) <= width), None)


def _cards(results: Sequence[Result], width: int) -> Table:
    """For a window too narrow for columns: the receipt of each result, wrapped."""
    table = Table(box=None, show_header=False, padding=(0, 0, 1, 0), pad_edge=False)
    table.add_column(overflow="fold")
    for result, label in zip(results, labels(results), strict=True):
        table.add_row(Text.assemble((label, STRONG), "\n", *receipt_line(result, width, with_past=False).pieces))
    return table


def _profile(row: ResultRow) -> Text:
    return Text("" if row.again else row.profile, STRONG)


def _verdict(row: ResultRow) -> Text:
    words, style = row.check
    return Text.assemble((f"{row.mark} {row.verdict}", row.style), (f"\n{words}" if words else "", style))


def _stacked(above: Sequence[str], below: Sequence[str]) -> list[Text]:
    return stacked(list(map(Text, above)), list(map(Text, below)))


def _caption(results: Sequence[Result], *, unfolded: bool) -> Text | None:
    """What the marks mean, the note of every substituted level, and why nothing is the best."""
    lines = dict.fromkeys(think_notes(results))
    if words := one_sample_words(results):
        lines[words] = None
    return (
        Text("\n" + "\n".join(lines), QUIET, no_wrap=unfolded, overflow="ignore" if unfolded else None)
        if lines
        else None
    )
