"""Installed plugins as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from ....engine.lookups.plugins import Plugin
from ....providers.untrusted import one_line
from ..numbers import UNKNOWN


def plugin_table(found: Sequence[Plugin]) -> Table:
    """One row an entry point; what is wrong with it stands in its last column."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in ("kind", "name", "package", "adds"):
        table.add_column(head, overflow="fold")
    for one in found:
        package = UNKNOWN if one.package is None else f"{one.package} {one.version}"
        adds = Text(one_line(", ".join(one.adds)) if one.problem is None else one_line(one.problem, 300))
        adds.stylize("red" if one.problem else "")
        table.add_row(one.kind, Text(one_line(one.name), "bold"), Text(one_line(package)), adds)
    return table
