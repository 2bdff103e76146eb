"""The last lines of a growing text, wrapped as it grows, at a cost that does not depend on its length."""

from __future__ import annotations

from collections import deque

from rich.cells import cell_len

from ....providers.untrusted import harmless, one_line
from ..wrap import wrap_line

KEPT_CHARACTERS = 8192
KEPT_LINES = 200


class Tail:
    """The end of a text that arrives in pieces. Only the last few KB and the last lines are kept."""

    def __init__(self) -> None:
        self._text = ""
        self._pending = ""
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._open = ""
        self._width = 0
        self.characters = 0

    def add(self, piece: str) -> None:
        """Take the next piece. Nothing is wrapped until lines are asked for."""
        self._pending = (self._pending + piece)[-KEPT_CHARACTERS:]
        self.characters += len(piece)

    def lines(self, width: int, count: int) -> list[str]:
        """The last `count` lines at `width` cells, harmless; the last may still grow."""
        if width != self._width:
            self._pending = (self._text + self._pending)[-KEPT_CHARACTERS:]
            self._text = self._open = ""
            self._lines.clear()
            self._width = width
        if self._pending:
            self._wrap_pending()
        return [*self._lines, self._open][-count:] if count > 0 and (self._lines or self._open) else []

    @property
    def recent(self) -> str:
        """The end of the text, as it came."""
        return self._text + self._pending

    def last_words(self, width: int) -> str:
        """The end of the text on one line of at most `width` cells."""
        recent = one_line((self._text + self._pending)[-4 * width - 16 :])[-max(0, width) :]
        while (excess := cell_len(recent) - width) > 0:
            recent = recent[(excess + 1) // 2 :]
        return recent

    def __bool__(self) -> bool:
        return bool(self._text or self._pending)

    def _wrap_pending(self) -> None:
        pending, self._pending = self._pending, ""
        self._text = (self._text + pending)[-KEPT_CHARACTERS:]
        *whole, last = harmless(self._open + pending).split("\n")
        for line in whole:
            self._lines.extend(wrap_line(line, self._width))
        *done, self._open = wrap_line(last, self._width)
        self._lines.extend(done)
        if self._open or not done:
            self._open += last[len(last.rstrip(" ")) :][: self._width]  # the next word needs the space before it
