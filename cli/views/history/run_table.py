"""The list of stored runs on a terminal: one line a run where there is room, two where not."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ....engine.history.search.run_rows import RunRow
from ....providers.untrusted import one_line
from ..line import QUIET, STRONG
from ..numbers import seconds
from .run_words import cost_words, first_names, status_words, think_words_of, when_words

WIDE = 120
_GAP = "  "
_SEPARATOR = " · "


def run_table(rows: Sequence[RunRow], width: int) -> RenderableType:
    """Return the rows as they come, for a terminal of `width` columns."""
    return _table(rows) if width >= WIDE else _pairs(rows, width)


def _table(rows: Sequence[RunRow]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    table.add_column("run", justify="right", no_wrap=True, style=STRONG)
    table.add_column("when (UTC)", no_wrap=True)
    table.add_column("command", no_wrap=True, style=QUIET)
    table.add_column("prompt", no_wrap=True, overflow="ellipsis", ratio=3)
    table.add_column("profiles", no_wrap=True, overflow="ellipsis", ratio=2)
    table.add_column("think", no_wrap=True, overflow="ellipsis", max_width=16)
    table.add_column("status", no_wrap=True)
    table.add_column("cost", justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            str(row.number),
            when_words(row),
            one_line(row.command, 12),
            Text(one_line(row.prompt)),
            Text(first_names(row.profiles)),
            Text(think_words_of(row)),
            status_words(row),
            cost_words(row),
            seconds(row.total_s),
        )
    return table


def _pairs(rows: Sequence[RunRow], width: int) -> Group:
    """For 80 columns: when and what was asked, and below it who answered, how it went, cost and time."""
    digits = max((len(str(row.number)) for row in rows), default=1)
    indent = digits + len(_GAP)
    lines: list[Text] = []
    for row in rows:
        first = Text.assemble((f"{row.number:>{digits}}", STRONG), _GAP, (when_words(row), QUIET), _GAP)
        first.append(f"{one_line(row.command, 12):<7}", QUIET)
        first.append(_GAP)
        first.append(one_line(row.prompt))
        first.truncate(width, overflow="ellipsis")
        separator = (_SEPARATOR, QUIET)
        end = Text.assemble(*status_words(row).pieces, separator, *cost_words(row).pieces, separator)
        end.append(seconds(row.total_s))
        names = Text(first_names(row.profiles))
        if thinks := think_words_of(row):
            names.append(f" @ {thinks}", QUIET)
        names.truncate(max(8, width - indent - len(_SEPARATOR) - end.cell_len), overflow="ellipsis")
        second = Text(" " * indent)
        if names:
            second.append_text(names).append(*separator)
        second.append_text(end)
        lines += [first, second]
    return Group(*lines)
