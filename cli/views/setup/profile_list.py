"""The list of profiles and groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ....engine.targets.profile_summary import ProfileSummary
from ....profiles.provider import Provider
from ....providers.untrusted import harmless
from ..numbers import UNKNOWN

WIDE = 110


def profile_table(rows: Sequence[ProfileSummary], groups: Mapping[str, Sequence[str]], width: int) -> RenderableType:
    """One row a profile; where it is defined only when there is room."""
    wide = width >= WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("profile", overflow="fold")
    table.add_column("provider", overflow="fold")
    table.add_column("model", overflow="fold")
    table.add_column("think", no_wrap=True)
    table.add_column("key", overflow="fold")
    if wide:
        table.add_column("defined in", overflow="fold", style="dim")
    for row in rows:
        profile = row.profile
        cells: list[RenderableType] = [
            Text(harmless(profile.name), style="bold"),
            harmless(profile.provider),
            harmless(profile.model),
            UNKNOWN if row.problem else harmless(row.think),
            _state(row),
        ]
        table.add_row(*cells, *(["" if row.problem else harmless(profile.place)] if wide else []))
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
