"""Thinking more only when a check fails: which level comes next, what all of it cost, and what it should save. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from ...providers.errors import UsageError
from ...providers.think import Think
from ..results.charge import beside_usd, cost_is_unknown
from ..results.checked import Escalation, EscalationEnd, EscalationStep, TopSource
from ..results.result import Result

LEAST_JUDGED = 10
"""Checked answers of a level, before its failures say anything."""

LEAST_PRICED = 5
"""Answers of a level whose cost is known, before their median says anything."""


class LevelRecord(Struct, frozen=True):
    """What the history has of one level: how many answers were judged, how many failed, and what each cost."""

    judged: int = 0
    failed: int = 0
    costs: tuple[Decimal, ...] = ()

    @property
    def median_usd(self) -> Decimal | None:
        """What an answer costs; None where too few are known."""
        if len(self.costs) < LEAST_PRICED:
            return None
        ordered, middle = sorted(self.costs), len(self.costs) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class Expectation(Struct, frozen=True):
    """What going up step by step should save against the top at once; None where the history knows too little."""

    saving_usd: Decimal | None = None
    top_usd: Decimal | None = None
    judged: int = 0


NOTHING_EXPECTED = Expectation()


def checked_levels(levels: Sequence[Think], name: str = "--escalate") -> tuple[Think, ...]:
    """The levels from the first to the last. Raises `UsageError` for fewer than two, and for one that comes again.

    `name` is what has them.
    """
    if len(levels) < 2 or len(set(levels)) < len(levels):
        raise UsageError(
            f"{name} takes two or more different think values, from little to much", hint="for instance low,high"
        )
    return tuple(levels)


def ended_by(result: Result, *, at_top: bool) -> EscalationEnd | None:
    """Why nothing follows on `result`; None where the next level is asked: only an answer that fails its check."""
    if result.status == "cancelled":
        return "interrupted"
    if result.status != "ok":
        return "budget" if result.error is not None and result.error.kind == "budget" else "failed"
    if result.passed is False:
        return "top" if at_top else None
    return "passed" if result.passed else "not_judged"


def following_level(ladder: Sequence[Think], think: Think, result: Result) -> Think | None:
    """The level after `think`, where `result` failed its check and there is one."""
    place = ladder.index(think)
    at_top = place == len(ladder) - 1
    return None if at_top or ended_by(result, at_top=False) is not None else ladder[place + 1]


def climbed(ladder: Sequence[Think], lower: Sequence[Result], result: Result, *, stopped: bool) -> Result:
    """`result` with all attempts, if it had several to make. `stopped`: the next one was not to be made."""
    if not ladder:
        return result
    at_top = result.think.requested == str(ladder[-1])
    ended = ended_by(result, at_top=at_top) or ("budget" if stopped else "failed")
    return replace(result, escalation=escalation_of(ladder, [*lower, result], ended))


def expected_saving(records: Sequence[LevelRecord]) -> Expectation:
    """What the records, from the lowest level to the top, make of it.

    Of two levels that is (1 - p)(high - low) - p x low, with p the share of answers of the low one that failed. A level
    between is paid for where those below it failed.
    """
    top = records[-1].median_usd
    judged = min((record.judged for record in records[:-1]), default=0)
    costs = [record.median_usd for record in records]
    if top is None or judged < LEAST_JUDGED or None in costs:
        return Expectation(None, top, judged)
    reached, spent = Decimal(1), Decimal(0)
    for record, cost in zip(records, costs, strict=True):
        spent += reached * (cost or Decimal(0))
        if record is not records[-1]:
            reached *= Decimal(record.failed) / record.judged
    return Expectation(top - spent, top, judged)


def escalation_of(
    levels: Sequence[Think],
    attempts: Sequence[Result],
    ended: EscalationEnd,
    *,
    expected: Expectation = NOTHING_EXPECTED,
    forecasts: Mapping[str, Decimal | None] | None = None,
) -> Escalation:
    """All attempts with their bill. `forecasts` are what levels were likely to cost, for a top that was not reached."""
    steps = tuple(map(_step, attempts))
    top_usd, source = _top(str(levels[-1]), steps, expected, forecasts or {})
    bills = [_bill(step, result) for step, result in zip(steps, attempts, strict=True)]
    known = [bill for bill in bills if bill is not None]
    return Escalation(
        levels=tuple(map(str, levels)),
        attempts=steps,
        ended=ended,
        usd=sum(known, Decimal(0)) if len(known) == len(bills) else None,
        top_usd=top_usd,
        top_source=source,
        expected_saving_usd=expected.saving_usd,
        expected_from=expected.judged,
    )


def bill_of(result: Result) -> Decimal | None:
    """What a result and its judges have cost; None where some of it is not known."""
    return _bill(_step(result), result)


def _step(result: Result) -> EscalationStep:
    beside = beside_usd(result)
    known = [usd for usd in beside if usd is not None]
    return EscalationStep(
        think=result.think.requested,
        result=result.id,
        status=result.status,
        passed=result.passed,
        expect_note=result.expect_note,
        usd=result.cost.usd,
        checks_usd=sum(known, Decimal(0)) if known and len(known) == len(beside) else None,
        output_tokens=result.usage.output_tokens,
        reasoning_tokens=result.reasoning.tokens,
        total_s=result.latency.total_s,
    )


def _bill(step: EscalationStep, result: Result) -> Decimal | None:
    if step.usd is None or cost_is_unknown(result) or (beside_usd(result) and step.checks_usd is None):
        return None
    return step.usd + (step.checks_usd or Decimal(0))


def _top(
    top: str, steps: Sequence[EscalationStep], expected: Expectation, forecasts: Mapping[str, Decimal | None]
) -> tuple[Decimal | None, TopSource | None]:
    """What the top level costs at once, and how that is known."""
    for step in steps:
        if step.think == top and step.usd is not None:
            return step.usd + (step.checks_usd or Decimal(0)), "measured"
    if expected.top_usd is not None:
        return expected.top_usd, "history"
    forecast = forecasts.get(top)
    return forecast, None if forecast is None else "forecast"
