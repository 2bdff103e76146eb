"""A cell in words: each measure as its median, its interval and its range, and what the samples have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, cast

from msgspec import Struct

from ....engine.cells.cell import Cell
from ....engine.cells.measure import Amount, Measure
from ....providers.untrusted import one_line
from ..numbers import ALIKE, BEST, LONGEST_NAME, UNKNOWN, dollars, seconds, tokens

_VERDICTS: Mapping[str, str] = {"as_asked": "as asked", "unknown": "verdict unknown"}


class MeasureWords(NamedTuple):
    """`1,240`, `980–1,510` and `900–1,600`; empty where there is no interval, and a range that is the interval."""

    median: str
    interval: str
    range: str


class CellRow(Struct, frozen=True):
    """One cell as text. `again`: same profile as the row above; `best` names measures that are shown to be the best."""

    profile: str
    model: str
    think: str
    samples: str
    agreement: str
    verdicts: str
    reasoning: MeasureWords
    output: MeasureWords
    first_answer: MeasureWords
    total: MeasureWords
    cost: MeasureWords
    best: frozenset[str]
    again: bool
    same_as: str

    @property
    def label(self) -> str:
        return f"{self.profile}@{self.think}"


def cell_rows(cells: Sequence[Cell]) -> list[CellRow]:
    """The rows in the order of the cells."""
    return [
        CellRow(
            profile=one_line(cell.profile, LONGEST_NAME),
            model=one_line(cell.model, 60),
            think=one_line(cell.think, 20) + (f" {ALIKE}" if _is_alike(cell) else ""),
            samples=samples_words(cell),
            agreement=agreement_words(cell),
            verdicts=verdicts_words(cell),
            reasoning=measure_words(cell.reasoning_tokens, _tokens, cell.whole),
            output=measure_words(cell.output_tokens, _tokens, cell.whole),
            first_answer=measure_words(cell.time_to_answer_s, _seconds, cell.whole),
            total=measure_words(cell.total_s, _seconds, cell.whole),
            cost=measure_words(cell.usd, _dollars, cell.whole),
            best=frozenset(cell.best),
            again=at > 0 and cells[at - 1].profile == cell.profile,
            same_as="" if cell.same_request_as is None else f"same request as @{one_line(cell.same_request_as, 20)}",
        )
        for at, cell in enumerate(cells)
    ]


def measure_words(measure: Measure, show: Callable[[Amount], str], whole: int) -> MeasureWords:
    """A measure of `whole` answers; where some of them say nothing, the range says of how many it is."""
    if measure.median is None or measure.least is None or measure.most is None:
        return MeasureWords(UNKNOWN, "", f"{measure.unknown} unknown" if measure.unknown else "")
    median = f"{'~' if measure.estimated else ''}{show(measure.median)}"
    interval = ""
    if measure.low is not None and measure.high is not None:
        interval = span(show(measure.low), show(measure.high))
    spread = span(show(measure.least), show(measure.most)) if measure.n > 1 else ""
    if spread == show(measure.median):
        interval, spread = "all alike", ""
    elif spread == interval:
        spread = ""
    if measure.n < whole:
        spread = f"{spread} of {measure.n}".strip()
    return MeasureWords(median, interval, spread)


def span(low: str, high: str) -> str:
    """`3.02–4.10 s`, `$0.0071–0.0123`: both ends, with the unit once; one of them where they read the same."""
    if low == high:
        return low
    for unit in (" s", " %"):
        if low.endswith(unit) and high.endswith(unit):
            low = low.removesuffix(unit)
    if low.startswith("$"):
        high = high.removeprefix("$")
    return f"{low}–{high}"


def samples_words(cell: Cell) -> str:
    """`n 5`, or `n 4 of 5` where not all answers were whole."""
    return f"n {cell.samples}" if cell.whole == cell.samples else f"n {cell.whole} of {cell.samples}"


def agreement_words(cell: Cell) -> str:
    """`5 of 5 agree`, `all 5 differ`, and `4 of 5 passed` where the answers were checked."""
    parts = [f"{cell.passed} of {cell.judged} passed"] if cell.judged else []
    found = cell.agreement
    if found is not None and cell.agreement_by == "text":
        most = round(found.share * found.answers)
        parts.append(f"{most} of {found.answers} agree" if most > 1 else f"all {found.answers} differ")
    return ", ".join(parts)


def verdicts_words(cell: Cell) -> str:
    """`5 as asked`, `4 as asked, 1 starved`, `3 as asked, 2 failed`, `1 as asked, 4 not asked`."""
    failed = sum(count for status, count in cell.statuses.items() if status not in ("ok", "partial")) - cell.unasked
    parts = [
        f"{count} {_VERDICTS.get(name, one_line(name.replace('_', ' '), 20))}" for name, count in cell.verdicts.items()
    ]
    parts += [f"{failed} failed"] if failed else []
    return ", ".join([*parts, *([f"{cell.unasked} not asked"] if cell.unasked else [])])


def legend(cells: Sequence[Cell], needed: int) -> list[str]:
    """What the lines of a measure are, and what a star or its absence means.

    `needed` is how many samples could show anything at all of so many cells.
    """
    asked = [cell for cell in cells if cell.samples]
    levels = {measure.level for cell in asked for measure in _measures(cell) if measure.level is not None}
    covers = span(*(f"{100 * level:.0f} %" for level in (min(levels), max(levels)))) if levels else ""
    lines = [f"median; below it where the true median lies ({covers} sure, bootstrap), and the range where it is wider"]
    test = f"rank tests against all others, Holm-corrected for {len(asked)} cells, 5 % false alarms"
    whole = max((cell.whole for cell in asked), default=0)
    samples = f"{whole} sample{'s' if whole != 1 else ''}"
    if any(cell.best for cell in asked):
        lines.append(f"{BEST} shown to be the best: {test}")
    elif len(asked) > 1 and whole < needed:
        lines.append(f"no {BEST}: {samples} of {len(asked)} cells cannot show a best one; --repeat {needed} can")
    elif len(asked) > 1:
        lines.append(f"no {BEST}: no cell is shown to be better than all others ({test})")
    lines = lines if levels else lines[1:]
    return [
        *lines,
        *(
            f"{ALIKE} {one_line(cell.profile, LONGEST_NAME)}: {cell.step.words}"
            for cell in cells
            if _is_alike(cell) and cell.step
        ),
    ]


def _is_alike(cell: Cell) -> bool:
    """Whether its reasoning is not shown to be more than that of the next lower think value."""
    return cell.step is not None and cell.step.judgement == "not_shown"


def _measures(cell: Cell) -> tuple[Measure, ...]:
    return cell.reasoning_tokens, cell.output_tokens, cell.time_to_answer_s, cell.total_s, cell.usd


def _tokens(amount: Amount) -> str:
    return tokens(round(amount))


def _seconds(amount: Amount) -> str:
    return seconds(float(amount))


def _dollars(amount: Amount) -> str:
    return dollars(cast("Decimal", amount))
