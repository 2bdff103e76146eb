"""The list of profiles and groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..untrusted import harmless

WIDE = 110


def profile_table(rows: Sequence[Mapping[str, Any]], groups: Mapping[str, Sequence[str]], width: int) -> RenderableType:
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
        problem = row.get("problem")
        key = str(row.get("key") or "not needed")
        state = Text(harmless(problem), style="red") if problem else Text(key, style="dim" if "not set" in key else "")
        cells: list[RenderableType] = [
            Text(harmless(str(row["profile"])), style="bold"),
            harmless(str(row["provider"])),
            harmless(str(row["model"])),
            harmless(str(row.get("think", "–"))),
            state,
        ]
        table.add_row(*cells, *([harmless(str(row.get("defined_in", "")))] if wide else []))
    listed = [Text(f"{harmless(name)}: {', '.join(map(harmless, members))}") for name, members in groups.items()]
    return Group(table, Text(""), Text("groups", style="bold"), *listed) if listed else table
