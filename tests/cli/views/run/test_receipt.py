"""The one-line receipt and the notes for stderr."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from thinkdial.cli.views.run.receipt import notes, receipt_line
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.results.result import Cost, Reasoning, Result, ThinkReceipt
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import Notice, Usage

from ....cases import each

Make = Callable[..., Result]


def test_the_receipt_says_it_in_one_line(result: Make) -> None:
    line = receipt_line(result())
    assert line.plain == (
        "high → high → 312 reasoning tokens · ✓ as asked · 348 output · first answer 3.10 s · total 4.00 s · 87 tok/s"
        " · $0.00706 (price table)"
    )
    assert line.cell_len <= 150


@pytest.mark.parametrize(
    ("source", "words"),
    [("provider", "$0.01 (provider's bill)"), ("profile", "$0.01 (profile's price)"), (None, "$0.01")],
)
def test_the_cost_names_its_source(result: Make, source: Any, words: str) -> None:
    assert receipt_line(result(cost=Cost(Decimal("0.01"), source=source))).plain.endswith(words)


@pytest.mark.parametrize(
    ("saved", "after", "words"),
    [
        ("0.0012", 0, "cache saved $0.0012"),
        ("-0.0012", 1, "cache cost $0.0012, paid back by the next turn that reads it"),
        ("-0.0012", 3, "cache cost $0.0012, paid back by 3 turns that read it"),
        ("-0.0012", None, "cache cost $0.0012"),
    ],
)
def test_what_the_cache_saved_or_when_it_will(result: Make, saved: str, after: int | None, words: str) -> None:
    cost = Cost(Decimal("0.01"), cache_saved_usd=Decimal(saved), cache_pays_after=after)
    assert receipt_line(result(cost=cost)).plain.endswith(words)


def test_a_cache_that_changed_nothing_is_not_told(result: Make) -> None:
    assert "cache" not in receipt_line(result(cost=Cost(Decimal("0.01"), cache_saved_usd=Decimal(0)))).plain


def test_unknowns_another_model_and_failures(result: Make) -> None:
    bare = result(usage=Usage(), cost=Cost(), latency=Latency(), reasoning=Reasoning(), model_reported="other")
    assert receipt_line(bare).plain == (
        "high → high → – · ✓ as asked · – output · first answer – · total – · – tok/s · cost – · served by other"
    )
    failed = result(status="error", error=Failure("overloaded", "x", 529))
    assert "· ✗ overloaded (529) ·" in receipt_line(failed).plain


def test_it_breaks_between_its_parts(result: Make) -> None:
    lines = receipt_line(result(), 60).plain.split("\n")
    assert lines == [
        "high → high → 312 reasoning tokens · ✓ as asked · 348 output",
        "first answer 3.10 s · total 4.00 s · 87 tok/s",
        "$0.00706 (price table)",
    ]


def test_notes_say_everything_once_and_whose_it_is(result: Make) -> None:
    think = ThinkReceipt("max", {"effort": "high"}, "clamped", "max → high: the top level", "as_asked")
    warnings = (Notice("think_substituted", "max → high: the top level"), Notice("usage", "counts\ndo \x1bnot add up"))
    odd = result(think=think, warnings=warnings + warnings, cost={"note": "bill and table differ by 9 %"})
    failed = result("grok", status="error", error=Failure("auth", "bad key", 401, False, "thinkdial keys set xai"))
    assert [line.plain for line in notes([odd, odd, failed])] == [
        "claude: max → high: the top level",
        "claude: counts do ␛not add up",
        "claude: bill and table differ by 9 %",
        "grok: key not accepted (401): bad key. Hint: thinkdial keys set xai.",
    ]
    assert [line.plain for line in notes([odd, failed], after_comparison=True)] == [
        "claude: counts do ␛not add up",
        "claude: bill and table differ by 9 %",
    ]


@each(
    ("verdict", "changes", "words"),
    [
        ("not_observed", {}, "thinking was asked for (high), and none was reported or seen"),
        ("unwanted", {}, "--think off was asked, and the answer came with 312 reasoning tokens"),
        ("unwanted", {"reasoning": Reasoning("t", "full")}, "came with reasoning of unknown length"),
        ("unwanted", {"reasoning": {"tokens": 1}}, "came with 1 reasoning token;"),
        ("over_budget", {}, "more reasoning tokens than the asked budget of high"),
        (
            "starved",
            {"answer": ""},
            "thinking took 312 of 348 output tokens, and no answer was left. Raise --max-output",
        ),
    ],
)
def test_verdicts_that_need_words_get_a_sentence(
    result: Make, verdict: Any, changes: dict[str, Any], words: str
) -> None:
    lines = [line.plain for line in notes([result(think={"verdict": verdict}, **changes)])]
    assert len(lines) == 1 and lines[0].startswith("claude: ") and words in lines[0]
    assert ("--" in lines[0]) or ("thinkdial models" in lines[0])


def test_nothing_to_say_is_nothing(result: Make) -> None:
    assert notes([result(), result("b", think={"verdict": "unknown"}), result("c", status="partial")]) == []


def test_a_note_without_substitution_is_said_too(result: Make) -> None:
    think = {"note": "unknown model: the family's default is used"}
    assert [n.plain for n in notes([result(think=think)], after_comparison=True)] == [
        "claude: unknown model: the family's default is used"
    ]
