"""Plans as a table: what was asked, what would be sent, what was lost, and what it may cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ....engine.planning.prepare import Prepared
from ....engine.planning.think_plan import OF_THE_MODEL
from ....engine.results.result import Forecast, totals
from ....engine.runs.plans import PlannedCall
from ....providers.untrusted import harmless
from ..numbers import dollars, think_words
from .continuity import continuity_words, fate_lines
from .forecast_cells import HEADS, amounts, method_words, sources, total_amounts, unknown_words

if TYPE_CHECKING:
    from ....engine.runs.checks.judge_calls import JudgeCalls

FIDELITY_STYLES = {
    "exact": "green",
    "mapped": "green",
    "default": "",
    "assumed": "yellow",
    "clamped": "yellow",
    "unsupported": "red",
}
NARROW = 100
TINY = 68

Entries = Sequence[PlannedCall]


def plans_view(entries: Entries, width: int, judges: Sequence[JudgeCalls] = ()) -> RenderableType:
    """One row for each profile and think value; on a narrow terminal the native fields get a line of their own."""
    wide, tiny = width >= NARROW, width < TINY
    table = Table(
        box=box.SIMPLE_HEAD, header_style="dim", border_style="dim", padding=(0, 1, 0, 0), pad_edge=False,
        show_edge=False,
    )  # fmt: skip
    table.add_column("profile", overflow="fold")
    table.add_column("asked", overflow="fold", no_wrap=not tiny)
    table.add_column("fidelity", overflow="fold", no_wrap=not tiny)
    if wide:
        table.add_column("sent", overflow="fold", ratio=1)
    for head in ("\n".join(HEADS),) if tiny else HEADS:
        table.add_column(head, overflow="fold", no_wrap=not tiny, justify="right")
    below: list[RenderableType] = []
    previous = ""
    for entry in entries:
        prepared, forecast = entry.prepared, entry.forecast
        name = prepared.target.profile.name
        label = Text(harmless(name) if name != previous else "")
        model = harmless(prepared.target.profile.model) if name != previous else ""
        if model and wide:
            label.append(f"\n{model}", style="dim")
        previous = name
        native = _sent(prepared, forecast, entry.same_request_as)
        fidelity = Text(prepared.plan.fidelity, style=FIDELITY_STYLES.get(prepared.plan.fidelity, ""))
        asked = think_words(prepared.think) + (f" ×{entry.samples}" if entry.samples > 1 else "")
        cells: list[RenderableType] = [label, asked, fidelity]
        cells += [native] if wide else []
        table.add_row(*cells, *_money(amounts(forecast) if entry.samples else ("", "", ""), tiny))
        if not wide:
            below += [
                Text.assemble(
                    (f"{harmless(name)} @{think_words(prepared.think)}", "bold"), (f"  {model}".rstrip(), "dim")
                ),
                Padding(native, (0, 0, 0, 2), expand=False),
            ]
    forecasts = [entry.forecast for entry in entries]
    calls = [entry.forecast for entry in entries for _ in range(entry.samples)]
    total = totals([*calls, *(made for judge in judges for made in judge.forecasts)])
    for judge in judges:
        name = Text(harmless(f"{judge.label}\n{judge.profile}"))
        blank = [Text("")] * (2 if wide else 1)
        money = _money(total_amounts(totals(judge.forecasts)), tiny)
        table.add_row(name, f"up to ×{len(judge.forecasts)}", *blank, *money)
    if total.calls > 1 or len(entries) > 1:
        table.add_section()
        blank = [Text("")] * (3 if wide else 2)
        table.add_row(Text("total", "bold"), *blank, *_money(total_amounts(total), tiny))
    told = dict.fromkeys(
        harmless(notice.message) for entry in entries for notice in entry.prepared.plan.notices
        if notice.code in OF_THE_MODEL or notice.code == "project_changes"
    )  # fmt: skip
    lines = [*told, unknown_words(total), f"Cost in USD before the call: {method_words(forecasts)}." if entries else ""]
    parts: list[RenderableType] = [table, Text("")]
    if below:
        parts += [*below, Text("")]
    parts += _continuity(entries)
    return Group(*parts, *(Text(line, "dim") for line in lines if line), *_missing_keys(entries))


def _continuity(entries: Entries) -> list[RenderableType]:
    """What becomes of earlier turns: once for all profiles and think values that they go along to in the same way."""
    whom: dict[tuple[str, ...], dict[str, None]] = {}
    for entry in entries:
        prepared = entry.prepared
        past = prepared.asked.prompt.past
        if past is not None and past.turns:
            fates = prepared.continuity.fates
            lines = (continuity_words(len(past.turns), fates), *fate_lines(fates))
            name = f"{harmless(prepared.target.profile.name)} @{think_words(prepared.think)}"
            whom.setdefault(lines, {})[name] = None
    parts: list[RenderableType] = []
    for (words, *details), names in whom.items():
        parts.append(Text.assemble((", ".join(names), "bold"), f": {words}"))
        parts += [Padding(Text(line, "dim"), (0, 0, 0, 2), expand=False) for line in details]
    return [*parts, Text("")] if parts else []


def _sent(prepared: Prepared, forecast: Forecast, same_as: str | None) -> Text:
    decided = prepared.plan
    native = Text(harmless(json.dumps(decided.native, ensure_ascii=False)) if decided.native else "nothing")
    if decided.note:
        native.append(f"\n{harmless(decided.note)}", style="dim")
    if (shape := prepared.shape) is not None:
        where = shape.shape.by or ", ".join(shape.owns[:1]) or "words"
        native.append(f"\n{shape.shape.word}: {shape.fidelity} ({harmless(where)})")
        told = dict.fromkeys(notice.message for notice in shape.notices)
        native.append("".join(f"\n{harmless(words)}" for words in told), style="dim")
    told = dict.fromkeys(notice.message for notice in decided.notices if notice.code.startswith("attachment_"))
    native.append("".join(f"\n{harmless(words)}" for words in told), style="dim")
    if prepared.server_tools:
        fees = "of unknown fee" if forecast.fees_usd is None else f"{dollars(forecast.fees_usd)} for one use of each"
        native.append(f"\nthe provider's {', '.join(rule.name for rule in prepared.server_tools)}: {fees}")
        told = (notice.message for notice in prepared.plan.notices if notice.code == "server_tool")
        native.append("".join(f"\n{harmless(words)}" for words in told), style="dim")
    if (tools := prepared.tools) is not None and tools.toolset.tools:
        names = ", ".join(tool.name for tool in tools.sent) or "none declared"
        native.append(f"\ntools: {harmless(names)} (choice {harmless(tools.choice.word)})")
        native.append("".join(f"\n{harmless(notice.message)}" for notice in tools.notices), style="dim")
    if same_as is not None:
        return native.append(f"\nsame request as @{same_as}: asked once", style="dim")
    return native.append(f"\n{sources(forecast)}", style="dim")


def _money(shown: tuple[str, str, str], tiny: bool) -> list[str]:
    return ["\n".join(shown)] if tiny else list(shown)


def _missing_keys(entries: Entries) -> list[Text]:
    missing = {key for entry in entries if (key := entry.key_source) is not None and key.endswith("(not set)")}
    return [Text(f"No key yet: {', '.join(sorted(missing))}", style="dim")] if missing else []
