"""Plans as a table: what was asked, what would be sent, what was lost, and what it may cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....engine.planning.prepare import Prepared
from ....engine.planning.think_plan import OF_THE_MODEL
from ....engine.results.result import Forecast, totals
from ....engine.runs.plans import PlannedCall
from ....providers.untrusted import harmless
from ..grid import Column, FigureColumn, FigureTable, LineCells
from ..line import Line, line_of
from ..numbers import dollars, think_words
from ..sheet import Indented, Sheet
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


def plans_view(entries: Entries, width: int, judges: Sequence[JudgeCalls] = ()) -> Sheet:
    """One row for each profile and think value; on a narrow terminal the native fields get a line of their own."""
    wide, tiny = width >= NARROW, width < TINY
    rows: list[list[Line]] = []
    below: list[Line | FigureTable | Indented] = []
    previous = ""
    for entry in entries:
        prepared, forecast = entry.prepared, entry.forecast
        name = prepared.target.profile.name
        label = (harmless(name) if name != previous else "", "")
        model = harmless(prepared.target.profile.model) if name != previous else ""
        previous = name
        native = _sent(prepared, forecast, entry.same_request_as)
        fidelity = line_of(prepared.plan.fidelity, FIDELITY_STYLES.get(prepared.plan.fidelity, ""))
        asked = think_words(prepared.think) + (f" ×{entry.samples}" if entry.samples > 1 else "")
        cells = [Line(label, (f"\n{model}", "dim")) if model and wide else Line(label), line_of(asked), fidelity]
        cells += [native] if wide else []
        rows.append([*cells, *_money(amounts(forecast) if entry.samples else ("", "", ""), tiny)])
        if not wide:
            head = Line((f"{harmless(name)} @{think_words(prepared.think)}", "bold"), (f"  {model}".rstrip(), "dim"))
            below += [head, Indented(native)]
    forecasts = [entry.forecast for entry in entries]
    calls = [entry.forecast for entry in entries for _ in range(entry.samples)]
    total = totals([*calls, *(made for judge in judges for made in judge.forecasts)])
    for judge in judges:
        name = line_of(harmless(f"{judge.label}\n{judge.profile}"))
        times = line_of(f"up to ×{len(judge.forecasts)}")
        money = _money(total_amounts(totals(judge.forecasts)), tiny)
        rows.append([name, times, *[Line()] * (2 if wide else 1), *money])
    sections: frozenset[int] = frozenset()
    if total.calls > 1 or len(entries) > 1:
        sections = frozenset({len(rows) - 1})
        blank = [Line()] * (3 if wide else 2)
        rows.append([line_of("total", "bold"), *blank, *_money(total_amounts(total), tiny)])
    told = dict.fromkeys(
        harmless(notice.message) for entry in entries for notice in entry.prepared.plan.notices
        if notice.code in OF_THE_MODEL or notice.code == "project_changes"
    )  # fmt: skip
    lines = [*told, unknown_words(total), f"Cost in USD before the call: {method_words(forecasts)}." if entries else ""]
    parts: list[Line | FigureTable | Indented] = [_table(rows, wide=wide, tiny=tiny, sections=sections), Line()]
    if below:
        parts += [*below, Line()]
    parts += _continuity(entries)
    return Sheet([*parts, *(line_of(line, "dim") for line in lines if line), *_missing_keys(entries)])


def _table(rows: Sequence[Sequence[Line]], *, wide: bool, tiny: bool, sections: frozenset[int]) -> FigureTable:
    heads = ["profile", "asked", "fidelity", *(["sent"] if wide else []), *(["\n".join(HEADS)] if tiny else HEADS)]
    columns = [
        FigureColumn(
            Column(head, "left" if at < (4 if wide else 3) else "right", LineCells([row[at] for row in rows])),
            folds=tiny or head in ("profile", "sent"),
            cropped=True,
        )
        for at, head in enumerate(heads)
    ]
    return FigureTable(columns, is_ruled=True, sections=sections)


def _continuity(entries: Entries) -> list[Line | FigureTable | Indented]:
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
    parts: list[Line | FigureTable | Indented] = []
    for (words, *details), names in whom.items():
        parts.append(Line((", ".join(names), "bold"), (f": {words}", "")))
        parts += [Indented(line_of(line, "dim")) for line in details]
    return [*parts, Line()] if parts else []


def _sent(prepared: Prepared, forecast: Forecast, same_as: str | None) -> Line:
    decided = prepared.plan
    native = harmless(json.dumps(decided.native, ensure_ascii=False)) if decided.native else "nothing"
    pieces: list[tuple[str, str]] = [(native, "")]

    def add(words: str, style: str = "dim") -> None:
        pieces.append((f"\n{words}", style))

    if decided.note:
        add(harmless(decided.note))
    if (shape := prepared.shape) is not None:
        where = shape.shape.by or ", ".join(shape.owns[:1]) or "words"
        add(f"{shape.shape.word}: {shape.fidelity} ({harmless(where)})", "")
        for words in dict.fromkeys(notice.message for notice in shape.notices):
            add(harmless(words))
    for words in dict.fromkeys(notice.message for notice in decided.notices if notice.code.startswith("attachment_")):
        add(harmless(words))
    if prepared.server_tools:
        fees = "of unknown fee" if forecast.fees_usd is None else f"{dollars(forecast.fees_usd)} for one use of each"
        add(f"the provider's {', '.join(rule.name for rule in prepared.server_tools)}: {fees}", "")
        for notice in prepared.plan.notices:
            if notice.code == "server_tool":
                add(harmless(notice.message))
    if (tools := prepared.tools) is not None and tools.toolset.tools:
        names = ", ".join(tool.name for tool in tools.sent) or "none declared"
        add(f"tools: {harmless(names)} (choice {harmless(tools.choice.word)})", "")
        for notice in tools.notices:
            add(harmless(notice.message))
    add(sources(forecast) if same_as is None else f"same request as @{same_as}: asked once")
    return Line(*pieces)


def _money(shown: tuple[str, str, str], tiny: bool) -> list[Line]:
    return [line_of("\n".join(shown))] if tiny else list(map(line_of, shown))


def _missing_keys(entries: Entries) -> list[Line]:
    missing = {key for entry in entries if (key := entry.key_source) is not None and key.endswith("(not set)")}
    return [line_of(f"No key yet: {', '.join(sorted(missing))}", "dim")] if missing else []
