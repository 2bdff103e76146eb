"""Plans as a table: what was asked, what would be sent, what was lost, and what it may cost."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ...engine.forecast import Forecast
from ...engine.prepare import Prepared
from .numbers import dollars
from .untrusted import harmless

FIDELITY_STYLES = {"exact": "green", "mapped": "green", "default": "", "clamped": "yellow", "unsupported": "red"}
NARROW = 100


def plans_view(entries: Sequence[tuple[Prepared, Forecast, str | None]], width: int) -> RenderableType:
    """One row for each profile and think value; on a narrow terminal the native fields get a line of their own."""
    wide = width >= NARROW
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=False)
    table.add_column("profile", overflow="fold")
    table.add_column("asked", no_wrap=True)
    table.add_column("fidelity", no_wrap=True)
    if wide:
        table.add_column("sent", overflow="fold", ratio=1)
    table.add_column("cost", no_wrap=True, justify="right")
    below: list[Text] = []
    previous = ""
    for prepared, forecast, _ in entries:
        name = prepared.target.profile.name
        label = Text(harmless(name) if name != previous else "")
        if name != previous:
            label.append(f"\n{harmless(prepared.target.profile.model)}", style="dim")
        previous = name
        decided = prepared.plan
        native = Text(harmless(json.dumps(decided.native, ensure_ascii=False)) if decided.native else "nothing")
        if decided.note:
            native.append(f"\n{harmless(decided.note)}", style="dim")
        fidelity = Text(decided.fidelity, style=FIDELITY_STYLES.get(decided.fidelity, ""))
        cells: list[RenderableType] = [label, str(prepared.think), fidelity]
        cells += [native] if wide else []
        table.add_row(*cells, _range(forecast))
        if not wide:
            below.append(Text.assemble((f"{harmless(name)} @{prepared.think}  ", "bold"), native))
    footer = Text(f"Cost before the call, in USD: {entries[0][1].method}." if entries else "", style="dim")
    keys = _missing_keys(entries)
    parts: list[RenderableType] = [table, Text("")]
    if below:
        parts += [*below, Text("")]
    return Group(*parts, footer, *keys)


def _range(forecast: Forecast) -> str:
    if forecast.low_usd is None:
        return "–"
    return f"{dollars(forecast.low_usd)} … {dollars(forecast.high_usd)}"


def _missing_keys(entries: Sequence[tuple[Prepared, Forecast, str | None]]) -> list[Text]:
    missing = {key for _, _, key in entries if key is not None and key.endswith("(not set)")}
    return [Text(f"No key yet: {', '.join(sorted(missing))}", style="dim")] if missing else []
