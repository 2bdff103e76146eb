"""The end summary of a batch as a table, as Markdown and as a page: whole, aligned, and unmoved by hostile names."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from thinkdial.cli.commands.batch.summary import check_summary_paths
from thinkdial.cli.views.batch.summary import ending, percent, rows
from thinkdial.cli.views.batch.summary_markdown import summary_markdown
from thinkdial.cli.views.batch.summary_table import summary_view
from thinkdial.cli.views.report.batch import summary_page
from thinkdial.engine.batch.end import Ended
from thinkdial.engine.batch.output.summary import Tally
from thinkdial.providers.errors import ConfigError, Failure, UsageError

from ....cases import each

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
HOSTILE = "</script><img src=x onerror=alert(1)>|`*_\x1b[2J\u202e"


def line(profile: str, think: str = "low", /, **changes: Any) -> dict[str, Any]:
    return {
        "profile": profile, "model": "model-1", "status": "ok", "finish": "stop", "attempts": 1, "passed": None,
        "think": {"requested": think, "verdict": "as_asked"},
        "usage": {"input_tokens": 10, "output_tokens": 100, "reasoning_tokens": 60},
        "cost": {"usd": "0.010000"}, "latency": {"total_s": 1.5}, "error": None, **changes,
    }  # fmt: skip


@pytest.fixture
def tally() -> Tally:
    """Two profiles: `quick` passes 8 of 10 cheaply, `slow` 9 of 10 dearly, with two failures and some verdicts."""
    made = Tally()
    for index in range(10):
        made.add(line("quick", passed=index < 8, row_id=f"r{index}"))
        made.add(line("slow", "high", passed=index < 9, cost={"usd": "0.2"}, latency={"total_s": 20.0},
                      row_id=f"r{index}",
                      think={"requested": "high", "verdict": "not_observed" if index < 3 else "as_asked"}))  # fmt: skip
    for kind in ("timeout", "server"):
        made.add(line("slow", "high", status="error", error={"kind": kind, "status": 504},
                      cost={}, latency={}, usage={}))  # fmt: skip
    made.tried_again("slow", "rate_limit")
    made.skipped = 4
    return made


def ended(tally: Tally, **changes: Any) -> Ended:
    return Ended(**{"rows": 12, "bad_rows": 1, "tally": tally, "finished": True, **changes})


def shown(tally: Tally, end: Ended, width: int) -> list[str]:
    paper = Console(
        width=width, file=StringIO(), color_system=None, markup=False, emoji=False, highlight=False, _environ={}
    )
    with paper.capture() as captured:
        for part in summary_view(tally, end, width):
            paper.print(part)
    return captured.get().splitlines()


def test_one_line_a_group_where_there_is_room(tally: Tally) -> None:
    lines = shown(tally, ended(tally), 132)
    assert [" ".join(text.split()) for text in lines[1:7]] == [
        "profile think model whole pass rate 95 % interval cost each per passed median 95th reasoning",
        lines[2],
        "quick low model-1 10 of 10 80.0 % 49.0–94.3 % $0.10 $0.01 ★ $0.0125 1.50 s ★ 1.50 s 60",
        "slow high model-1 10 of 12 90.0 % 59.6–98.2 % $2.00 $0.20 $0.2222 20.0 s 20.0 s 60",
        "★ shown to be the best: compared row by row with each other one, corrected for their number",
        "",
    ]
    assert lines[-3:] == [
        "slow@high: 3 not observed; errors: 1 server error, 1 timeout",
        "",
        "22 results · 20 whole · 2 failed · 4 done earlier · 1 bad row · 1 tried again (1 rate limit) · $2.10",
    ]


def test_verdicts_and_errors_have_columns_where_they_fit(tally: Tally) -> None:
    lines = shown(tally, ended(tally), 220)
    assert "3 not observed" in next(text for text in lines if text.startswith("slow"))
    assert not any(text.startswith("slow@high:") for text in lines)


@pytest.mark.parametrize("width", [20, 40, 72, 80, 100, 120, 160, 240])
def test_nothing_is_wider_than_the_window(tally: Tally, width: int) -> None:
    tally.add(line("a-profile-with-quite-a-long-name", cost={"usd": None}, passed=True))
    lines = shown(tally, ended(tally), width)
    assert max(map(len, lines)) <= width
    assert "10 of 12" in "\n".join(lines)


def test_a_narrow_window_keeps_every_figure(tally: Tally) -> None:
    text = "\n".join(shown(tally, ended(tally), 80))
    for figure in ("80.0 %", "49.0–94.3 %", "$0.0125", "1.50 s ★", "20.0 s", "9 of 10", "3 not observed", "1 timeout"):
        assert figure in text
    assert "49.0–94.3 %\n" not in text.replace(" ", "")  # no cell is broken


def test_a_star_is_seen_at_every_width_at_which_it_is_explained(tally: Tally) -> None:
    for width in (40, 71, 72, 80, 100, 132, 220):
        text = " ".join(" ".join(shown(tally, ended(tally), width)).split())
        assert "★ shown to be the best" in text
        assert "$0.01 ★" in text and "1.50 s ★" in text, (width, text)


def test_without_expectations_there_are_no_columns_for_them() -> None:
    tally = Tally()
    tally.add(line("a"))
    text = "\n".join(shown(tally, ended(tally), 160))
    assert "pass" not in text
    assert "★" not in text


def test_an_unknown_cost_is_a_dash_and_a_sum_says_what_it_lacks() -> None:
    tally = Tally()
    tally.add(line("a", cost={"usd": None}, usage={}, latency={}, passed=True))
    tally.add(line("b"))
    tally.add(line("b", cost={"usd": None}))
    first, second = rows(tally)
    assert (first.cost, first.each, first.per_passed, first.median, first.reasoning) == ("–",) * 5
    assert (second.cost, second.each) == ("$0.01 + 1 unknown", "$0.01")


def test_what_a_timeout_may_have_cost_is_unknown_in_every_form() -> None:
    tally = Tally()
    tally.add(line("a", passed=True))
    tally.add(line("a", status="error", error={"kind": "timeout", "status": None}, cost={}, latency={}, usage={}))
    (row,) = rows(tally)
    assert (row.cost, row.each, row.per_passed) == ("$0.01 + 1 unknown", "$0.01", "–")
    (table_row,) = (text for text in shown(tally, ended(tally), 160) if text.startswith("a "))
    assert "$0.01 + 1 unknown" in table_row and " – " in table_row
    markdown, page = summary_markdown(tally, ended(tally), "rows"), summary_page(tally, ended(tally), "rows", AT)
    cells = [cell.strip() for cell in markdown.splitlines()[-3].strip("|").split("|")]
    assert cells[7:10] == ["\\$0.01 + 1 unknown", "\\$0.01", "–"]
    assert "and 1 unknown" in page and "$0.01 + 1 unknown" in page


def test_points_stand_below_each_other_and_stars_move_no_digit(tally: Tally) -> None:
    tally.add(line("third", cost={"usd": "0.000123"}, passed=True, latency={"total_s": 2.25}))
    lines = [text for text in shown(tally, ended(tally), 140) if text.startswith(("quick", "slow", "third"))]
    tables = [text for text in lines if "@" not in text]
    assert len({text.index(".", text.rindex("$")) for text in tables}) == 1
    assert len({text.index(" s", text.rindex("$")) for text in tables}) == 1


@pytest.mark.parametrize("width", [80, 120, 240])
def test_how_many_costs_are_unknown_is_told_at_every_width(tally: Tally, width: int) -> None:
    tally.add(line("quick", cost={"usd": None}))
    assert "quick@low: the cost of 1 result is unknown" in shown(tally, ended(tally), width)


def test_equal_values_have_no_best() -> None:
    tally = Tally()
    for name in ("a", "b"):
        tally.add(line(name, passed=True))
    assert [row.best for row in rows(tally)] == [frozenset(), frozenset()]


@each(
    ("rate", "words"),
    [(0.0, "0.0 %"), (0.0001, "<0.1 %"), (0.9999, ">99.9 %"), (1.0, "100.0 %"), (0.505, "50.5 %"), (None, "–")],
)
def test_a_rate_is_not_rounded_to_never_or_always(rate: float | None, words: str) -> None:
    assert percent(rate) == words


def test_how_it_ended_is_told(tally: Tally) -> None:
    broken = {"slow": Failure("auth", "the key is not accepted")}
    assert ending(ended(tally)) == "finished"
    assert ending(ended(tally, finished=False, interrupted=True)) == "interrupted"
    assert ending(ended(tally, finished=False, budget=Failure("budget", "no"))) == "stopped by the cost limit"
    assert ending(ended(tally, finished=False, output_problem=ConfigError("full"))).startswith("stopped: the output")
    given_up = ended(tally, finished=False, broken=broken)
    assert "slow was given up: the key is not accepted" in "\n".join(shown(tally, given_up, 160))


def test_a_batch_without_results_has_a_line_of_totals() -> None:
    assert shown(Tally(), ended(Tally(), bad_rows=3), 80)[-1] == "0 results · 0 whole · 3 bad rows · –"


def test_the_markdown_has_a_row_for_each_group(tally: Tally) -> None:
    text = summary_markdown(tally, ended(tally), "rows.jsonl")
    table = [part.strip("| ").split(" | ") for part in text.splitlines() if part.startswith("|")]
    assert {len(cells) for cells in table} == {13}
    assert table[3][:7] == ["slow", "high", "model-1", "10 of 12", "9 of 10", "90.0 %", "59.6–98.2 %"]
    assert "- slow@high: 3 not observed; errors: 1 server error, 1 timeout" in text


def test_hostile_names_are_text_everywhere(tally: Tally) -> None:
    tally.add(line(HOSTILE, HOSTILE, model=HOSTILE, status="error", error={"kind": HOSTILE}, passed=None))
    end = ended(tally, broken={HOSTILE: Failure("auth", HOSTILE)})
    for width in (40, 80, 200):
        text = "\n".join(shown(tally, end, width))
        assert "\x1b" not in text and "\u202e" not in text
    markdown = summary_markdown(tally, end, HOSTILE)
    assert not re.search(r"(?<!\\)<img|\x1b|\u202e", markdown)
    assert len({len(re.split(r"(?<!\\)\|", row)) for row in markdown.splitlines() if row.startswith("|")}) == 1
    page = summary_page(tally, end, HOSTILE, AT)
    assert "<img" not in page and "\x1b" not in page and "\u202e" not in page
    assert page.count("</script>") == 1


def test_the_page_needs_nothing_else_and_can_be_sorted(tally: Tally) -> None:
    page = summary_page(tally, ended(tally), "rows.jsonl", AT)
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert "default-src &#39;none&#39;" in page
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    cells = [re.findall(r"<t[hd][^>]*>", row) for row in body.split("</tr>")[:-1]]
    assert [len(row) for row in cells] == [page.partition("<tbody>")[0].count('<th scope="col"')] * 2
    assert 'data-sort="0.9"' in cells[1][3] or 'data-sort="0.900000"' in cells[1][3]
    assert all("data-sort" in cell or "unknown" in cell for row in cells for cell in row)


def test_the_page_draws_rates_with_their_intervals(tally: Tally) -> None:
    page = summary_page(tally, ended(tally), "rows.jsonl", AT)
    plot = page.partition('<svg class="plot')[2].partition("</figure>")[0]
    intervals = re.findall(
        r'<line class="line s(\d)" x1="([\d.]+)%" y1="([\d.]+)%" x2="([\d.]+)%" y2="([\d.]+)%"', plot
    )
    assert [(float(low), float(high)) for _, _, low, _, high in intervals] == [
        pytest.approx((51.0, 5.7), abs=0.1), pytest.approx((40.4, 1.8), abs=0.1)
    ]  # fmt: skip
    assert all(left == right for _, left, _, right, _ in intervals)
    assert "quick@low: 80.0 % (49.0–94.3 %) for $0.01 each" in page


def test_a_page_without_results_says_so() -> None:
    page = summary_page(Tally(), ended(Tally()), "rows.jsonl", AT)
    assert "0 of 0" in page
    assert "<table" not in page and 'class="plot' not in page


def test_a_form_that_no_summary_has_is_refused() -> None:
    from pathlib import Path

    check_summary_paths([Path("a.json"), Path("b.MD"), Path("c.html")])
    with pytest.raises(UsageError, match=r"--summary d\.pdf"):
        check_summary_paths([Path("a.json"), Path("d.pdf")])


@pytest.mark.parametrize("width", [50, 80, 160])
def test_answers_without_text_have_a_column_of_their_own(tally: Tally, width: int) -> None:
    assert "empty" not in " ".join(shown(tally, ended(tally), width))
    assert "empty" not in summary_markdown(tally, ended(tally), "rows")
    tally.add(line("quick", think={"requested": "low", "verdict": "empty"}))
    tally.add(line("quick", think={"requested": "low", "verdict": "empty"}))
    told = shown(tally, ended(tally), width)
    if width == 160:
        assert any("empty" in text and "whole" in text for text in told)
    assert "2 empty" in " ".join(told)
    assert "| empty |" in summary_markdown(tally, ended(tally), "rows")
    assert "empty" in str(summary_page(tally, ended(tally), "rows", AT))


def test_what_a_simulator_answered_is_never_told_without_saying_so(tally: Tally) -> None:
    assert "SIMULATED" not in summary_page(tally, ended(tally), "rows.jsonl", AT)
    tally.add(line("quick", simulated=True))
    words = "1 of 23 results SIMULATED, nothing was charged"
    end = ended(tally)
    for text in (
        "\n".join(shown(tally, end, 120)), summary_markdown(tally, end, "rows.jsonl"),
        summary_page(tally, end, "rows.jsonl", AT),
    ):  # fmt: skip
        assert words in text
    whole = Tally()
    whole.add(line("quick", simulated=True))
    assert "\nSIMULATED, nothing was charged · 1 result" in "\n".join(shown(whole, ended(whole), 80))
    assert whole.groups["quick", "low"].document()["simulated"] == 1
