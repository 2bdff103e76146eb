"""The report of repeated runs: every sample is on the page, with the median of its cell and what it can show."""

from __future__ import annotations

from decimal import Decimal

from thinkdial.cli.views.report.page import report_page
from thinkdial.cli.views.report.strips import strip_charts
from thinkdial.engine.cells.cell import cells_of
from thinkdial.engine.results.result import Result, ThinkReceipt

from ..conftest import make_result, make_run
from .test_page import parsed


def samples(profile: str, count: int, base: float) -> list[Result]:
    return [
        make_result(
            profile, id=f"{profile}{n}", repeat=n, answer=f"Answer {n % 2}.", latency={"total_s": base + n},
            reasoning={"tokens": 100 * n if n < count else None}, cost={"usd": Decimal(n) / 100},
        )
        for n in range(1, count + 1)
    ]  # fmt: skip


def test_every_sample_is_a_point_and_an_answer() -> None:
    made = [*samples("fast", 6, 1.0), *samples("slow", 6, 40.0)]
    document = parsed(report_page([make_run(*made)]))
    assert len(list(document.all("article"))) == 12
    charts = strip_charts(cells_of(made), made)
    assert [chart.name for chart in charts] == ["reasoning", "output", "first", "total", "usd"]
    total = next(chart for chart in charts if chart.name == "total")
    assert [len(strip.points) for strip in total.strips] == [6, 6]
    first = total.strips[0]
    assert first.low is not None and first.high is not None and first.median is not None
    assert 0 <= first.low <= first.median <= first.high <= 100 and first.width == round(first.high - first.low, 3)
    assert first.points[0].says == "fast@high #1: 2.00 s"
    reasoning = next(chart for chart in charts if chart.name == "reasoning")
    assert [len(strip.points) for strip in reasoning.strips] == [5, 5]


def test_the_table_of_samples_has_medians_intervals_and_stars() -> None:
    made = [*samples("fast", 6, 1.0), *samples("slow", 6, 40.0)]
    document = parsed(report_page([make_run(*made)]))
    text = document.one("table", within="cells").text()
    assert "fast@high" in text and "n 6" in text and "3 of 6 agree" in text and "4.50 s ★" in text and "of 5" in text
    assert "Holm-corrected for 2 cells" in document.one("main").text()
    assert "by think value" not in document.one("main").text()


def test_a_page_of_single_samples_is_as_it_was_and_says_why_it_has_no_star() -> None:
    twins = (ThinkReceipt("off", {}, "clamped"),)
    document = parsed(report_page([make_run(make_result(same_request=twins), make_result("gpt"))]))
    text = document.one("main").text()
    assert "one sample each: no ★" in text and "@off: same request as @high, asked once" in text
    assert "Samples" not in [heading.text() for heading in document.one("main").all("h3")]


def test_nothing_known_draws_nothing() -> None:
    failed = [make_result(repeat=n, status="error", answer="", finish="error") for n in (1, 2)]
    assert strip_charts(cells_of(failed), failed) == ()
    assert "n 0 of 2" in parsed(report_page([make_run(*failed)])).one("table", within="cells").text()
