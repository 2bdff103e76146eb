"""Which profiles are ready, as a table; what is wrong stands beside it, or below where there is no room."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ....engine.lookups.profile_check import CheckedProfile
from ....profiles.profile import Profile
from ....providers.untrusted import one_line
from ..grid import Column
from ..name_list import UNFOLDED, NameList
from ..numbers import UNKNOWN, seconds

WIDE = 120

_KEY_WORDS = {
    "accepted": ("accepted", "green"),
    "refused": ("refused", "red"),
    "forbidden": ("forbidden", "red"),
    "unproven": ("not proven", "yellow"),
    "not_needed": ("not needed", ""),
    "missing": ("missing", "red"),
}
_ANSWER_WORDS = {True: ("answers", "green"), False: ("no answer", "red"), None: ("not asked", "dim")}
_MODEL_WORDS = {True: ("listed", "green"), False: ("not listed", "red"), None: (UNKNOWN, "dim")}


def check_table(rows: Sequence[CheckedProfile], width: int, *, online: bool) -> RenderableType:
    """One row a profile, grouped by provider, whom a pipe has on each line; with `online` what it answered."""
    names = list(dict.fromkeys(row.profile.provider for row in rows))
    rows = sorted(rows, key=lambda row: names.index(row.profile.provider))
    wide = width >= WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("provider", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("profile", no_wrap=True)
    if online:
        table.add_column("host", no_wrap=True)
        table.add_column("key", no_wrap=True)
        table.add_column("model", no_wrap=True)
        table.add_column("time", no_wrap=True, justify="right")
    else:
        table.add_column("key from", no_wrap=True)
    if wide:
        table.add_column("what to know", overflow="fold", ratio=1)
    before: str | None = None
    for row in rows:
        provider = row.profile.provider
        is_named = provider != before or width == UNFOLDED
        first = Text(one_line(provider) if is_named else "", "cyan")
        before = provider
        cells: list[RenderableType] = [first, _state(row), Text(one_line(row.profile.name), "bold")]
        cells += _online(row) if online else [Text(one_line(row.candidate.source or _without_key(row)))]
        table.add_row(*cells, *([_remark(row)] if wide else []))
    if wide:
        table.expand = True
        return table
    head: RenderableType = table if _fits(table, width) else _with_names_apart(table)
    below: list[RenderableType] = []
    for row in rows:
        if remark := _remark(row):
            below += [Text(one_line(row.profile.name), "bold"), Padding(remark, (0, 0, 0, 2))]
    return Group(head, Text(""), *below) if below else head


def _fits(table: Table, width: int) -> bool:
    """Whether no cell of the table has to be broken."""
    console = Console(width=UNFOLDED)
    return Measurement.get(console, console.options, table).maximum <= width


def _with_names_apart(table: Table) -> NameList:
    """The same rows for names that are longer than their column may be: each in a line of its own."""
    order = [2, 0, 1, *range(3, len(table.columns))]
    columns = [table.columns[index] for index in order]
    return NameList(
        [Column(str(one.header), "left", [_plain(cell) for cell in one.cells]) for one in columns],
        labelled=frozenset(("host", "key", "model", "time", "key from")),
    )


def _plain(cell: RenderableType) -> Text:
    return cell if isinstance(cell, Text) else Text(str(cell))


def rest_words(rest: Sequence[Profile], *, more: bool) -> str:
    """The profiles that nobody set up, in a line."""
    providers = len({profile.provider for profile in rest})
    number = f"{len(rest)} {'more ' if more else ''}profile{'' if len(rest) == 1 else 's'}"
    of = f"of {providers} provider{'' if providers == 1 else 's'}"
    done = f"{number} {of} {'is' if len(rest) == 1 else 'are'} built in and not set up (--all shows them)"
    begin = "" if more else "; to begin: thinkdial keys set NAME, or thinkdial profiles init"
    return f"{done}{begin}"


def _state(row: CheckedProfile) -> Text:
    return Text(row.state, {"ready": "green", "unproven": "yellow"}.get(row.state, "red"))


def _without_key(row: CheckedProfile) -> str:
    return "not needed" if row.is_ready else UNKNOWN


def _online(row: CheckedProfile) -> list[Text]:
    told = row.online
    if told is None:
        return [Text("not asked", "dim"), Text(UNKNOWN, "dim"), Text(UNKNOWN, "dim"), Text(UNKNOWN, "dim")]
    key = Text(*_KEY_WORDS[told.key]) if told.key else Text(UNKNOWN, "dim")
    return [
        Text(*_ANSWER_WORDS[told.answers]),
        key,
        Text(*_MODEL_WORDS[told.listed]),
        Text(seconds(told.answered_s)),
    ]


def _remark(row: CheckedProfile) -> Text:
    """The problem and what to do about it, else what stayed open."""
    remark = Text()
    if row.problem:
        remark.append(one_line(row.problem, 600).removeprefix(f"profile {one_line(row.profile.name)}: "))
    elif row.online is not None and row.online.note:
        remark.append(one_line(row.online.note, 300), "dim")
    if row.ending and not row.problem:
        remark.append(f"{'; ' if remark else ''}{one_line(row.ending, 300)}", "yellow")
    if row.hint and remark:
        remark.append(f" ({one_line(row.hint, 300)})", "dim")
    return remark
