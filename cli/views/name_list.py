"""Lists of things with names: on a terminal no name is ever broken, and on a pipe a row is a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from .grid import GAP, AtTheRight, Column, needs, plain_cells
from .line import Line

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
    from rich.table import Table
    from rich.text import Text

UNFOLDED = 100_000
"""Columns of what is no terminal: nothing is folded or cut there."""
_LEAST_FOLDED = 16
_KEPT = "\u00a0"
"""A blank at which no line is broken."""


class NameList(Struct, frozen=True):
    """Columns of which the first `names` hold identifiers; `marks` stand behind those of the first.

    Where not all fits, the columns of `spare` are left out first, then that of `folds` is folded between words, then
    every row takes two lines. `groups` has a heading for each row, said where it changes. `labelled` columns say on
    the second line what they are.
    """

    columns: Sequence[Column]
    names: int = 1
    marks: Sequence[str] = ()
    spare: frozenset[str] = frozenset()
    folds: str = ""
    groups: Sequence[str] = ()
    group_head: str = ""
    labelled: frozenset[str] = frozenset()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        short = [column for column in self.columns if column.head not in self.spare]
        room = self._indent + max(map(len, self.marks), default=0)
        for columns in (list(self.columns), short):
            if needs(columns) + room <= width:
                yield self._table(columns)
                return
        stiff = needs([column for column in short if column.head != self.folds])
        if self.folds and stiff + GAP + _LEAST_FOLDED + room <= width:
            yield self._table(short)
        else:
            yield from self._pairs(short, width)

    @property
    def _indent(self) -> int:
        return GAP if self.groups else 0

    def tabbed(self) -> Iterator[str]:
        """The head and the rows with all columns, each a line of cells between tabs."""
        heads = [_flat(column.head) for column in self.columns]
        marks = ["marks"] if self.marks else []
        yield "\t".join([*([self.group_head] if self.groups else []), *heads, *marks])
        for index, row in enumerate(zip(*(plain_cells(column.cells) for column in self.columns), strict=True)):
            group = [self.groups[index]] if self.groups else []
            yield "\t".join([*map(_flat, group), *map(_flat, row), *self.marks[index : index + 1]])

    def _first(self, index: int) -> Text:
        from rich.text import Text

        mark = self.marks[index] if self.marks else ""
        return Text(" " * self._indent).append_text(self.columns[0].cells[index]).append(mark, style="dim")

    def _headings(self) -> Iterator[str | None]:
        before = None
        for group in self.groups:
            yield group if group != before else None
            before = group

    def _table(self, columns: Sequence[Column]) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
        for column in columns:
            table.add_column(column.head, justify=column.justify, no_wrap=column.head != self.folds, overflow="fold")
        headings = list(self._headings())
        for index, cells in enumerate(zip(*(column.cells for column in columns), strict=True)):
            if self.groups and (heading := headings[index]) is not None:
                table.add_row(Text(heading, style="bold"))
            _, *others = cells
            shown = [
                AtTheRight(cell) if column.justify == "right" else cell
                for column, cell in zip(columns[1:], others, strict=True)
            ]
            table.add_row(self._first(index), *shown)
        return table

    def _pairs(self, columns: Sequence[Column], width: int) -> Iterator[Text]:
        """Two lines a row: the names; below them what else there is, broken between words."""
        from rich.cells import cell_len
        from rich.text import Text

        from .wrap import wrap_line

        headings = list(self._headings())
        for index, cells in enumerate(zip(*(column.cells for column in columns), strict=True)):
            if self.groups and (heading := headings[index]) is not None:
                yield Text(heading, style="bold")
            yield Text("  ").join([self._first(index), *(cell for cell in cells[1 : self.names] if cell.plain)])
            parts = [
                f"{column.head} {cell.plain.strip()}" if column.head in self.labelled else _flat(cell.plain)
                for column, cell in zip(columns[self.names :], cells[self.names :], strict=True)
                if cell.plain.strip()
            ]
            indent = " " * (self._indent + GAP)
            whole = [part.replace(" ", _KEPT) if cell_len(part) + len(indent) + 2 < width else part for part in parts]
            for line in wrap_line(indent + f"{_KEPT}· ".join(whole), width, indent):
                yield Text(line.replace(_KEPT, " "), style="dim")


class OnScreen(Struct, frozen=True):
    """Words for the reader of a list, which are no row of it."""

    words: Line

    def __rich__(self) -> Line:
        return self.words


class Stack(Struct, frozen=True):
    """Lists and lines below each other."""

    parts: Sequence[NameList | OnScreen | Line]

    def __rich__(self) -> Group:
        from rich.console import Group

        return Group(*self.parts)


def tabbed(renderable: RenderableType) -> Iterator[str]:
    """The lines of a view without layout: of lists and tables cells between tabs, of text the text."""
    match renderable:
        case NameList():
            yield from renderable.tabbed()
        case Stack():
            for part in renderable.parts:
                yield from tabbed(part)
        case Line():
            yield from renderable.plain.split("\n")
        case OnScreen():
            pass
        case _:
            yield from _tabbed_of_rich(renderable)


def _tabbed_of_rich(renderable: RenderableType) -> Iterator[str]:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    match renderable:
        case Group():
            for part in renderable.renderables:
                yield from tabbed(part)
        case Table():
            if renderable.show_header:
                yield "\t".join(_cell(column.header) for column in renderable.columns)
            for cells in zip(*(column.cells for column in renderable.columns), strict=True):
                yield "\t".join(map(_cell, cells))
        case Text():
            yield from renderable.plain.split("\n")
        case _:
            yield str(renderable)


def _cell(cell: RenderableType) -> str:
    from rich.text import Text

    if isinstance(cell, AtTheRight):
        cell = cell.text
    return _flat(cell.plain if isinstance(cell, Text) else str(cell))


def _flat(text: str) -> str:
    return " ".join(text.split())
