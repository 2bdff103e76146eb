"""Two answers beside each other: each with its own marks, and paragraphs that both have on the same line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from ....engine.results.word_changes import WordPiece
from ..line import BAD, GOOD

LEAST_WIDTH = 120
"""Columns of a terminal from which both answers have room."""

WIDEST_SIDE = 90


def sides(pieces: Sequence[WordPiece], width: int) -> Table:
    """Return `pieces`, which have their marks, as two columns: what A says and what B says."""
    side = min((width - 4) // 2, WIDEST_SIDE)
    table = Table(box=box.MINIMAL, show_edge=False, pad_edge=False, header_style="dim", border_style="dim")
    for head in ("A", "B"):
        table.add_column(head, width=side, overflow="fold")
    for a, b in _blocks(pieces):
        table.add_row(a, b)
    return table


def _blocks(pieces: Sequence[WordPiece]) -> Iterator[tuple[Text, Text]]:
    """What stands between two line breaks that both answers have."""
    a, b = Text(), Text()
    for piece in pieces:
        if piece.kind == "gone":
            a.append(piece.text, BAD)
        elif piece.kind == "new":
            b.append(piece.text, GOOD)
        else:
            first, *rest = piece.text.split("\n")
            a.append(first)
            b.append(first)
            for line in rest:
                yield a, b
                a, b = Text(line), Text(line)
    yield a, b
