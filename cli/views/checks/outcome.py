"""Whether an answer is what was expected, in words, and what the checks said that are more than a look at its text."""

from __future__ import annotations

from ....engine.results.checked import CheckOutcome
from ....engine.results.result import Result
from ....providers.untrusted import one_line
from ..numbers import dollars, tokens

GOOD, CAUTION, BAD, QUIET = "green", "magenta", "red", "dim"


def check_words(result: Result) -> tuple[str, str]:
    """`✓ passed`, `✗ failed the check`, `? not checked`, with a style; empty where nothing was expected."""
    match result.passed:
        case True:
            return "✓ passed", GOOD
        case False:
            return "✗ failed the check", BAD
        case None:
            return ("? not checked", QUIET) if result.expect_note else ("", "")


def check_notes(result: Result) -> list[tuple[str, str]]:
    """Why the answer failed its check, or could not be checked, and what each check said that asked for more."""
    said = [(outcome_words(one), "" if one.passed is True else CAUTION) for one in result.checks]
    if result.passed is not True and not said:
        return [(one_line(result.expect_note or "", 300), BAD if result.passed is False else CAUTION)]
    return said


def outcome_words(outcome: CheckOutcome) -> str:
    """`judge polite (opinion of claude): 4, passed · 2 calls, $0.0021, 310 output tokens`, in one line."""
    said = {True: "passed", False: "failed", None: "not known"}[outcome.passed]
    name = f"{outcome.kind} {one_line(outcome.name, 40)}" if outcome.name else outcome.kind
    if outcome.opinion:
        name += f" (opinion of {one_line(outcome.profile or 'a model', 40)})"
    found = "".join(
        [
            f"{outcome.score}, " if outcome.score is not None else "",
            f"{outcome.share:.0%} agree, " if outcome.share is not None else "",
        ]
    )
    words = f"{name}: {found}{said}"
    if outcome.passed is not True and outcome.note:
        words += f": {one_line(outcome.note, 200)}"
    if outcome.calls:
        count = f"{outcome.calls} call{'s' if outcome.calls != 1 else ''}"
        thought = f", {tokens(outcome.reasoning_tokens)} of them reasoning" if outcome.reasoning_tokens else ""
        spent = f"{tokens(outcome.output_tokens)} output tokens{thought}"
        words += f" · {count}, cost {dollars(outcome.usd)}, {spent}"
    if outcome.own_vendor:
        words += " · the judge is of the answer's own vendor"
    return words
