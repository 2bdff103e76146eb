"""The rows of the browser: cells of text, by what they are sorted, and which of them a filter leaves. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec import Struct

from ....engine.results.result import Result
from ....profiles.profile import Reference
from ..run.dial import labels
from ..run.rows import rows

SortValue = int | float | Decimal | str | None

_SORTED_BY: dict[str, Callable[[Result], SortValue]] = {
    "profile": lambda result: result.profile.lower(),
    "model": lambda result: result.model.lower(),
    "reasoning": lambda result: result.reasoning.tokens,
    "output": lambda result: result.usage.output_tokens,
    "first answer": lambda result: result.latency.first_answer_s,
    "total": lambda result: result.latency.total_s,
    "tokens/s": lambda result: result.latency.output_tokens_per_s,
    "cost": lambda result: result.cost.usd,
    "verdict": lambda result: result.think.verdict,
}

COLUMNS = ("profile", "asked → sent", *(name for name in _SORTED_BY if name not in ("profile", "model")), "model")


class ResultLine(Struct, frozen=True):
    """One result in the table: its place in the run, its label, and a cell for each column."""

    place: int
    label: str
    cells: tuple[str, ...]
    result: Result


def result_lines(results: Sequence[Result]) -> list[ResultLine]:
    """The lines in the order of the run."""
    return [
        ResultLine(
            place, label,
            (row.profile, row.think, row.measured, row.output, row.first_answer, row.total, row.rate, row.cost,
             f"{row.mark} {row.verdict}", row.model),
            result,
        )
        for place, (result, label, row) in enumerate(zip(results, labels(results), rows(results), strict=True))
    ]  # fmt: skip


def in_order(
    lines: Sequence[ResultLine], column: str | None, reference: Reference, *, falling: bool = False
) -> list[ResultLine]:
    """The lines by a column; what is unknown stays last, whichever way. Without a column they are as in the run."""
    if column is None:
        return sorted(lines, key=lambda line: line.place)
    by = _SORTED_BY.get(column, lambda result: reference.position(result.think.requested))
    known = [line for line in lines if by(line.result) is not None]
    unknown = [line for line in lines if by(line.result) is None]
    known.sort(key=lambda line: by(line.result), reverse=falling)  # type: ignore[arg-type, return-value]
    return known + unknown


def matching(lines: Sequence[ResultLine], words: str) -> list[ResultLine]:
    """The lines in whose cells, reasoning or answer every one of these words occurs."""
    wanted = words.lower().split()

    def has(line: ResultLine, word: str) -> bool:
        texts = (*line.cells, line.result.answer, line.result.reasoning.text or "")
        return any(word in text.lower() for text in texts)

    return [line for line in lines if all(has(line, word) for word in wanted)]
