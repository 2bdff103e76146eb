"""Texts beside each other in columns of one width, with lines between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from msgspec import Struct

from .line import QUIET, Line
from .sheet import Part, UnfitError, folded, padded
from .wrap import COLUMN_DIVIDER

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table


class Paragraphs(Struct, frozen=True):
    """Paragraphs of plain text, with blank lines between them."""

    texts: Sequence[str]

    @property
    def plain(self) -> str:
        return "\n\n".join(self.texts)

    def __rich__(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        first, *others = (Text(one, justify="left") for one in self.texts)
        return Group(first, *(part for one in others for part in (Text(""), one)))


class Stacked(Struct, frozen=True):
    """What stands below each other in one column. Some of it may be such that only Rich can lay it out."""

    parts: Sequence[RenderableType]

    @property
    def plain(self) -> str | None:
        """The text; None where Rich has to lay it out."""
        texts = [part.plain for part in self.parts if isinstance(part, Line | Paragraphs)]
        return "\n".join(texts) if len(texts) == len(self.parts) else None

    def __rich__(self) -> Group:
        from rich.console import Group

        return Group(*self.parts)


class SideBySide(Part, frozen=True):
    """Rows of texts in `columns` columns, each `width` wide, with a rule under the first row.

    Where less than a row is left, the other columns stay empty.
    """

    rows: Sequence[Sequence[Line | Stacked]]
    columns: int
    width: int

    def lines(self, width: int) -> Iterator[str]:
        if self.columns * self.width + len(COLUMN_DIVIDER) * (self.columns - 1) > width:
            raise UnfitError
        for number, row in enumerate(self.rows):
            texts = [cell.plain for cell in row]
            cells = [_folded(text, self.width) for text in texts] + [[""]] * (self.columns - len(row))
            for line in zip_longest(*cells, fillvalue=""):
                yield COLUMN_DIVIDER.join(padded(text, self.width) for text in line)
            if number == 0 and len(self.rows) > 1:
                yield "─┼─".join(["─" * self.width] * self.columns)

    def __rich__(self) -> Table:
        from rich import box
        from rich.table import Table

        grid = Table(box=box.MINIMAL, show_header=False, show_edge=False, pad_edge=False, border_style=QUIET)
        for _ in range(self.columns):
            grid.add_column(width=self.width, overflow="fold")
        for number, row in enumerate(self.rows):
            grid.add_row(*row, end_section=number == 0)
        return grid


def _folded(text: str | None, width: int) -> list[str]:
    if text is None:
        raise UnfitError
    return list(folded(text, width, stripped=True))
