"""The list of profiles and groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from ....engine.targets.profile_summary import ProfileSummary
from ....profiles.provider import Provider
from ....providers.untrusted import harmless
from ..grid import Column
from ..name_list import NameList, cells
from ..numbers import UNKNOWN

_PLACE = "defined in"


def profile_table(rows: Sequence[ProfileSummary], groups: Mapping[str, Sequence[str]]) -> RenderableType:
    """One row a profile; where it is defined only when there is room."""
    profiles = [row.profile for row in rows]
    table = NameList(
        (
            Column("profile", "left", cells([harmless(one.name) for one in profiles], "bold")),
            Column("provider", "left", cells([harmless(one.provider) for one in profiles])),
            Column("model", "left", cells([harmless(one.model) for one in profiles])),
            Column("think", "left", cells([UNKNOWN if row.problem else harmless(row.think) for row in rows])),
            Column("key", "left", list(map(_state, rows))),
            Column(_PLACE, "left", cells(["" if row.problem else harmless(row.profile.place) for row in rows], "dim")),
        ),
        names=3,
        spare=frozenset({_PLACE}),
        labelled=frozenset({"think", "key"}),
    )
    listed = [Text(f"{harmless(name)}: {', '.join(map(harmless, members))}") for name, members in groups.items()]
    return Group(table, Text(""), Text("groups", style="bold"), *listed) if listed else table


def local_servers_text(found: Sequence[Provider]) -> str:
    """The servers of this machine, a line each."""
    return "".join(["listening on this machine\n", *(harmless(f"{one.name}: {one.base_url}\n") for one in found)])


def _state(row: ProfileSummary) -> Text:
    """Where the key comes from, or what is wrong."""
    if row.problem:
        return Text(harmless(row.problem), style="red")
    key = row.key or "not needed"
    return Text(key, style="dim" if "not set" in key else "")
