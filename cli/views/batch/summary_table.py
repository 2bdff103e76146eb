"""The summary of a batch on a terminal: one line a profile and think value where there is room, two where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from ..numbers import UNKNOWN
from ..run.phrases import BAD, CAUTION, QUIET, STRONG
from ..wrap import wrap_line
from .summary import BEST, LEGEND, SummaryRow, has_judged, notes, rows, totals

if TYPE_CHECKING:
    from ....engine.batch.end import Ended
    from ....engine.batch.output.summary import Tally

_BEST_STYLE = "bold green"
_GAP = 2
_NARROWEST = 72


@dataclass(frozen=True, slots=True)
class _Column:
    head: str
    justify: Literal["left", "right"]
    cells: list[Text]

    @property
    def width(self) -> int:
        lines = [*self.head.split("\n"), *(line for cell in self.cells for line in cell.plain.split("\n"))]
        return max(map(cell_len, lines))


def summary_view(tally: Tally, ended: Ended, width: int) -> list[Table | Text]:
    """Return the table that fits `width` columns best, what its marks mean, the notes, and the line of totals."""
    made = rows(tally)
    parts: list[Table | Text] = []
    if made:
        table, told = _table_for(made, has_judged(tally), width)
        parts += [Text(), table]
        if any(row.best for row in made):
            parts += [_text(LEGEND, width, QUIET)]
        said = notes(tally, ended, with_counts=not told)
    else:
        said = notes(tally, ended)
    parts += [Text(), *(_text(note, width, CAUTION) for note in said)] if said else []
    return [*parts, Text(), _text(" · ".join(totals(tally, ended)), width, STRONG)]


def _table_for(made: Sequence[SummaryRow], judged: bool, width: int) -> tuple[Table, bool]:
    """The table, and whether it tells verdicts and errors itself."""
    wide = _wide(made, judged)
    words = [
        _Column("not as asked", "left", [Text(row.verdicts, CAUTION) for row in made]),
        _Column("errors", "left", [Text(row.errors, BAD) for row in made]),
    ]
    words = [column for column in words if any(cell.plain for cell in column.cells)]
    without_model = [column for column in wide if column.head != "model"]
    for columns in ([*wide, *words], [*without_model, *words]):
        if _needs(columns) <= width:
            return _table(columns), True
    for columns in (wide, without_model):
        if _needs(columns) <= width:
            return _table(columns), not words
    if width >= _NARROWEST:
        return _table(_compact(made, judged), leading=1), not words
    return _cards(made, judged, width), not words


def _wide(made: Sequence[SummaryRow], judged: bool) -> list[_Column]:
    columns = [
        _Column("profile", "left", [Text("" if row.again else row.profile, STRONG) for row in made]),
        _Column("think", "left", [Text(row.think) for row in made]),
        _Column("model", "left", [Text("" if row.again else row.model, QUIET) for row in made]),
        _Column("whole", "right", [Text(row.whole) for row in made]),
    ]
    if judged:
        columns += [
            _Column("pass rate", "right", _ranked(made, "pass_rate", [row.pass_rate for row in made])),
            _Column("95 % interval", "right", [Text(row.interval, QUIET) for row in made]),
        ]
    columns += [
        _Column("cost", "right", [Text(text) for text in _at_the_point([row.cost for row in made])]),
        _Column("each", "right", _ranked(made, "each", _at_the_point([row.each for row in made]))),
    ]
    if judged:
        columns.append(
            _Column("per passed", "right", _ranked(made, "per_passed", _at_the_point([row.per_passed for row in made])))
        )
    return [
        *columns,
        _Column("median", "right", _ranked(made, "median", [row.median for row in made])),
        _Column("95th", "right", _ranked(made, "slow", [row.slow for row in made])),
        _Column("reasoning", "right", [Text(row.reasoning) for row in made]),
    ]


def _compact(made: Sequence[SummaryRow], judged: bool) -> list[_Column]:
    """Two lines a group, for 80 columns."""
    names = [Text.assemble((row.profile, STRONG), f"@{row.think}\n", (row.model, QUIET)) for row in made]
    columns = [_Column("profile@think\nmodel", "left", names)]
    if judged:
        rate = _ranked(made, "pass_rate", [row.pass_rate for row in made])
        interval = [Text(row.interval, QUIET) for row in made]
        passed = [Text(row.passed) for row in made]
        columns += [
            _Column("whole\npassed", "right", _stacked([Text(row.whole) for row in made], passed)),
            _Column("pass rate\n95 % interval", "right", _stacked(rate, interval)),
        ]
    else:
        columns.append(
            _Column("whole\nof results", "right", [Text(row.whole.replace(" of ", "\nof ")) for row in made])
        )
    under = "per_passed" if judged else "each"
    below = _ranked(made, under, [row.per_passed if judged else row.each for row in made])
    middle = _ranked(made, "median", [row.median for row in made], beside="slow")
    slow = _ranked(made, "slow", [row.slow for row in made], beside="median")
    return [
        *columns,
        _Column(f"cost\n{'per passed' if judged else 'each'}", "right",
                _stacked([Text(_least(row.cost)) for row in made], below)),
        _Column("median\n95th", "right", _stacked(middle, slow)),
        _Column("reasoning\nof output", "right", [Text(f"{row.reasoning}\nof {row.output}") for row in made]),
    ]  # fmt: skip


def _cards(made: Sequence[SummaryRow], judged: bool, width: int) -> Table:
    """For a window too narrow for columns."""
    table = Table(box=None, show_header=False, padding=(0, 0, 1, 0), pad_edge=False)
    table.add_column(overflow="fold")
    for row in made:
        passed = f"passed {row.passed} ({row.pass_rate}, 95 %: {row.interval}) · " if judged else ""
        line = (
            f"{row.whole} whole · {passed}{row.cost}, {row.each} each · median {row.median}, 95th {row.slow}"
            f" · {row.reasoning} reasoning tokens"
        )
        table.add_row(Text.assemble((row.label, STRONG), "\n", line))
    return table


def _table(columns: Sequence[_Column], *, leading: int = 0) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        header_style="dim",
        border_style="dim",
        padding=(0, _GAP - 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    table.leading = leading
    for column in columns:
        head = Text(column.head) if column.justify == "left" else _at_the_right(Text(column.head), column.width)
        table.add_column(head, no_wrap=not leading, overflow="fold")
    made = [
        column.cells if column.justify == "left" else [_at_the_right(cell, column.width) for cell in column.cells]
        for column in columns
    ]
    for cells in zip(*made, strict=True):
        table.add_row(*cells)
    return table


def _at_the_right(cell: Text, width: int) -> Text:
    """`cell` with every line at the right end, its own last blanks included: Rich would cut those off."""
    lines = cell.split("\n", allow_blank=True)
    return Text("\n").join(Text(" " * (width - line.cell_len)) + line for line in lines)


def _needs(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + _GAP * (len(columns) - 1)


def _ranked(made: Sequence[SummaryRow], name: str, texts: Sequence[str], beside: str = "") -> list[Text]:
    """The values, the best with their mark and the others with the room of one, so that digits stay in line."""
    room = "  " if any(row.best & {name, beside} for row in made) else ""
    return [
        Text(f"{text} {BEST}", _BEST_STYLE) if name in row.best else Text(text + room)
        for row, text in zip(made, texts, strict=True)
    ]


def _at_the_point(texts: Sequence[str]) -> list[str]:
    """The amounts padded so that the points of a column are one below the other."""
    if any(" " in text for text in texts):
        return list(texts)
    fractions = [len(text.partition(".")[2]) + ("." in text) for text in texts]
    widest = max(fractions, default=0)
    return [
        text if text == UNKNOWN else text + " " * (widest - own) for text, own in zip(texts, fractions, strict=True)
    ]


def _least(cost: str) -> str:
    """The known part of a cost, as the least that it was; how much is unknown stands in the notes."""
    known, plus, _ = cost.partition(" + ")
    return f"≥{known}" if plus else known


def _stacked(above: Sequence[Text], below: Sequence[Text]) -> list[Text]:
    return [Text("\n").join(pair) for pair in zip(above, below, strict=True)]


def _text(line: str, width: int, style: str) -> Text:
    return Text("\n".join(wrap_line(line, width, "  ")), style)
