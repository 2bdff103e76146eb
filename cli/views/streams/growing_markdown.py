"""A model's Markdown on a terminal while it comes: what is whole stays as it is, the block that grows is drawn anew."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from rich.cells import cell_len
from rich.console import Console

from ....providers.json_values import is_blank
from ...output import rendered
from ..formulas import model_parser
from ..markdown import MAX_CHARACTERS, ModelMarkdown

BETWEEN_DRAWINGS_S = 0.05
_LEISURE = 5
"""What a drawing takes is at most a sixth of the time, however long the block."""
_STYLES = re.compile(r"\x1b\[[0-9;]*m")
_TABLE = "table_open"
_LIST_ENDS = ("list_item_close", "bullet_list_close", "ordered_list_close")
_MARKS = re.compile(r"[\n\t*_`\[\]<>#|~\\$&=+]")
"""What may make something else of a paragraph than words."""
_WORDS = re.compile(r"( *)([^ ]+)")


class GrowingMarkdown:
    """Takes the text in pieces and gives what is to be written to the terminal.

    Only the last block of the document can still change, so only that is drawn again, and no more of it than the
    window holds; the cursor stands at the end of its last line. Words that go on with a paragraph are written behind it
    at once, and stand there where the next drawing would put them. Lines are counted as the window is now: a terminal
    that has become narrower has folded them. What comes after `MAX_CHARACTERS` is written as it is: to draw a megabyte
    takes a minute.
    """

    def __init__(self, screen: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen, self._clock = screen, clock
        self._text = ""
        self._drawn: list[str] = []
        self._kept = self._taken = 0
        self._next_at = float("-inf")
        self._is_plain = False
        self._gap: str | None = None
        """Where words may be written at once: spaces that stand between what is drawn and the next of them."""
        self._room = 0
        """The columns of a line, when it was drawn last: to ask the terminal takes longer than all else of a word."""
        self._folds = False
        """Whether the next line of these words begins at the edge."""

    def feed(self, text: str) -> str:
        """Take the next piece. Nothing is drawn anew more often than an eye can follow."""
        self._taken += len(text)
        if self._taken > MAX_CHARACTERS:
            return self._undrawn(text)
        self._text += text
        words = self._behind(text)
        began = self._clock()
        if began < self._next_at:
            return words
        drawn = words + self._draw()
        ended = self._clock()
        self._next_at = ended + max(BETWEEN_DRAWINGS_S, _LEISURE * (ended - began))
        return drawn

    def late(self) -> str:
        """What came since the last drawing and was not drawn, because that was just before."""
        return self._draw()

    def end(self) -> str:
        """What is left of the text, as lines that stay."""
        written = self._settle() + self._draw(last=True)
        if self._drawn or self._is_plain:
            written += "\n"
        self._text, self._drawn, self._kept, self._gap = "", [], 0, None
        self._taken, self._is_plain = 0, False
        return written

    def _behind(self, text: str) -> str:
        """What may be written of `text` at once, which is all or nothing."""
        gap, self._gap = self._gap, None
        if gap is None or _MARKS.search(text):
            return ""
        lines, text = [self._drawn[-1]], gap + text
        for space, word in _WORDS.findall(text):
            if self._fits(lines[-1] + space + word):
                lines[-1] += space + word
            elif space and self._folds and self._fits(word) and len(self._drawn) + len(lines) < self._most():
                lines.append(word)
            else:
                return ""
        written = "\n".join(lines)[len(self._drawn[-1]) :]
        self._drawn[-1:], self._gap = lines, text[len(text.rstrip(" ")) :]
        return written

    def _undrawn(self, text: str) -> str:
        """`text` behind all that was drawn, as it is."""
        if self._is_plain:
            return text
        written = self._settle() + self._draw(last=True) + text
        self._text, self._drawn, self._kept, self._gap, self._is_plain = "", [], 0, None, True
        return written

    def _settle(self) -> str:
        """Draw the blocks that are whole, for good, and forget their text."""
        whole = self._whole()
        if not whole:
            return ""
        lines = self._lines(self._text[:whole])
        written = self._changed(lines[self._kept :])
        self._text, self._drawn, self._kept = self._text[whole:], [], 0
        return f"{written}\n\n" if lines else written

    def _draw(self, *, last: bool = False) -> str:
        written, self._gap = self._settle(), None
        if is_blank(self._text):
            return written
        lines = self._lines(self._text)
        most = self._most()
        if not last and self._is_table() and len(lines) > most:
            return written + self._changed([f"… a table, {len(lines)} lines so far"])
        if not last and len(lines) - self._kept > most:
            stays = lines[self._kept : len(lines) - most]
            written += f"{self._changed(stays)}\n"
            self._kept, self._drawn = self._kept + len(stays), []
        written += self._changed(lines[self._kept :])
        if self._drawn and (depth := self._open_paragraph()):
            self._gap, self._folds = self._text[len(self._text.rstrip(" ")) :], depth == 1
            self._room = self._width()
        return written

    def _changed(self, lines: list[str]) -> str:
        """What turns the drawn lines into these, from the first that is another."""
        before, self._drawn = self._drawn, lines
        same = 0
        while same < min(len(before), len(lines)) and before[same] == lines[same]:
            same += 1
        if same == len(before) == len(lines):
            return ""
        if not before:
            return "\n".join(lines)
        same = max(0, min(same, len(before) - 1, len(lines) - 1))
        up = sum(map(self._rows, before[same:])) - 1
        return (f"\x1b[{up}A" if up else "") + "\r\x1b[J" + "\n".join(lines[same:])

    def _rows(self, line: str) -> int:
        return max(1, -(-cell_len(_STYLES.sub("", line)) // max(1, self._screen.width)))

    def _lines(self, text: str) -> list[str]:
        if len(text) > MAX_CHARACTERS:
            return text.rstrip("\n").split("\n")
        paper = Console(width=self._width(), force_terminal=True, no_color=self._screen.no_color)
        drawn = rendered(ModelMarkdown(text), screen=paper).rstrip("\n")
        return [line.rstrip(" ") for line in drawn.split("\n")] if drawn else []

    def _width(self) -> int:
        return max(20, self._screen.width - 1)

    def _most(self) -> int:
        """How many lines are drawn again."""
        return max(3, self._screen.size.height - 2)

    def _fits(self, line: str) -> bool:
        return cell_len(_STYLES.sub("", line)) <= self._room

    def _whole(self) -> int:
        """How many characters of the text belong to blocks that are whole: all but the last one."""
        starts = [
            token.map[0]
            for token in model_parser().parse(self._text)
            if token.level == 0 and token.nesting >= 0 and token.map
        ]
        if len(starts) < 2:
            return 0
        return sum(len(line) + 1 for line in self._text.split("\n")[: starts[-1]])

    def _open_paragraph(self) -> int:
        """How many blocks end with the text, of which the innermost is a paragraph that may go on; else 0."""
        if self._text.endswith(("\n", "\t", "  ")):
            return 0
        for depth, token in enumerate(reversed(model_parser().parse(self._text)), 1):
            if token.type == "paragraph_close":
                return depth
            if token.type not in _LIST_ENDS:
                return 0
        return 0

    def _is_table(self) -> bool:
        return any(token.type == _TABLE and token.level == 0 for token in model_parser().parse(self._text))
