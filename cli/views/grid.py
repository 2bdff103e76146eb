"""Tables for a terminal: columns that know how wide they are, so that those can be chosen that fit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal, overload

from msgspec import Struct

from .line import STRONG, Line, columns_of
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


class LineCells(Sequence["Text"]):
    """The same of lines with several styles each."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines

    @property
    def texts(self) -> Sequence[str]:
        return [line.plain for line in self.lines]

    def __len__(self) -> int:
        return len(self.lines)

    @overload
    def __getitem__(self, index: int) -> Text: ...
    @overload
    def __getitem__(self, index: slice) -> LineCells: ...
    def __getitem__(self, index: int | slice) -> Text | LineCells:
        return LineCells(self.lines[index]) if isinstance(index, slice) else self.lines[index].__rich__()


def cells(texts: Sequence[str], style: str = "") -> Cells:
    """Cells of plain text."""
    return Cells(texts, [style] * len(texts))


def plain_cells(given: Sequence[Text]) -> Sequence[str]:
    """What the cells say."""
    return given.texts if isinstance(given, Cells | LineCells) else [cell.plain for cell in given]


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


class FigureColumn(Struct, frozen=True):
    """A column with its style; `width` where that is not as wide as it must be, and what does not fit is cut.

    One that `folds` takes more lines instead. One that is cut says so with an ellipsis, unless it is `cropped`.
    """

    column: Column
    style: str = ""
    width: int | None = None
    folds: bool = False
    cropped: bool = False
    least: int | None = None

    @property
    def room(self) -> int:
        return self.column.width if self.width is None else self.width


class FigureTable(Struct, frozen=True):
    """A table, with a rule under its head if it is `ruled`. The last row of one with a total is strong.

    `leading` blank lines are between rows, or one after each of the rows of `sections`. The `caption` below is as wide
    as the table, or `unfolded`.
    """

    columns: Sequence[FigureColumn]
    has_head: bool = True
    has_total: bool = False
    is_ruled: bool = False
    leading: int = 0
    sections: frozenset[int] = frozenset()
    caption: Line | None = None
    unfolded: bool = False

    def __rich__(self) -> Table:
        from rich import box
        from rich.table import Table

        table = Table(
            box=box.SIMPLE_HEAD if self.is_ruled else None, show_edge=False, pad_edge=False, border_style="dim",
            padding=(0, GAP - self.is_ruled, 0, 0), header_style="dim", show_header=self.has_head,
            caption_justify="left", caption_style="none",
        )  # fmt: skip
        table.leading = self.leading
        for one in self.columns:
            table.add_column(
                one.column.head, justify=one.column.justify, style=one.style, no_wrap=not one.folds,
                overflow="fold" if one.folds or one.cropped else "ellipsis", width=one.width, min_width=one.least,
            )  # fmt: skip
        made = [
            [AtTheRight(cell) for cell in one.column.cells] if one.column.justify == "right" else one.column.cells
            for one in self.columns
        ]
        rows = list(zip(*made, strict=True))
        for at, row in enumerate(rows):
            style = STRONG if self.has_total and at == len(rows) - 1 else None
            table.add_row(*row, style=style, end_section=at in self.sections)
        if self.caption is not None:
            table.caption = caption = self.caption.__rich__()
            caption.no_wrap, caption.overflow = (True, "ignore") if self.unfolded else (None, None)
        return table


def ruled(
    columns: Sequence[Column], *, leading: int = 0, caption: Line | None = None, unfolded: bool = False
) -> FigureTable:
    """The table, with a rule under its head. With `leading` blank lines between rows, cells may be folded."""
    made = [FigureColumn(column, folds=leading > 0, cropped=True) for column in columns]
    return FigureTable(made, is_ruled=True, leading=leading, caption=caption, unfolded=unfolded)


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


def stacked(*lines: Sequence[Text]) -> list[Text]:
    """Cells of several lines: the first of all cells, the second of all, and so on."""
    from rich.text import Text

    return [Text("\n").join(cell) for cell in zip(*lines, strict=True)]
