"""Forecast against actual: in the totals, as columns, and in words."""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any

from msgspec.structs import replace

from thinkdial.cli.views.run.export import run_csv, run_markdown, run_text
from thinkdial.cli.views.run.forecast_cells import in_total, method_words, short_source, sources, unknown_words
from thinkdial.cli.views.run.rows import totals
from thinkdial.engine.results.result import Forecast, Result, Run
from thinkdial.engine.results.result import totals as sums

from ....cases import each
from ..conftest import written

Make = Callable[..., Result]
FORECAST = Forecast(
    input_tokens=1200,
    input_source="estimated",
    low_output_tokens=80,
    expected_output_tokens=900,
    high_output_tokens=2600,
    output_source="history",
    output_runs=12,
    output_limit_tokens=4000,
    low_usd=Decimal("0.001"),
    expected_usd=Decimal("0.011"),
    likely_high_usd=Decimal("0.03456"),
    high_usd=Decimal("0.05"),
    price_source="table",
    method="by hand",
)


def test_the_totals_set_the_forecast_beside_the_cost(result: Make, run: Callable[..., Run]) -> None:
    made = run(result(forecast=FORECAST), result("b", forecast=FORECAST))
    words = "$0.01412 (forecast $0.022, 8 in 10 $0.002–$0.069, worst case $0.10)"
    assert words in totals(made)
    assert words in " ".join(written(run_text, made).split()) and "forecast" in written(run_markdown, made)


def test_without_a_forecast_the_totals_are_silent(result: Make, run: Callable[..., Run]) -> None:
    assert "forecast" not in totals(run(result()))
    unsent = result(forecast=FORECAST, attempts=0)
    assert "forecast" not in totals(run(result(), unsent))


def test_what_is_unknown_is_marked_and_never_0(result: Make, run: Callable[..., Run]) -> None:
    unbounded = replace(FORECAST, high_usd=None, output_limit_tokens=None)
    assert in_total([FORECAST, unbounded]) == ("forecast $0.022, 8 in 10 $0.002–$0.069, worst case $0.05+")
    unpriced = replace(FORECAST, low_usd=None, expected_usd=None, likely_high_usd=None, high_usd=None)
    assert in_total([unpriced]) == "forecast –, 8 in 10 –, worst case –"
    assert in_total([FORECAST, unpriced]) == "forecast $0.011+, 8 in 10 $0.001–$0.035+, worst case $0.05+"
    assert "forecast $0.011+" in totals(run(result(forecast=FORECAST), result("b")))


def test_csv_has_the_amounts(result: Make) -> None:
    first, second = csv.DictReader(StringIO(written(run_csv, [result(forecast=FORECAST), result("b")]), newline=""))
    names = tuple(f"forecast_{end}_usd" for end in ("low", "expected", "likely_high", "high"))
    assert [first[name] for name in names] == ["0.001", "0.011", "0.03456", "0.05"]
    assert [second[name] for name in names] == [""] * 4


@each(
    "changes, words, short",
    [
        ({}, "~1,200 tokens in · 900 out expected (80 to 2,600, 12 runs), max 4,000 · table prices", "12 runs"),
        (
            {"input_source": "counted", "output_source": "reference", "price_source": "profile"},
            "1,200 tokens in (counted) · 900 out expected (80 to 2,600, reference), max 4,000 · the profile's price",
            "reference",
        ),
        ({"output_source": "observed"}, "(80 to 2,600, recorded), max 4,000 · table prices", "recorded"),
        (
            {"output_source": "observed", "output_answers": 45, "low_output_tokens": None},
            "900 out expected (45 recorded), max 4,000 · table prices",
            "45 recorded",
        ),
        (
            {"output_source": None, "expected_output_tokens": None, "output_limit_tokens": None},
            "~1,200 tokens in · expected output unknown, no upper bound · table prices",
            "unknown",
        ),
        ({"price_source": None}, "max 4,000 · no price", "no price"),
    ],
)
def test_every_figure_has_its_source(changes: dict[str, Any], words: str, short: str) -> None:
    changed = replace(FORECAST, **changes)
    assert sources(changed).endswith(words) and short_source(changed) == short


def test_the_methods_that_occur_are_said_and_no_others() -> None:
    counted = replace(FORECAST, input_source="counted")
    assert "counted by the provider" in method_words([counted, None]) and "your own runs" in method_words([counted])
    assert "estimated" not in method_words([counted]) and "reference" not in method_words([counted])
    assert "recorded" not in method_words([counted])
    every = [replace(FORECAST, output_source=source) for source in ("history", "observed", "reference")]
    words = method_words(every)
    assert "by your own runs, recorded answers and such scaled by the reference table" in words
    assert (
        "worst case, which budgets reserve: output up to the limit" in words and "recorded prompts are short" in words
    )


def test_what_a_total_lacks() -> None:
    unpriced = replace(FORECAST, low_usd=None, expected_usd=None, likely_high_usd=None, high_usd=None)
    unexpected = replace(FORECAST, expected_usd=None, likely_high_usd=None, high_usd=None)
    assert unknown_words(sums([FORECAST])) == ""
    assert unknown_words(sums([FORECAST, unpriced, unexpected])) == (
        "+ of 3 calls: the price of 1 is unknown; the expected output of 1 is unknown; 1 without an upper bound, "
        "and not in the total"
    )
