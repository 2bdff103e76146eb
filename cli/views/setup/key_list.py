"""Where the keys come from, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ....engine.targets.key_inventory import KeyInventory, ProfileKeys, ProviderKeys
from ....engine.targets.keys import KeyPlace
from ....providers.untrusted import one_line


def key_table(inventory: KeyInventory) -> RenderableType:
    """One row for each provider and profile with a key of its own; below it the providers that have none."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("of", no_wrap=True, overflow="fold")
    table.add_column("key from", overflow="fold")
    table.add_column("used by", overflow="fold", style="dim")
    without: list[str] = []
    for row in inventory.providers:
        if not row.places:
            if row.variables:
                without.append(one_line(row.provider))
            continue
        table.add_row(Text(one_line(row.provider), "bold"), _places(row), _names(row.profiles))
    for row in inventory.profiles:
        told = _places(row)
        if row.keyring_is_for:
            told.append(f"\nkeyring: a key for {one_line(row.keyring_is_for)} only", "yellow")
        table.add_row(Text(one_line(f"profile {row.profile}"), "bold"), told, _names([row.profile]))
    parts: list[RenderableType] = [table] if table.row_count else [Text("no key is set")]
    if without:
        parts += [Text(""), Text(f"no key: {', '.join(without)}", "dim")]
    return Group(*parts)


def _places(row: ProviderKeys | ProfileKeys) -> Text:
    """The place that is used, then those behind it."""
    listed = [_place(place) for place in row.places]
    if not listed:
        missing = " or ".join(row.variables)
        return Text(one_line(f"{missing} (not set)") if missing else "–", "yellow")
    told = Text(listed[0])
    if listed[1:]:
        told.append(f", not used: {', '.join(listed[1:])}", "dim")
    return told


def _place(place: KeyPlace) -> str:
    match place.kind:
        case "command":
            return f"command {one_line(place.name)}"
        case "variable":
            return one_line(place.name)
        case "keyring":
            return "keyring"


def _names(names: Sequence[str]) -> Text:
    return Text(", ".join(map(one_line, names)) or "–")
