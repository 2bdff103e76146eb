"""What is said of a call that goes up level by level: before it, between its attempts, and after it."""

from __future__ import annotations

from collections.abc import Sequence

from ....engine.checks.escalation import Expectation
from ....engine.results.checked import Escalation
from ....engine.results.result import Result
from ....providers.think import Think
from ....providers.untrusted import one_line
from ..numbers import dollars

_ENDS = {
    "passed": "it passed",
    "top": "it failed at the top",
    "not_judged": "it could not be checked",
    "failed": "the call failed",
    "budget": "the budget ended it",
    "interrupted": "it was interrupted",
}
_SOURCES = {"measured": "as it was", "history": "the history's median", "forecast": "forecast"}


def beforehand(levels: Sequence[Think], expected: Expectation) -> str:
    """`low → high: from 34 checked answers it should save $0.012 against high at once`."""
    way = " → ".join(map(str, levels))
    if expected.saving_usd is None:
        return f"{way}: what that should save is not known: the history has too few checked answers ({expected.judged})"
    verb = "save" if expected.saving_usd >= 0 else "cost"
    more = "against" if expected.saving_usd >= 0 else "more than"
    return (
        f"{way}: from {expected.judged} checked answers it should {verb} {dollars(abs(expected.saving_usd))}"
        f" {more} {levels[-1]} at once"
    )


def failed_line(result: Result, following: Think) -> str:
    """`low failed its check (…): now high`."""
    note = f" ({one_line(result.expect_note, 120)})" if result.expect_note else ""
    return f"{result.think.requested} failed its check{note}: now {following}"


def bill_words(whole: Escalation) -> str:
    """`2 attempts: low $0.0046 ✗, high $0.021 ✓ · $0.026 in all · high at once $0.021 (as it was): $0.0046 more`."""
    marks = {True: "✓", False: "✗", None: "?"}
    steps = ", ".join(
        f"{step.think} {dollars(step.usd)}"
        + (f" + judge {dollars(step.checks_usd)}" if step.checks_usd is not None else "")
        + f" {marks[step.passed]}"
        for step in whole.attempts
    )
    count = len(whole.attempts)
    parts = [f"{count} attempt{'s' if count != 1 else ''} ({_ENDS[whole.ended]}): {steps}"]
    parts.append(f"{dollars(whole.usd)} in all")
    if whole.top_usd is None:
        parts.append(f"what {whole.levels[-1]} at once costs is not known")
    else:
        source = _SOURCES[whole.top_source or "forecast"]
        compared = ""
        if whole.usd is not None:
            saved = whole.top_usd - whole.usd
            compared = f": {dollars(abs(saved))} {'saved' if saved >= 0 else 'more'}" if saved else ": the same"
        parts.append(f"{whole.levels[-1]} at once {dollars(whole.top_usd)} ({source}){compared}")
    return " · ".join(parts)
