"""Words as they come, wrapped between them: none is cut, and nothing that was written is written over."""

from __future__ import annotations

import re
from collections.abc import Callable

from rich.cells import cell_len, chop_cells

ROOM_FOR_A_WORD = 20
"""Columns that the rest of a word may still need."""

_PIECES = re.compile(r"\n|[^\S\n]+|\S+")


class WordStream:
    """Text in pieces as lines of a terminal. Near the end of a line a word is held until it is known where it ends.

    With a `bar` it stands before every line, and of several blank lines one is left, at the end none.
    """

    def __init__(self, width: Callable[[], int], bar: str = "") -> None:
        self._width, self._bar = width, bar
        self._column = self._breaks = 0
        self._word = self._gap = ""
        self._fresh, self._begun = True, False

    def feed(self, text: str) -> str:
        """What may be written by now."""
        written: list[str] = []
        for piece in _PIECES.findall(text):
            if piece == "\n":
                written.append(self._placed())
                self._gap = ""
                self._breaks += 1
                if not self._bar:
                    written.append(self._broken())
            elif piece.isspace():
                written.append(self._placed())
                self._gap += piece
            else:
                self._word += piece
                if len(self._word) > self._room():
                    written.append(self._placed())
        if self._word and self._column + cell_len(self._gap + self._word) + ROOM_FOR_A_WORD <= self._room():
            written.append(self._placed())
        return "".join(written)

    def end(self) -> str:
        """The last word, and the end of its line."""
        last = self._placed()
        self._breaks, self._gap, self._column, self._begun = 0, "", 0, False
        if self._fresh:
            return last
        self._fresh = True
        return f"{last}\n"

    def _room(self) -> int:
        return max(1, self._width() - cell_len(self._bar) - 1)

    def _broken(self) -> str:
        """The line breaks that are due."""
        breaks, self._breaks = self._breaks, 0
        if not breaks or (self._bar and not self._begun):
            return ""
        self._column, self._fresh = 0, True
        if not self._bar:
            return "\n" * breaks
        return "\n" if breaks == 1 else f"\n{self._bar.rstrip()}\n"

    def _placed(self) -> str:
        word, self._word = self._word, ""
        if not word:
            return ""
        written = self._broken()
        room, gap, self._gap = self._room(), self._gap, ""
        if self._column and self._column + cell_len(gap) + cell_len(word) > room:
            written, gap, self._column, self._fresh = f"{written}\n", "", 0, True
        if self._fresh:
            written += self._bar
        self._fresh, self._begun = False, True
        *whole, word = chop_cells(gap + word, room) if self._column == 0 else [gap + word]
        for line in whole:
            written += f"{line}\n{self._bar}"
        self._column = cell_len(word) + (0 if whole else self._column)
        return written + word
