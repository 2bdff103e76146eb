"""A model's Markdown in a column that is drawn ten times a second: rendered now and then, and shown from memory."""

from __future__ import annotations

from rich.console import Console

from ..markdown import ModelMarkdown

_BETWEEN_RENDERINGS_S = 0.4
_MUCH = 400
"""Characters that are not waited for."""
_SHOWN_CHARACTERS = 1500
"""More than any column holds of a text; a rendering of so many takes some milliseconds."""

Piece = tuple[str, str]
"""Text and the name of its style."""


class ColumnText:
    """The lines of a text at a width: its end while it grows, its beginning once it is whole."""

    def __init__(self) -> None:
        self._lines: list[list[Piece]] = []
        self._of: tuple[str, int] = ("", 0)
        self._rendered_at = float("-inf")
        self._length = 0

    def beginning(self, text: str, width: int) -> list[list[Piece]]:
        """The first lines of a text that no longer grows."""
        return self._rendered(text[:_SHOWN_CHARACTERS], width)

    def end(self, text: str, length: int, width: int, now: float) -> list[list[Piece]]:
        """The last lines of a text that grows and has `length` characters by now, no older than the eye forgives."""
        before, its_width = self._of
        is_fresh = now - self._rendered_at < _BETWEEN_RENDERINGS_S and abs(length - self._length) < _MUCH
        if before and its_width == width and is_fresh:
            return self._lines
        self._rendered_at, self._length = now, length
        return self._rendered(_from_a_line(text), width)

    def _rendered(self, text: str, width: int) -> list[list[Piece]]:
        if self._of != (text, width):
            self._of, self._lines = (text, width), _lines(text, width)
        return self._lines


def _from_a_line(text: str) -> str:
    """The end of a text from the beginning of a paragraph, or at least of a line."""
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    text = text[-_SHOWN_CHARACTERS:]
    for gap in ("\n\n", "\n", " "):
        if (at := text.find(gap)) >= 0:
            return text[at + len(gap) :]
    return text


def _lines(text: str, width: int) -> list[list[Piece]]:
    if not text.strip():
        return []
    console = Console(width=width, height=100, force_terminal=True, legacy_windows=False)
    lines = console.render_lines(ModelMarkdown(text), console.options, pad=True)
    return [[(piece.text, str(piece.style) if piece.style else "") for piece in line] for line in lines]
