"""The summary of a batch on a terminal: one line a profile and think value where there is room, two where not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..grid import Column, FigureTable, needs, ranked, ruled, stacked
from ..line import BAD, CAUTION, QUIET, STRONG
from ..numbers import BEST, at_the_point
from ..wrap import wrap_line
from .summary import UNDER, SummaryRow, has_judged, notes, rows, star_words, totals

if TYPE_CHECKING:
    from ....engine.batch.end import Ended
    from ....engine.batch.output.summary import Tally

_NARROWEST = 72


def summary_view(tally: Tally, ended: Ended, width: int) -> list[RenderableType]:
    """Return the table that fits `width` columns best, what its marks mean, the notes, and the line of totals."""
    made = rows(tally)
    parts: list[RenderableType] = []
    if made:
        table, told = _table_for(made, has_judged(tally), width)
        parts += [Text(), table]
        said_below = [UNDER] if any(row.spans for row in made) else []
        parts += [Text()] if table.leading else []
        parts += [_text(line, width, QUIET) for line in (*said_below, star_words(tally)) if line]
        said = notes(tally, ended, with_counts=not told)
    else:
        said = notes(tally, ended)
    parts += [Text(), *(_text(note, width, CAUTION) for note in said)] if said else []
    return [*parts, Text(), _text(" · ".join(totals(tally, ended)), width, STRONG)]


def _table_for(made: Sequence[SummaryRow], judged: bool, width: int) -> tuple[FigureTable | Table, bool]:
    """The table, and whether it tells verdicts and errors itself."""
    wide = _wide(made, judged)
    words = [
        Column("not as asked", "left", [Text(row.verdicts, CAUTION) for row in made]),
        Column("errors", "left", [Text(row.errors, BAD) for row in made]),
    ]
    words = [column for column in words if any(cell.plain for cell in column.cells)]
    without_model = [column for column in wide if column.head != "model"]
    leading = 1 if any(row.spans for row in made) else 0
    for columns in ([*wide, *words], [*without_model, *words]):
        if needs(columns) <= width:
            return ruled(columns, leading=leading), True
    for columns in (wide, without_model):
        if needs(columns) <= width:
            return ruled(columns, leading=leading), not words
    if width >= _NARROWEST:
        compact = _compact(made, judged)
        empty, fit = _empty(made), _fit(made)
        choices = [[*compact[:2], *more, *compact[2:]] for more in ([*empty, *fit], empty, fit)]
        chosen = next((columns for columns in choices if needs(columns) <= width), compact)
        return ruled(chosen, leading=1), not words
    return _cards(made, judged, width), not words


def _wide(made: Sequence[SummaryRow], judged: bool) -> list[Column]:
    columns = [
        Column("profile", "left", [Text("" if row.again else row.profile, STRONG) for row in made]),
        Column("think", "left", [Text(f"{row.think}\n{row.agreement}".rstrip()) for row in made]),
        Column("model", "left", [Text("" if row.again else row.model, QUIET) for row in made]),
        Column("whole", "right", [Text(row.same_as or row.whole) for row in made]),
    ]
    columns += _empty(made)
    if judged:
        columns += [
            Column("pass rate", "right", _ranked(made, "pass_rate", [row.pass_rate for row in made])),
            Column("95 % interval", "right", [Text(row.interval, QUIET) for row in made]),
        ]
    columns += _fit(made)
    columns += [
        Column("cost", "right", [Text(text) for text in at_the_point([row.cost for row in made])]),
        Column("each", "right", _over(made, "each", _ranked(made, "each", at_the_point([row.each for row in made])))),
    ]
    if judged:
        columns.append(
            Column("per passed", "right", _ranked(made, "per_passed", at_the_point([row.per_passed for row in made])))
        )
    return [
        *columns,
        Column("median", "right", _over(made, "median", _ranked(made, "median", [row.median for row in made]))),
        Column("95th", "right", _ranked(made, "slow", [row.slow for row in made])),
        Column("reasoning", "right", _over(made, "reasoning", [Text(row.reasoning) for row in made])),
    ]


def _over(made: Sequence[SummaryRow], name: str, cells: Sequence[Text]) -> list[Text]:
    """The cells, with their intervals below them where rows have several samples."""
    if not any(row.spans for row in made):
        return list(cells)
    room = "  " if any(name in row.best for row in made) else ""
    return stacked(cells, [Text(row.spans.get(name, "") + room, QUIET) for row in made])


def _empty(made: Sequence[SummaryRow]) -> list[Column]:
    """The column of whole answers without text, where there are any."""
    return [Column("empty", "right", [Text(row.empty, BAD) for row in made])] if any(row.empty for row in made) else []


def _fit(made: Sequence[SummaryRow]) -> list[Column]:
    """The column of answers that fit their schema, where there are any of which JSON was asked."""
    return [Column("fit", "right", [Text(row.fit) for row in made])] if any(row.fit for row in made) else []


def _compact(made: Sequence[SummaryRow], judged: bool) -> list[Column]:
    """Two lines a group, or three where answers were judged, for 80 columns."""
    names = [
        Text.assemble((row.profile, STRONG), f"@{row.think}\n", (row.same_as or row.agreement or row.model, QUIET))
        for row in made
    ]
    columns = [Column("profile@think\nmodel", "left", names)]
    if judged:
        rate = _ranked(made, "pass_rate", [row.pass_rate for row in made])
        interval = [Text(row.interval, QUIET) for row in made]
        passed = [Text(row.passed) for row in made]
        columns += [
            Column("whole\npassed", "right", stacked([Text(row.whole) for row in made], passed)),
            Column("pass rate\n95 % interval", "right", stacked(rate, interval)),
        ]
    else:
        columns.append(Column("whole\nof results", "right", [Text(row.whole.replace(" of ", "\nof ")) for row in made]))
    room = "  " if any("each" in row.best for row in made) else ""
    money = [
        [Text(_least(row.cost) + room) for row in made],
        _ranked(made, "each", [row.each for row in made]),
    ]
    if judged:
        money.append([Text(row.per_passed + room) for row in made])
    middle = _ranked(made, "median", [row.median for row in made], beside="slow")
    slow = _ranked(made, "slow", [row.slow for row in made], beside="median")
    return [
        *columns,
        Column("cost\neach\nper passed" if judged else "cost\neach", "right", stacked(*money)),
        Column("median\n95th", "right", stacked(middle, slow)),
        Column("reasoning\nof output", "right",
                [Text("" if row.same_as else f"{row.reasoning}\nof {row.output}") for row in made]),
    ]  # fmt: skip


def _cards(made: Sequence[SummaryRow], judged: bool, width: int) -> Table:
    """For a window too narrow for columns."""
    table = Table(box=None, show_header=False, padding=(0, 0, 1, 0), pad_edge=False)
    table.add_column(overflow="fold")
    for row in made:
        star = {name: f" {BEST}" if name in row.best else "" for name in ("pass_rate", "each", "median")}
        passed = f"passed {row.passed} ({row.pass_rate}{star['pass_rate']}, 95 %: {row.interval}) · " if judged else ""
        empty = f"{row.empty} empty · " if row.empty else ""
        empty += f"{row.fit} fit · " if row.fit else ""
        line = (
            f"{row.whole} whole · {empty}{passed}{row.cost}, {row.each}{star['each']} each"
            f" · median {row.median}{star['median']}, 95th {row.slow}"
            f" · {row.reasoning} reasoning tokens"
        )
        table.add_row(Text.assemble((row.label, STRONG), "\n", line))
    return table


def _ranked(made: Sequence[SummaryRow], name: str, texts: Sequence[str], beside: str = "") -> list[Text]:
    return ranked(texts, name, [row.best for row in made], beside)


def _least(cost: str) -> str:
    """The known part of a cost, as the least that it was; how much is unknown stands in the notes."""
    known, plus, _ = cost.partition(" + ")
    return f"≥{known}" if plus else known


def _text(line: str, width: int, style: str) -> Text:
    return Text("\n".join(wrap_line(line, width, "  ")), style)
