"""A trial as a JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..results.documents import dollars_text
from .report import ArmReport, TrialReport

TRIAL_SCHEMA = "thinkdial.tune/1"

_EXACT = 6
"""Decimals of a rate."""


def trial_document(report: TrialReport, **about: Any) -> dict[str, Any]:
    """`thinkdial.tune/1`. `about` says when it was made, of which rows, and where the results are."""
    rules = report.rules
    return {
        "schema": TRIAL_SCHEMA,
        **about,
        "outcome": report.outcome.value,
        "ended_by": report.end.value,
        "chosen": report.chosen,
        "left": list(report.left),
        "groups": [list(group) for group in report.groups],
        "target": rules.target,
        "confidence": rules.confidence,
        "seed": report.seed,
        "rows": rules.rows,
        "least_rows": report.least_rows,
        "calls": report.calls,
        "calls_earlier": report.earlier,
        "calls_of_whole_grid": report.whole_grid,
        "usd": _usd(report.usd),
        "usd_unknown": report.usd_unknown,
        "checks_usd": _usd(report.checks_usd),
        "checks_usd_unknown": report.checks_usd_unknown,
        "gate_failures": list(report.gate_failures),
        "arms": [arm_document(arm) for arm in report.arms],
    }


def arm_document(arm: ArmReport) -> Mapping[str, Any]:
    """One arm as a part of `thinkdial.tune/1`."""
    return {
        "profile": arm.arm.profile,
        "think": arm.arm.think,
        "model": arm.arm.model,
        "simulated": arm.arm.is_simulated,
        "same_request_as": list(arm.arm.same_as),
        "state": arm.state.value,
        "is_left": arm.is_left,
        "worse_than": arm.worse_than,
        "dearer_than": arm.dearer_than,
        "trouble": arm.trouble,
        "asked": arm.asked,
        "judged": arm.judged,
        "passed": arm.passed,
        "unanswered": arm.unanswered,
        "unjudged": arm.unjudged,
        "pass_rate": _rate(arm.pass_rate),
        "pass_low": _rate(arm.pass_low),
        "pass_high": _rate(arm.pass_high),
        "usd_mean": _usd(arm.usd_mean),
        "usd_mean_low": _usd(arm.usd_mean_low),
        "usd_mean_high": _usd(arm.usd_mean_high),
        "usd_per_1000": _usd(arm.usd_per_1000),
        "usd_per_passed": _usd(arm.usd_per_passed),
        "reasoning_tokens_median": arm.reasoning_tokens_median,
        "total_median_s": _rate(arm.total_median_s),
        "is_on_frontier": arm.is_on_frontier,
        "pass_low_after_100_more": _rate(arm.next_low),
        "pass_high_after_100_more": _rate(arm.next_high),
        "rows_to_decide": arm.rows_to_decide,
        "behind_best": _rate(arm.behind_best),
    }


def _usd(amount: Decimal | None) -> str | None:
    return None if amount is None else dollars_text(amount)


def _rate(value: float | None) -> float | None:
    return None if value is None else round(value, _EXACT)
