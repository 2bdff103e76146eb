"""The list of sessions."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from ....engine.sessions.queries import SessionRow
from ....providers.untrusted import one_line
from ..grid import Column, cells
from ..line import QUIET, STRONG
from ..name_list import UNFOLDED, NameList

_GAP = "  "


def session_list(rows: Sequence[SessionRow], width: int) -> RenderableType:
    """Two lines a session: its name, size and time; below it how it began and who answered. One where all fits."""
    return _table(rows) if width >= UNFOLDED else _pairs(rows, width)


def _table(rows: Sequence[SessionRow]) -> NameList:
    return NameList((
        Column("session", "left", cells([one_line(row.name) for row in rows])),
        Column("turns", "right", cells([str(row.turns) for row in rows])),
        Column("forks", "right", cells([str(row.forks) for row in rows])),
        *_calls(rows),
        Column("used (UTC)", "left", cells([row.used_at.replace("T", " ")[:16] for row in rows])),
        Column("profiles", "left", cells([", ".join(map(one_line, row.profiles)) for row in rows])),
        Column("began", "left", cells([one_line(row.began) for row in rows])),
    ))  # fmt: skip


def _calls(rows: Sequence[SessionRow]) -> list[Column]:
    """The column of what was called, where something was."""
    return [Column("calls", "right", cells([str(row.calls) for row in rows]))] if any(row.calls for row in rows) else []


def _pairs(rows: Sequence[SessionRow], width: int) -> Group:
    longest = min(max(len(row.name) for row in rows), 32)
    lines: list[Text] = []
    for row in rows:
        turns = f"{row.turns} turn{'s' if row.turns != 1 else ''}"
        forks = f" · {row.forks} fork{'s' if row.forks != 1 else ''}" if row.forks else ""
        forks += f" · {row.calls} call{'s' if row.calls != 1 else ''}" if row.calls else ""
        first = Text.assemble((f"{one_line(row.name, 32):<{longest}}", STRONG), _GAP, f"{turns:>9}{forks}")
        first.append(_GAP + row.used_at.replace("T", " ")[:16], QUIET)
        names = ", ".join(one_line(name, 40) for name in row.profiles)
        second = Text.assemble(_GAP, one_line(row.began, width) or "(empty)")
        if names:
            second.truncate(max(16, width - len(names) - 6), overflow="ellipsis")
            second.append(f"{_GAP}· {names}", QUIET)
        for line in (first, second):
            line.truncate(width, overflow="ellipsis")
        lines += [first, second]
    return Group(*lines)
