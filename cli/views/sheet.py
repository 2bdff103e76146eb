"""Lines and tables of figures below each other: text for a pipe without Rich, and a renderable for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from .grid import GAP, Column, plain_cells
from .line import STRONG, Line, columns_of

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table


class FigureColumn(Struct, frozen=True):
    """A column with its style; `width` where that is not as wide as it must be, and what does not fit is cut.

    One that `folds` takes more lines instead.
    """

    column: Column
    style: str = ""
    width: int | None = None
    folds: bool = False

    @property
    def room(self) -> int:
        return self.column.width if self.width is None else self.width


class FigureTable(Struct, frozen=True):
    """A table without rules. The last row of one with a total is strong."""

    columns: Sequence[FigureColumn]
    has_head: bool = True
    has_total: bool = False

    def lines(self, width: int) -> Iterator[str] | None:
        """Its lines in plain text; None where something had to be cut or folded to fit in `width` columns."""
        rooms = [one.room for one in self.columns]
        if sum(rooms) + GAP * (len(rooms) - 1) > width or any(one.column.width > one.room for one in self.columns):
            return None
        heads = [[one.column.head] if self.has_head else [] for one in self.columns]
        told = [[*head, *plain_cells(one.column.cells)] for head, one in zip(heads, self.columns, strict=True)]
        is_right = [one.column.justify == "right" for one in self.columns]
        return (
            (" " * GAP).join(map(_padded, row, rooms, is_right)) for row in zip(*told, strict=True)
        )  # fmt: skip

    def __rich__(self) -> Table:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim", show_header=self.has_head)
        for one in self.columns:
            table.add_column(
                one.column.head, justify=one.column.justify, style=one.style, no_wrap=not one.folds,
                overflow="fold" if one.folds else "ellipsis", width=one.width,
            )  # fmt: skip
        rows = list(zip(*(one.column.cells for one in self.columns), strict=True))
        for number, cells in enumerate(rows, 1):
            table.add_row(*cells, style=STRONG if self.has_total and number == len(rows) else None)
        return table


class Sheet(Struct, frozen=True):
    """Lines and tables below each other."""

    parts: Sequence[Line | FigureTable]

    def text(self, width: int) -> str | None:
        """All of it in plain text for `width` columns; None where only Rich can make it fit."""
        lines: list[str] = []
        for part in self.parts:
            if isinstance(part, Line):
                if part.cell_len > width:
                    return None
                lines.append(part.plain)
            elif (made := part.lines(width)) is None:
                return None
            else:
                lines += made
        return "".join(f"{line}\n" for line in lines)

    def __rich__(self) -> Group:
        from rich.console import Group

        return Group(*self.parts)


def _padded(text: str, width: int, is_right: bool) -> str:
    missing = " " * (width - columns_of(text))
    return missing + text if is_right else text + missing
