"""What is said of an answer that was checked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from thinkdial.cli.views.checks.outcome import check_words, outcome_words
from thinkdial.cli.views.run.receipt import notes, receipt_line
from thinkdial.engine.results.checked import CheckOutcome
from thinkdial.engine.results.result import Result


@pytest.mark.parametrize(
    ("passed", "note", "words"),
    [
        (True, None, "✓ passed"),
        (False, "the answer is another one", "✗ failed the check"),
        (None, "no end of matching", "? not checked"),
        (None, None, ""),
    ],
)
def test_the_receipt_says_whether_the_answer_passed(
    result: Callable[..., Result], passed: bool | None, note: str | None, words: str
) -> None:
    made = replace(result(), passed=passed, expect_note=note)
    assert check_words(made)[0] == words
    assert words in receipt_line(made).plain
    assert (note is not None) is any(note in line.plain for line in notes([made]) if note)


def test_an_opinion_is_called_one_and_says_what_it_cost() -> None:
    outcome = CheckOutcome(
        "judge", "polite", False, "rude\nindeed", True, None, "claude", True, 2, 2, Decimal("0.0021"), 310, 200
    )
    assert outcome_words(outcome) == (
        "judge polite (opinion of claude): 2, failed: rude indeed"
        " · 2 calls, cost $0.0021, 310 output tokens, 200 of them reasoning"
        " · the judge is of the answer's own vendor"
    )


def test_the_report_has_the_check_where_there_was_one(result: Callable[..., Result]) -> None:
    from thinkdial.cli.views.report import report_page
    from thinkdial.engine.results.assembly import make_run

    plain = report_page([make_run("r", "p", None, [result()], 1.0)])
    assert "whether it is what was expected" not in plain
    failed = replace(result(), passed=False, expect_note="the answer is <b>another</b> one")
    page = report_page([make_run("r", "p", None, [failed], 1.0)])
    assert "✗ failed the check" in page and "&lt;b&gt;another" in page and "<b>another" not in page
