"""Tables for a terminal: columns that know how wide they are, so that those can be chosen that fit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal, overload

from msgspec import Struct

from .line import columns_of
from .numbers import BEST

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

GAP = 2
"""Blanks between two columns."""

BEST_STYLE = "bold green"


class Cells(Sequence["Text"]):
    """Cells of one style each, which need Rich only where they are laid out."""

    def __init__(self, texts: Sequence[str], styles: Sequence[str]) -> None:
        self.texts = texts
        self.styles = styles

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, index: int) -> Text: ...
    @overload
    def __getitem__(self, index: slice) -> Cells: ...
    def __getitem__(self, index: int | slice) -> Text | Cells:
        if isinstance(index, slice):
            return Cells(self.texts[index], self.styles[index])
        from rich.text import Text

        return Text(self.texts[index], style=self.styles[index])


def cells(texts: Sequence[str], style: str = "") -> Cells:
    """Cells of plain text."""
    return Cells(texts, [style] * len(texts))


def plain_cells(given: Sequence[Text]) -> Sequence[str]:
    """What the cells say."""
    return given.texts if isinstance(given, Cells) else [cell.plain for cell in given]


class Column(Struct, frozen=True):
    """A head and its cells, both of one line or more."""

    head: str
    justify: Literal["left", "right"]
    cells: Sequence[Text]

    @property
    def width(self) -> int:
        lines = [*self.head.split("\n"), *(line for text in plain_cells(self.cells) for line in text.split("\n"))]
        return max(map(columns_of, lines))


def needs(columns: Sequence[Column]) -> int:
    """How many columns of the terminal a table of these takes."""
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def ruled(columns: Sequence[Column], *, leading: int = 0) -> Table:
    """The table, with a rule under its head. With `leading` blank lines between rows, cells may be folded."""
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        header_style="dim",
        border_style="dim",
        padding=(0, GAP - 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    table.leading = leading
    for column in columns:
        table.add_column(column.head, justify=column.justify, no_wrap=not leading, overflow="fold")
    made = [
        [AtTheRight(cell) for cell in column.cells] if column.justify == "right" else column.cells for column in columns
    ]
    for cells in zip(*made, strict=True):
        table.add_row(*cells)
    return table


class AtTheRight(Struct, frozen=True):
    """A cell that ends at the right with its own last blanks, which Rich would cut off: they keep digits in line."""

    text: Text

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        from rich.measure import Measurement

        return Measurement.get(console, options, self.text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        for line in self.text.split("\n", allow_blank=True):
            missing = options.max_width - line.cell_len
            yield line if missing < 0 else Text.assemble(" " * missing, line, justify="left")


def ranked(texts: Sequence[str], name: str, best: Sequence[Collection[str]], beside: str = "") -> list[Text]:
    """The values, the best with their mark and the others with the room of one, so that digits stay in line.

    `best` names for each row the columns that it is the best in; `beside` is another column of the same cell.
    """
    from rich.text import Text

    room = "  " if any(name in own or beside in own for own in best) else ""
    return [
        Text(f"{text} {BEST}", BEST_STYLE) if name in own else Text(text + room)
        for text, own in zip(texts, best, strict=True)
    ]


def stacked(above: Sequence[Text], below: Sequence[Text]) -> list[Text]:
    """Cells of two lines."""
    from rich.text import Text

    return [Text("\n").join(pair) for pair in zip(above, below, strict=True)]
