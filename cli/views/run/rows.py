"""The cells of the comparison: every number of a result as text, and which of them are the best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ....engine.results.result import Result
from ....providers.untrusted import one_line
from ..checks.outcome import check_words
from ..numbers import dollars, rate, seconds, share, tokens
from .dial import asked, asked_to_sent, measured
from .phrases import verdict_words


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result in cells. `best` names the cells that beat their column; `again`: same profile as the row above."""

    profile: str
    model: str
    think: str
    measured: str
    reasoning_share: str
    output: str
    first_answer: str
    total: str
    rate: str
    cost: str
    mark: str
    verdict: str
    style: str
    check: tuple[str, str]
    best: frozenset[str]
    again: bool


def rows(results: Sequence[Result]) -> list[ResultRow]:
    """Return the rows in the order of the results."""
    cells = {name: [show(result) for result in results] for name, (_, show, _) in _COMPETING.items()}
    best = {name: _best(results, cells[name], value, most) for name, (value, _, most) in _COMPETING.items()}
    made: list[ResultRow] = []
    for index, result in enumerate(results):
        mark, verdict, style = verdict_words(result)
        made.append(
            ResultRow(
                profile=one_line(result.profile, 40),
                model=one_line(result.model, 60),
                think=asked_to_sent(result),
                measured=measured(result),
                reasoning_share=share(result.reasoning.tokens, result.usage.output_tokens),
                output=tokens(result.usage.output_tokens),
                first_answer=cells["first_answer"][index],
                total=cells["total"][index],
                rate=cells["rate"][index],
                cost=cells["cost"][index],
                mark=mark,
                verdict=verdict,
                style=style,
                check=check_words(result),
                best=frozenset(name for name, winners in best.items() if index in winners),
                again=index > 0 and results[index - 1].profile == result.profile,
            )
        )
    return made


def is_comparable(result: Result) -> bool:
    """Whether the numbers of a result may compete: a whole answer, neither refused, filtered, cut nor empty."""
    return (
        result.status == "ok"
        and bool(result.answer.strip())
        and result.think.verdict not in ("starved", "empty")
        and result.finish in ("stop", "unknown", "tool_call")
    )


def labels(results: Sequence[Result]) -> list[str]:
    """How to call each result: by its profile, and by its think value too where a profile occurs more than once."""
    count = Counter(result.profile for result in results)
    return [
        one_line(result.profile, 40) + (f"@{asked(result.think)}" if count[result.profile] > 1 else "")
        for result in results
    ]


_Value = Callable[[Result], float | Decimal | None]
_COMPETING: dict[str, tuple[_Value, Callable[[Result], str], bool]] = {
    "first_answer": (lambda r: r.latency.first_answer_s, lambda r: seconds(r.latency.first_answer_s), False),
    "total": (lambda r: r.latency.total_s, lambda r: seconds(r.latency.total_s), False),
    "rate": (lambda r: r.latency.output_tokens_per_s, lambda r: rate(r.latency.output_tokens_per_s), True),
    "cost": (lambda r: r.cost.usd, lambda r: dollars(r.cost.usd), False),
}
"""Columns in which less is better, or (True) more. Token counts are not among them: less thought is no merit."""


def _best(results: Sequence[Result], shown: Sequence[str], value: _Value, most: bool) -> set[int]:
    """Indexes of the best known value, and of those that read the same; none when there is nothing to beat."""
    known = {index: v for index, r in enumerate(results) if is_comparable(r) and (v := value(r)) is not None}
    if len(known) < 2:
        return set()
    winner = (max if most else min)(known, key=lambda index: known[index])
    winners = {index for index in known if shown[index] == shown[winner]}
    return winners if len(winners) < len(known) else set()
