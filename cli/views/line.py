"""A line of text in several styles. Rich lays it out where there are styles; where there are none, it needs no Rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

GOOD, CAUTION, BAD, QUIET, STRONG = "green", "magenta", "red", "dim", "bold"
"""Styles by meaning, in colours of the terminal's own theme; a mark or a word always says the same."""

BAR = "┊ "
"""What stands before each line of reasoning."""

_NARROW = str.maketrans("", "", "→–·✓✗≈≠≥≤×…—★┊░▏▎▍▌▋▊▉█")
"""Signs of ours that take one column, as ASCII does: for them Rich need not read its tables."""


def columns_of(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii() or text.translate(_NARROW).isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


class Line:
    """Pieces of text, each with its style: a Rich renderable, and plain text without the import of what renders it.

    `style` is that of the whole, with the blanks that it is padded with.
    """

    def __init__(self, *pieces: tuple[str, str], style: str = "") -> None:
        self.pieces = pieces
        self.style = style

    @property
    def plain(self) -> str:
        return "".join(text for text, _ in self.pieces)

    @property
    def cell_len(self) -> int:
        return columns_of(self.plain)

    def __rich__(self) -> Text:
        from rich.text import Text

        return Text.assemble(*self.pieces, style=self.style)


def line_of(text: str, style: str = "") -> Line:
    """A line, or more than one, of one style."""
    return Line((text, ""), style=style)
