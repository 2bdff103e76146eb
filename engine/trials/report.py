"""What a trial came to: arms in figures, the choice, what cannot be told apart, what more rows would add. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from statistics import median

from msgspec import Struct

from .arms import Arm, ArmRecord, Records, only_in_first
from .evidence import is_above, is_below, least_rows, mean_margin, rate_bounds
from .standings import ArmState, Rules, Standings, is_better, is_dearer, standings_of

MORE_ROWS = 100
_MOST_ROWS = 1_000_000
"""Rows beyond which nobody asks."""


class TrialOutcome(StrEnum):
    """What is shown.

    `found`: the choice is shown to pass (without a target: not shown to be worse than the best), and each other arm
    not to be cheaper. `cannot_tell`: more than one arm may be the cheapest that passes. `none_passes`: each arm is
    shown to miss the target, or no answer at all has passed. `no_answers`: there is nothing to go by.
    """

    FOUND = "found"
    CANNOT_TELL = "cannot_tell"
    NONE_PASSES = "none_passes"
    NO_ANSWERS = "no_answers"


class TrialEnd(StrEnum):
    """Why no more calls were made. `rows`: those that are left would most likely decide nothing."""

    DECIDED = "decided"
    ROWS = "rows"
    BUDGET = "budget"
    INTERRUPTED = "interrupted"
    OUTPUT_FAILED = "output_failed"
    NO_CALLS = "no_calls"


class ArmReport(Struct, frozen=True):
    """One arm in figures. None is unknown.

    `asked` rows were put to it, `judged` of them have an answer that passes or not, `passed` pass. The lower bounds of
    all pass rates are wrong with a chance of at most 1 - confidence at all looks together, and so are the upper ones;
    about so are those of the mean costs. `usd_per_passed` counts what failed calls cost. `next_low` and `next_high` are
    the bounds that the next 100 rows would lead to at the same rate. `rows_to_decide` is how many rows it would take in
    all to show on which side of the target the arm is; None where no number is likely to. `is_on_frontier`: no other
    arm has as high a rate for as little. `behind_best` is by how much its rate may yet be below that of the arm that
    passes most often, on the rows that both answered. `trouble` is why it could not be asked on.
    """

    arm: Arm
    state: ArmState
    asked: int
    judged: int
    passed: int
    unanswered: int
    unjudged: int
    pass_rate: float | None
    pass_low: float | None
    pass_high: float | None
    usd_mean: Decimal | None
    usd_mean_low: Decimal | None
    usd_mean_high: Decimal | None
    usd_per_passed: Decimal | None
    reasoning_tokens_median: float | None
    total_median_s: float | None
    is_on_frontier: bool
    is_left: bool
    next_low: float | None
    next_high: float | None
    rows_to_decide: int | None
    behind_best: float | None = None
    worse_than: str | None = None
    dearer_than: str | None = None
    trouble: str | None = None

    @property
    def name(self) -> str:
        return self.arm.name

    @property
    def usd_per_1000(self) -> Decimal | None:
        """What a thousand answers cost, in USD."""
        return None if self.usd_mean is None else 1000 * self.usd_mean


class TrialReport(Struct, frozen=True):
    """A trial at its end, or at any moment of it.

    `chosen` is the cheapest arm of those that pass, by what is known; whether it is shown to be is the `outcome`.
    `left` are the arms that may be the cheapest that passes. `groups` are arms of which neither the pass rates nor the
    costs are shown to differ. `calls` counts all samples, `earlier` those that were there before. `least_rows` is how
    many rows it takes at least to show that an arm passes. `usd` is the sum of the known costs of this run,
    `usd_unknown` counts the results that are not in it; `checks_usd` is what judges have cost beside that.
    `gate_failures` say which gates the choice does not pass.
    """

    outcome: TrialOutcome
    end: TrialEnd
    rules: Rules
    seed: int
    arms: tuple[ArmReport, ...]
    chosen: str | None
    left: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    least_rows: int | None
    earlier: int = 0
    usd: Decimal | None = None
    usd_unknown: int = 0
    checks_usd: Decimal | None = None
    checks_usd_unknown: int = 0
    gate_failures: tuple[str, ...] = ()

    @property
    def calls(self) -> int:
        return sum(arm.asked for arm in self.arms)

    @property
    def whole_grid(self) -> int:
        """The calls of all arms with all rows."""
        return self.rules.rows * len(self.arms)

    @property
    def choice(self) -> ArmReport | None:
        return next((arm for arm in self.arms if arm.name == self.chosen), None)


def report_of(
    records: Records, rules: Rules, end: TrialEnd, *, seed: int = 0, found: Standings | None = None
) -> TrialReport:
    """What the samples come to. Arms are ordered from cheap to dear, those of unknown cost last."""
    found = standings_of(records, rules) if found is None else found
    frontier = _frontier(records)
    best = max(records.values(), key=lambda record: (record.rate or 0.0, record.n))
    arms = [_arm_report(record, best, rules, found, len(records), name in frontier) for name, record in records.items()]
    arms.sort(key=lambda arm: (arm.usd_mean is None, arm.usd_mean or 0))
    left = tuple(arm.name for arm in arms if arm.is_left)
    outcome = _outcome(records, found, left, end)
    if outcome in (TrialOutcome.FOUND, TrialOutcome.NONE_PASSES) and end is not TrialEnd.NO_CALLS:
        end = TrialEnd.DECIDED
    return TrialReport(
        outcome=outcome,
        end=end,
        rules=rules,
        seed=seed,
        arms=tuple(arms),
        chosen=found.leader,
        left=left,
        groups=_groups([arm.name for arm in arms], records, rules, found),
        least_rows=None if rules.target is None else least_rows(rules.target, rules.target_alpha(len(records))),
    )


def _outcome(records: Records, found: Standings, left: Sequence[str], end: TrialEnd) -> TrialOutcome:
    if not any(record.n for record in records.values()):
        has_begun = any(record.samples or record.trouble for record in records.values())
        return TrialOutcome.NO_ANSWERS if has_begun else TrialOutcome.CANNOT_TELL
    if not any(record.passed for record in records.values()) and end in (TrialEnd.ROWS, TrialEnd.NO_CALLS):
        return TrialOutcome.NONE_PASSES
    if found.leader is not None and list(left) == [found.leader]:
        return TrialOutcome.FOUND
    return TrialOutcome.CANNOT_TELL if left else TrialOutcome.NONE_PASSES


def _arm_report(
    record: ArmRecord, best: ArmRecord, rules: Rules, found: Standings, arms: int, on_frontier: bool
) -> ArmReport:
    name, alpha = record.arm.name, rules.target_alpha(arms)
    low = high = next_low = next_high = None
    if record.n:
        low, high = rate_bounds(record.passed, record.n, alpha, is_last=rules.is_last(record))
        more = record.n + MORE_ROWS
        is_last = rules.is_last(record)  # then there would be 100 more rows, all of them asked
        next_low, next_high = rate_bounds(round(record.passed * more / record.n), more, alpha, is_last=is_last)
    mean = record.mean_usd
    margin = None if mean is None else mean_margin(record.costs, alpha, is_last=rules.is_last(record))
    samples = record.samples.values()
    return ArmReport(
        arm=record.arm,
        state=found.states[name],
        asked=len(record.samples),
        judged=record.n,
        passed=record.passed,
        unanswered=record.unanswered,
        unjudged=record.unjudged,
        pass_rate=record.rate,
        pass_low=low,
        pass_high=high,
        usd_mean=_amount(mean),
        usd_mean_low=None if mean is None or margin is None else _amount(max(0.0, mean - margin)),
        usd_mean_high=None if mean is None or margin is None else _amount(mean + margin),
        usd_per_passed=_amount(record.spent_usd / record.passed) if mean is not None and record.passed else None,
        reasoning_tokens_median=_median([one.reasoning_tokens for one in samples]),
        total_median_s=_median([one.total_s for one in samples]),
        is_on_frontier=on_frontier,
        is_left=name in found.left,
        next_low=next_low,
        next_high=next_high,
        rows_to_decide=_rows_to_decide(record, rules, alpha) if found.states[name] is ArmState.OPEN else None,
        behind_best=_behind(record, best, rules, arms),
        worse_than=found.worse_than.get(name),
        dearer_than=found.dearer_than.get(name),
        trouble=record.trouble,
    )


def _behind(record: ArmRecord, best: ArmRecord, rules: Rules, arms: int) -> float | None:
    """By how much the arm may be behind the best: the bound of how often they differ, and of who is right then."""
    both = (record.judged_bits & best.judged_bits).bit_count()
    if record is best or not both:
        return None
    wins, apart = only_in_first(best, record)
    is_last, alpha = rules.is_last(record) and rules.is_last(best), rules.pair_alpha(arms) / 2
    often = rate_bounds(apart, both, alpha, is_last=is_last)[1]
    right = rate_bounds(wins, apart, alpha, is_last=is_last)[1] if apart else 1.0
    return max(0.0, often * (2 * right - 1))


def _rows_to_decide(record: ArmRecord, rules: Rules, alpha: float) -> int | None:
    """Rows that it would take in all, were the rate always as it is now."""
    if rules.target is None or record.rate is None or record.rate == rules.target:
        return None
    shows = is_above if record.rate > rules.target else is_below
    low, high = record.n, 2 * record.n
    while not shows(round(record.rate * high), high, rules.target, alpha, is_last=True):
        low, high = high, 2 * high
        if high > _MOST_ROWS:
            return None
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        enough = shows(round(record.rate * middle), middle, rules.target, alpha, is_last=True)
        low, high = (low, middle) if enough else (middle, high)
    return high


def _frontier(records: Records) -> set[str]:
    """The arms for which no other one has as high a rate for as little."""
    known = [
        (name, usd, record.rate)
        for name, record in records.items()
        if record.rate is not None and (usd := record.mean_usd) is not None
    ]
    return {
        name
        for name, usd, rate in known
        if not any(
            other_usd <= usd and other_rate >= rate and (other_usd, other_rate) != (usd, rate)
            for _, other_usd, other_rate in known
        )
    }


def _groups(
    names: Sequence[str], records: Mapping[str, ArmRecord], rules: Rules, found: Standings
) -> tuple[tuple[str, ...], ...]:
    """Arms in groups in which no two are shown to differ; an arm is in the first group that it fits into."""
    groups: list[list[str]] = []
    for name in names:
        if not records[name].n:
            continue
        for group in groups:
            if all(_are_alike(records[name], records[other], rules, found, len(records)) for other in group):
                group.append(name)
                break
        else:
            groups.append([name])
    return tuple(tuple(group) for group in groups if len(group) > 1)


def _are_alike(first: ArmRecord, second: ArmRecord, rules: Rules, found: Standings, arms: int) -> bool:
    states = {found.states[first.arm.name], found.states[second.arm.name]}
    if states == {ArmState.PASSES, ArmState.FAILS}:
        return False
    return not any(
        differs(one, other, rules, arms)
        for differs in (is_better, is_dearer)
        for one, other in ((first, second), (second, first))
    )


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _amount(usd: float | None) -> Decimal | None:
    return None if usd is None or not math.isfinite(usd) else Decimal(f"{usd:.12f}")
