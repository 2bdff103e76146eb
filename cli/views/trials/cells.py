"""The cells of a trial: every figure of an arm as text, and which arm is marked how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ....engine.trials.report import TrialOutcome
from ....engine.trials.standings import ArmState
from ....providers.untrusted import one_line
from ..batch.summary import percent
from ..numbers import BEST, LONGEST_NAME, UNKNOWN, at_the_point, dollars, seconds, tokens
from .words import bounds, label, state_words

if TYPE_CHECKING:
    from ....engine.trials.report import ArmReport, TrialReport

FRONTIER = "◆"
Mark = Literal["chosen", "left", "out", "failed"]


class ArmCells(Struct, frozen=True):
    """One arm in cells. `sign` stands before its name: a star for a choice that is shown, a diamond on the frontier."""

    sign: str
    name: str
    model: str
    passed: str
    pass_rate: str
    bounds: str
    per_1000: str
    per_passed: str
    reasoning: str
    median: str
    state: str
    mark: Mark


def cells_of(report: TrialReport) -> list[ArmCells]:
    """A row for each arm, from cheap to dear."""
    arms = report.arms
    per_1000 = at_the_point([dollars(arm.usd_per_1000) for arm in arms])
    per_passed = at_the_point([dollars(arm.usd_per_passed) for arm in arms])
    return [
        ArmCells(
            sign=_sign(arm, report),
            name=label(arm),
            model=one_line(arm.arm.model, LONGEST_NAME),
            passed=f"{arm.passed:,} of {arm.judged:,}" if arm.judged else UNKNOWN,
            pass_rate=percent(arm.pass_rate),
            bounds=bounds(arm.pass_low, arm.pass_high),
            per_1000=dear,
            per_passed=each,
            reasoning=tokens(_whole(arm.reasoning_tokens_median)),
            median=seconds(arm.total_median_s),
            state=state_words(arm, report.rules),
            mark=_mark(arm, report),
        )
        for arm, dear, each in zip(arms, per_1000, per_passed, strict=True)
    ]


def _sign(arm: ArmReport, report: TrialReport) -> str:
    if arm.name == report.chosen and report.outcome is TrialOutcome.FOUND:
        return BEST
    return FRONTIER if arm.is_on_frontier else " "


def _mark(arm: ArmReport, report: TrialReport) -> Mark:
    if arm.name == report.chosen and report.outcome is TrialOutcome.FOUND:
        return "chosen"
    if arm.is_left:
        return "left"
    return "failed" if arm.state is ArmState.UNANSWERED else "out"


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
