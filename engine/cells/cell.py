"""A profile with one think value, and what all its samples say together. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from ..checks.agreement import Agreement, agreement_of, normalized
from ..results.receipt import is_whole
from ..results.result import Result
from .levels import DosedSample, LevelStep, steps_by_upper
from .measure import Measure, measure_of
from .stars import COMPETING, shown_best

AgreementBy = Literal["text", "check"]


class Cell(Struct, frozen=True):
    """What the samples of one profile and think value say.

    `samples` were wanted, of which `unasked` were not sent: a budget had ended, say. It is 0 where `same_request_as`
    names the think value whose request, of the same bytes, was made instead: then all numbers are those. Measures are
    of the `whole` answers, which were neither cut, refused nor empty. `passed` of the `judged` were as expected.
    `agreement` is how far the answers say the same: by their checks where each was judged, else by their text. `best`
    names the measures in which it is shown to be the best. `step` is how its reasoning stands to that of the next lower
    think value of the profile; None for the lowest.
    """

    profile: str
    model: str
    think: str
    samples: int
    unasked: int
    whole: int
    reasoning_tokens: Measure
    output_tokens: Measure
    time_to_answer_s: Measure
    total_s: Measure
    usd: Measure
    judged: int
    passed: int
    agreement: Agreement | None
    agreement_by: AgreementBy | None
    statuses: Mapping[str, int] = field(default_factory=dict[str, int])
    verdicts: Mapping[str, int] = field(default_factory=dict[str, int])
    best: tuple[str, ...] = ()
    same_request_as: str | None = None
    step: LevelStep | None = None


def cells_of(results: Iterable[Result]) -> tuple[Cell, ...]:
    """The cells in the order in which the results begin them, each followed by those that its request stands for."""
    grouped: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        grouped.setdefault((result.profile, result.think.requested), []).append(result)
    groups = list(grouped.values())
    best = shown_best([[whole for whole in samples if is_whole(whole)] for samples in groups])
    cells: list[Cell] = []
    for place, samples in enumerate(groups):
        cell = cell_of(samples, tuple(name for name in COMPETING if best.get(name) == place))
        cells.append(cell)
        twins = dict.fromkeys(twin.requested for result in samples for twin in result.same_request)
        cells += [
            replace(cell, think=twin, samples=0, unasked=0, best=(), same_request_as=cell.think)
            for twin in twins
            if (cell.profile, twin) not in grouped
        ]
    steps = steps_by_upper(_dosed(groups))
    return tuple(
        cell if cell.same_request_as else replace(cell, step=steps.get((cell.profile, cell.think))) for cell in cells
    )


def _dosed(groups: Iterable[Sequence[Result]]) -> Iterator[DosedSample]:
    """The whole answers whose reasoning the provider has counted; all are to one prompt."""
    for result in chain.from_iterable(groups):
        if is_whole(result) and result.reasoning.tokens is not None and result.reasoning.tokens_source != "estimated":
            yield DosedSample(result.profile, result.think.requested, "", result.reasoning.tokens)


def cell_of(samples: Sequence[Result], best: tuple[str, ...] = ()) -> Cell:
    """The cell of these samples, at least one, which are all of the same profile and think value."""
    first, whole = samples[0], [result for result in samples if is_whole(result)]
    judged = [result for result in whole if result.passed is not None]
    agreement, by = _agreement(whole, judged)
    return Cell(
        profile=first.profile,
        model=first.model,
        think=first.think.requested,
        samples=len(samples),
        unasked=sum(not result.attempts for result in samples),
        whole=len(whole),
        reasoning_tokens=measure_of(
            (result.reasoning.tokens for result in whole),
            estimated=sum(result.reasoning.tokens_source == "estimated" for result in whole),
        ),
        output_tokens=measure_of(result.usage.output_tokens for result in whole),
        time_to_answer_s=measure_of(result.latency.first_answer_s for result in whole),
        total_s=measure_of(result.latency.total_s for result in whole),
        usd=measure_of(result.cost.usd for result in whole),
        judged=len(judged),
        passed=sum(bool(result.passed) for result in judged),
        agreement=agreement,
        agreement_by=by,
        statuses=dict(Counter(result.status for result in samples)),
        verdicts=dict(Counter(result.think.verdict for result in samples if result.status in ("ok", "partial"))),
        best=best,
    )


def typical_of(results: Iterable[Result]) -> list[Result]:
    """Of each cell the sample to be read first: the first that says what most of the whole answers say."""
    grouped: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        grouped.setdefault((result.profile, result.think.requested), []).append(result)
    found: list[Result] = []
    for samples in grouped.values():
        whole = [result for result in samples if is_whole(result)]
        agreement = agreement_of(result.answer for result in whole)
        typical = (result for result in whole if agreement is None or normalized(result.answer) == agreement.said)
        found.append(next(typical, samples[0]))
    return found


def is_repeated(cells: Iterable[Cell]) -> bool:
    """Whether anything was asked more than once."""
    return any(cell.samples > 1 for cell in cells)


def _agreement(whole: Sequence[Result], judged: Sequence[Result]) -> tuple[Agreement | None, AgreementBy | None]:
    if len(whole) < 2:
        return None, None
    if len(judged) < len(whole):
        return agreement_of(result.answer for result in whole), "text"
    passed = sum(bool(result.passed) for result in judged)
    failed = len(judged) - passed
    return Agreement(
        len(judged), max(passed, failed) / len(judged), "passed" if passed >= failed else "failed"
    ), "check"
