"""Lines and tables below each other: text for a pipe without Rich, and a renderable for a terminal.

The text is what Rich would make of the same; `FigureTable.__rich__` says how. What had to be cut, or broken within a
word, is left to Rich.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from .grid import GAP, FigureTable, plain_cells
from .line import Line, columns_of

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.padding import Padding


class UnfitError(Exception):
    """Something does not fit, or is not plain: only Rich can lay it out."""


class Part(Struct, frozen=True):
    """What knows its own lines."""

    def lines(self, width: int) -> Iterable[str]:
        """Its lines in plain text, as Rich has them in `width` columns. Raises `UnfitError`."""
        raise NotImplementedError


class Indented(Part, frozen=True):
    """A line moved to the right, all of it where it is folded."""

    line: Line

    def lines(self, width: int) -> Iterator[str]:
        words = self.line.plain
        room = min(max(map(columns_of, words.split("\n"))), width - GAP)
        if room <= 0:
            raise UnfitError
        return (" " * GAP + padded(line, room) for line in folded(words, room))

    def __rich__(self) -> Padding:
        from rich.padding import Padding

        return Padding(self.line, (0, 0, 0, GAP), expand=False)


class Sheet(Part, frozen=True):
    """What stands below each other."""

    parts: Sequence[RenderableType]

    def text(self, width: int) -> str | None:
        """All of it in plain text for `width` columns; None where only Rich can make it fit."""
        try:
            return "".join(f"{line}\n" for line in self.lines(width))
        except UnfitError:
            return None

    def lines(self, width: int) -> Iterator[str]:
        return (line for part in self.parts for line in _lines_of(part, width))

    def __rich__(self) -> Group:
        from rich.console import Group

        return Group(*self.parts)


def _lines_of(part: RenderableType, width: int) -> Iterable[str]:
    if isinstance(part, Line):
        return folded(part.plain, width)
    if isinstance(part, Part):
        return part.lines(width)
    if isinstance(part, FigureTable):
        return _table(part, width)
    raise UnfitError


def folded(text: str, width: int, *, stripped: bool = False) -> Iterator[str]:
    """The lines of `text` in `width` columns, broken at blanks; the broken ones end with them unless `stripped`.

    Raises `UnfitError`.
    """
    for line in text.split("\n"):
        if not line.isprintable() or "\ufe0f" in line:
            raise UnfitError  # tabs, other blanks, joiners, signs made wide: Rich has rules of its own
        if columns_of(line) <= width:
            yield line if stripped else _without_excess(line, width)
        elif line.startswith(" "):
            raise UnfitError  # Rich takes blanks before the first word as a part of it
        else:
            yield from (piece.rstrip(" ") if stripped else piece for piece in _broken(line, width))


def _broken(line: str, width: int) -> Iterator[str]:
    current, room = "", width
    for word in line.split(" "):
        taken = columns_of(word)
        if taken > width:
            raise UnfitError
        if word and taken > room:
            yield _without_excess(current, width)
            current, room = "", width
        current, room = f"{current}{word} ", room - taken - 1
    yield _without_excess(current[:-1], width)


def _without_excess(line: str, width: int) -> str:
    """The line without those of its last blanks for which there is no room. Rich counts characters, too."""
    words = line.rstrip(" ")
    blanks = len(line) - len(words)
    return words + " " * (blanks - min(blanks, max(0, len(line) - width, columns_of(line) - width)))


def _table(table: FigureTable, width: int) -> Iterator[str]:
    texts = [[one.column.head] * table.has_head + [*plain_cells(one.column.cells)] for one in table.columns]
    rows = list(zip(*texts, strict=True))
    rooms = _rooms(table, texts, width)
    total = sum(rooms) + GAP * (len(rooms) - 1)
    is_right = [one.column.justify == "right" for one in table.columns]
    for at, row in enumerate(rows, -table.has_head):
        cells = [list(folded(text, room, stripped=True)) for text, room in zip(row, rooms, strict=True)]
        height = max(map(len, cells))
        for cell in cells:
            blank = [""] * (height - len(cell))
            cell[:] = [*cell, *blank] if at >= 0 else [*blank, *(line.rstrip(" ") for line in cell)]
        for line in zip(*cells, strict=True):
            yield (" " * GAP).join(map(padded, line, rooms, is_right))
        if table.is_ruled and at < 0:
            yield "─" * total
        elif table.is_ruled and row is not rows[-1] and (table.leading or at in table.sections):
            yield " " * total
    if table.caption is not None and (words := table.caption.plain):
        said = list(folded(words, width if table.unfolded else total))
        if table.unfolded and said != words.split("\n"):
            raise UnfitError
        yield from said if table.unfolded else (padded(line, total) for line in said)


def _rooms(table: FigureTable, texts: Sequence[Sequence[str]], width: int) -> list[int]:
    """How wide each column of these texts is. What is too much is taken from the widest of those that fold."""
    columns, last = table.columns, len(table.columns) - 1
    if not texts[0]:
        raise UnfitError
    needed = [max(map(columns_of, "\n".join(own).split("\n"))) for own in texts]
    rooms = [
        max(one.least or 0, own) if one.width is None else one.width for one, own in zip(columns, needed, strict=True)
    ]
    rooms[last] = rooms[last] or 1
    behind = GAP - table.is_ruled  # as Rich counts, what is behind a column is a part of it
    most_of_all = width - last * table.is_ruled
    folding = {
        at: min(rooms[at] + behind * (at < last), most_of_all)
        for at, one in enumerate(columns)
        if one.folds and one.width is None
    }
    rooms = [folding[at] - behind * (at < last) if at in folding else room for at, room in enumerate(rooms)]
    while (excess := sum(rooms) + GAP * last - width) > 0 and folding:
        widest = max(folding.values())
        most = min(excess, widest - max((size for size in folding.values() if size != widest), default=0))
        if most <= 0 or not needed[last]:
            raise UnfitError
        chosen = [at for at, size in folding.items() if size == widest]
        for left, at in zip(range(len(chosen), 0, -1), chosen, strict=True):
            taken = min(most, round(excess / left))
            excess, rooms[at], folding[at] = excess - taken, rooms[at] - taken, folding[at] - taken
    for one, room, own in zip(columns, rooms, needed, strict=True):
        if excess > 0 or room < (one.least or (1 if one.folds else own)):
            raise UnfitError
    return rooms


def padded(text: str, width: int, is_right: bool = False) -> str:
    """The text in so many columns, with blanks behind it, or before it."""
    missing = " " * (width - columns_of(text))
    return missing + text if is_right else text + missing
