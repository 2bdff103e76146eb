"""What a list of stored runs says of each: how it went, what it cost, who answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....engine.history.search.run_rows import RUNNING, RunRow
from ....providers.untrusted import one_line
from ..line import BAD, CAUTION, GOOD, QUIET, Line
from ..numbers import UNKNOWN, dollars

_MOST_NAMES = 4

_STATUSES: Mapping[str, tuple[str, str]] = {
    "ok": ("ok", GOOD),
    "partial": ("partial", CAUTION),
    "error": ("failed", BAD),
    "cancelled": ("cancelled", CAUTION),
    RUNNING: ("unfinished", CAUTION),
}


def cost_words(row: RunRow) -> Line:
    """`$0.0213`, `$0.0213 + 1 unknown`, `simulated`: what is not known is never a zero."""
    if row.simulated:
        return Line(("simulated", QUIET))
    if row.usd is None:
        return Line(("cost unknown", CAUTION) if row.usd_unknown else (UNKNOWN, ""))
    unknown = [(f" + {row.usd_unknown} unknown", CAUTION)] if row.usd_unknown else []
    return Line((dollars(row.usd), ""), *unknown)


def status_words(row: RunRow) -> Line:
    """`3 ok, 1 failed`, each in its colour."""
    words: list[tuple[str, str]] = []
    for status, (word, style) in _STATUSES.items():
        if count := row.statuses.get(status, 0):
            words += [(", " if words else "", ""), (f"{count} {word}", style)]
    return (
        Line(*words) if words else Line(("results in its output" if row.command == "batch" else "nothing came", QUIET))
    )


def when_words(row: RunRow) -> str:
    return one_line(row.created_at).replace("T", " ")[:16]


def think_words_of(row: RunRow, *, whole: bool = False) -> str:
    """`low, high ×5`, where the same was asked five times."""
    names = first_names(row.thinks, whole=whole)
    return f"{names} ×{row.samples}" if row.samples > 1 else names


def first_names(names: Sequence[str], *, whole: bool = False) -> str:
    """The first few; all of them where nothing has to fit."""
    if whole:
        return ", ".join(map(one_line, names))
    shown = ", ".join(one_line(name, 40) for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} +{more}" if more > 0 else shown
