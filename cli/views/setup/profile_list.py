"""The list of profiles and groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....engine.targets.profile_summary import ProfileSummary
from ....profiles.provider import Provider
from ....providers.untrusted import harmless
from ..grid import Cells, Column, cells
from ..line import Line
from ..name_list import NameList, Stack
from ..numbers import UNKNOWN

_PLACE = "defined in"


def profile_table(rows: Sequence[ProfileSummary], groups: Mapping[str, Sequence[str]]) -> NameList | Stack:
    """One row a profile; where it is defined only when there is room."""
    profiles, states = [row.profile for row in rows], list(map(_state, rows))
    table = NameList(
        (
            Column("profile", "left", cells([harmless(one.name) for one in profiles], "bold")),
            Column("provider", "left", cells([harmless(one.provider) for one in profiles])),
            Column("model", "left", cells([harmless(one.model) for one in profiles])),
            Column("think", "left", cells([UNKNOWN if row.problem else harmless(row.think) for row in rows])),
            Column("key", "left", Cells([text for text, _ in states], [style for _, style in states])),
            Column(_PLACE, "left", cells(["" if row.problem else harmless(row.profile.place) for row in rows], "dim")),
        ),
        names=3,
        spare=frozenset({_PLACE}),
        labelled=frozenset({"think", "key"}),
    )
    listed = [Line((f"{harmless(name)}: {', '.join(map(harmless, members))}", "")) for name, members in groups.items()]
    return Stack([table, Line(), Line(("groups", "bold")), *listed]) if listed else table


def local_servers_text(found: Sequence[Provider]) -> str:
    """The servers of this machine, a line each."""
    return "".join(["listening on this machine\n", *(harmless(f"{one.name}: {one.base_url}\n") for one in found)])


def _state(row: ProfileSummary) -> tuple[str, str]:
    """Where the key comes from, or what is wrong; and its style."""
    if row.problem:
        return harmless(row.problem), "red"
    key = row.key or "not needed"
    return key, "dim" if "not set" in key else ""
