"""A line of text in several styles. Rich lays it out where there are styles; where there are none, it needs no Rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

if TYPE_CHECKING:
    from rich.text import Text


class Line:
    """Pieces of text, each with its style: a Rich renderable, and plain text without the import of what renders it."""

    def __init__(self, *pieces: tuple[str, str]) -> None:
        self.pieces = pieces

    @property
    def plain(self) -> str:
        return "".join(text for text, _ in self.pieces)

    @property
    def cell_len(self) -> int:
        """How many columns of a terminal it takes."""
        return cell_len(self.plain)

    def __rich__(self) -> Text:
        from rich.text import Text

        return Text.assemble(*self.pieces)
