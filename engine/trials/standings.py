"""What the samples of a trial show of each arm. Pure, and the same for the same samples.

With a target an arm passes once its rate is shown to be above it, and fails once it is shown to be below. Without one
an arm is worse once another one is shown to be better on the rows that both answered. Each kind of claim, of rates and
of costs, is wrong anywhere in the trial with a chance of at most 1 - `confidence` (`evidence`), divided evenly among
arms or ordered pairs of arms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from msgspec import Struct

from .arms import ArmRecord, Records, cost_differences, only_in_first
from .evidence import is_above, is_below, is_positive

PILOT = 10
"""Rows that every arm gets, to know about what it costs. One that answers none of them is given up."""


class ArmState(StrEnum):
    """What is shown of an arm."""

    OPEN = "open"
    PASSES = "passes"
    FAILS = "fails"
    WORSE = "worse"
    UNANSWERED = "unanswered"


class Rules(Struct, frozen=True):
    """What is to be shown. Without `target`: not shown to be worse than the best arm. `rows` is how many there are."""

    rows: int
    target: float | None = None
    confidence: float = 0.95

    def target_alpha(self, arms: int) -> float:
        """The chance of an error that a claim about an arm and the target may have, among so many arms."""
        return (1 - self.confidence) / max(1, arms)

    def pair_alpha(self, arms: int) -> float:
        """The same of a claim about which of two arms is better, or dearer."""
        return (1 - self.confidence) / max(1, arms * (arms - 1))

    def is_last(self, record: ArmRecord) -> bool:
        """Whether an arm has been asked all rows."""
        return len(record.samples) >= self.rows


@dataclass(slots=True)
class Standings:
    """What is shown of all arms. `worse_than` and `dearer_than` name the arm that shows it.

    The `leader` is the cheapest by the mean of its costs: with a target of the arms that are shown to pass, without of
    those that are not shown to be worse.
    """

    states: dict[str, ArmState] = field(default_factory=dict[str, ArmState])
    worse_than: dict[str, str] = field(default_factory=dict[str, str])
    dearer_than: dict[str, str] = field(default_factory=dict[str, str])
    leader: str | None = None

    def may_pass(self, name: str) -> bool:
        """Whether it is not shown to fail, nor to be worse."""
        return self.states[name] in (ArmState.OPEN, ArmState.PASSES)

    @property
    def left(self) -> list[str]:
        """The arms that may be the cheapest that passes."""
        return [name for name in self.states if self.may_pass(name) and name not in self.dearer_than]


def standings_of(records: Records, rules: Rules) -> Standings:
    """What the samples show."""
    found = Standings()
    alpha = rules.target_alpha(len(records))
    for name, record in records.items():
        found.states[name] = _by_target(record, rules, alpha)
    if rules.target is None:
        _compare_rates(records, rules, found)
    found.leader = _leader(records, found, ArmState.OPEN if rules.target is None else ArmState.PASSES)
    if found.leader is not None:
        leader = records[found.leader]
        for name, record in records.items():
            if name != found.leader and found.may_pass(name) and is_dearer(record, leader, rules, len(records)):
                found.dearer_than[name] = found.leader
    return found


def is_dearer(first: ArmRecord, second: ArmRecord, rules: Rules, arms: int) -> bool:
    """Whether the first of so many arms is shown to cost more, on the rows that both answered; all costs are known."""
    is_last = rules.is_last(first) and rules.is_last(second)
    apart = cost_differences(first, second)
    return first.is_priced and is_positive(apart, rules.pair_alpha(arms), is_last=is_last)


def is_better(first: ArmRecord, second: ArmRecord, rules: Rules, arms: int) -> bool:
    """Whether the first of so many arms is shown to pass more of the rows that both answered."""
    wins, apart = only_in_first(first, second)
    is_last = rules.is_last(first) and rules.is_last(second)
    return 2 * wins > apart and is_above(wins, apart, 0.5, rules.pair_alpha(arms), is_last=is_last)


def _by_target(record: ArmRecord, rules: Rules, alpha: float) -> ArmState:
    if not record.n:
        has_nothing = record.trouble is not None or len(record.samples) >= PILOT
        return ArmState.UNANSWERED if has_nothing else ArmState.OPEN
    if rules.target is None:
        return ArmState.OPEN
    is_last = rules.is_last(record)
    if is_above(record.passed, record.n, rules.target, alpha, is_last=is_last):
        return ArmState.PASSES
    fails = is_below(record.passed, record.n, rules.target, alpha, is_last=is_last)
    return ArmState.FAILS if fails else ArmState.OPEN


def _compare_rates(records: Records, rules: Rules, found: Standings) -> None:
    """Mark arms that another one is shown to be better than."""
    for name, record in records.items():
        if found.states[name] is ArmState.UNANSWERED:
            continue
        for other, better in records.items():
            if is_better(better, record, rules, len(records)):
                found.states[name] = ArmState.WORSE
                found.worse_than[name] = other
                break


def _leader(records: Records, found: Standings, state: ArmState) -> str | None:
    passing = [
        (usd, name)
        for name, record in records.items()
        if found.states[name] is state and record.passed and (usd := record.mean_usd) is not None
    ]
    return min(passing)[1] if passing else None
