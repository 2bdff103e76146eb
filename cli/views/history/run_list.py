"""The list of stored runs: one line a run where there is room, two where not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ....engine.history.read import RUNNING, RunRow
from ....providers.untrusted import one_line
from ..name_list import UNFOLDED
from ..numbers import UNKNOWN, dollars, seconds
from ..run.phrases import BAD, CAUTION, GOOD, QUIET, STRONG

WIDE = 120
_GAP = "  "
_SEPARATOR = " · "
_MOST_NAMES = 4

_STATUSES: Mapping[str, tuple[str, str]] = {
    "ok": ("ok", GOOD),
    "partial": ("partial", CAUTION),
    "error": ("failed", BAD),
    "cancelled": ("cancelled", CAUTION),
    RUNNING: ("unfinished", CAUTION),
}


def history_view(rows: Sequence[RunRow], width: int) -> RenderableType:
    """Return the rows as they come, for `width` columns."""
    return _table(rows, whole=width >= UNFOLDED) if width >= WIDE else _pairs(rows, width)


def cost_words(row: RunRow) -> Text:
    """`$0.0213`, `$0.0213 + 1 unknown`, `simulated`: what is not known is never a zero."""
    if row.simulated:
        return Text("simulated", QUIET)
    if row.usd is None:
        return Text("cost unknown", CAUTION) if row.usd_unknown else Text(UNKNOWN)
    words = Text(dollars(row.usd))
    if row.usd_unknown:
        words.append(f" + {row.usd_unknown} unknown", CAUTION)
    return words


def status_words(row: RunRow) -> Text:
    """`3 ok, 1 failed`, each in its colour."""
    words = Text()
    for status, (word, style) in _STATUSES.items():
        if count := row.statuses.get(status, 0):
            words.append(", " if words else "")
            words.append(f"{count} {word}", style)
    return words or Text("results in its output" if row.command == "batch" else "nothing came", QUIET)


def _table(rows: Sequence[RunRow], *, whole: bool) -> Table:
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
            _when(row),
            one_line(row.command, 12),
            Text(one_line(row.prompt)),
            Text(_names(row.profiles, whole=whole)),
            Text(_thinks(row, whole=whole)),
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
        first = Text.assemble((f"{row.number:>{digits}}", STRONG), _GAP, (_when(row), QUIET), _GAP)
        first.append(f"{one_line(row.command, 12):<7}", QUIET)
        first.append(_GAP)
        first.append(one_line(row.prompt))
        first.truncate(width, overflow="ellipsis")
        status = status_words(row)
        end = Text.assemble((_SEPARATOR, QUIET), status)
        end.append(_SEPARATOR, QUIET)
        end.append_text(cost_words(row))
        end.append(_SEPARATOR, QUIET)
        end.append(seconds(row.total_s))
        names = Text(_names(row.profiles))
        thinks = _thinks(row)
        if thinks:
            names.append(f" @ {thinks}", QUIET)
        names.truncate(max(8, width - indent - end.cell_len), overflow="ellipsis")
        second = Text(" " * indent)
        second.append_text(names)
        second.append_text(end)
        lines += [first, second]
    return Group(*lines)


def _when(row: RunRow) -> str:
    return one_line(row.created_at).replace("T", " ")[:16]


def _thinks(row: RunRow, *, whole: bool = False) -> str:
    """`low, high ×5`, where the same was asked five times."""
    names = _names(row.thinks, whole=whole)
    return f"{names} ×{row.samples}" if row.samples > 1 else names


def _names(names: Sequence[str], *, whole: bool = False) -> str:
    """The first few; all of them where nothing has to fit."""
    if whole:
        return ", ".join(map(one_line, names))
    shown = ", ".join(one_line(name, 40) for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} +{more}" if more > 0 else shown
