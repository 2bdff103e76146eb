"""Cells as people see them: medians with intervals at any width, stars with their reason, and what is not known."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len

from thinkdial.cli.views.cells.cell_table import cells_table
from thinkdial.cli.views.cells.cell_words import cell_rows, measure_words, span
from thinkdial.cli.views.run.dial import labels
from thinkdial.engine.cells.cell import cells_of, typical_of
from thinkdial.engine.cells.measure import measure_of
from thinkdial.engine.cells.stars import samples_needed
from thinkdial.engine.results.result import Result, ThinkReceipt

Make = Callable[..., Result]
Shown = Callable[..., str]


def samples(result: Make, profile: str, count: int, base: float = 4.0, **changes: Any) -> list[Result]:
    return [
        result(
            profile, id=f"{profile}{n}", repeat=n, latency={"total_s": base + n / 10},
            reasoning={"tokens": 300 + 10 * n}, cost={"usd": Decimal(700 + n) / 100_000}, **changes,
        )
        for n in range(1, count + 1)
    ]  # fmt: skip


def text_of(shown: Shown, results: list[Result], width: int) -> str:
    cells = cells_of(results)
    return shown(cells_table(cells, results, width, samples_needed(len(cells))), width)


def test_answers_of_which_no_two_are_alike_do_not_agree(result: Make, shown: Shown) -> None:
    made = [result("claude", repeat=n, answer=f"it is {n}") for n in (1, 2, 3)]
    flat = " ".join(text_of(shown, made, 160).split())
    assert "all 3 differ" in flat and "agree" not in flat


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_a_table_of_cells_fits_and_has_every_cell(result: Make, shown: Shown, width: int) -> None:
    made = [*samples(result, "claude", 6), *samples(result, "a-rather-long-name", 6, base=40.0)]
    text = text_of(shown, made, width)
    assert all(cell_len(line) <= width for line in text.split("\n"))
    flat = " ".join(text.split())
    assert "claude@high" in flat and "n 6" in flat and "6 of 6 agree" in flat and "6 as asked" in flat
    assert "4.35 s" in flat and ("40.3 s" in flat or "40.4 s" in flat) and "$0.007" in flat


def test_median_interval_and_range_stand_below_each_other(result: Make, shown: Shown) -> None:
    text = text_of(shown, samples(result, "claude", 9), 160)
    assert "350" in text and "320–380" in text and "310–390" in text
    assert "96 % sure" in text or "95 % sure" in text


def test_a_star_has_its_reason_and_so_has_its_absence(result: Make, shown: Shown) -> None:
    apart = [*samples(result, "fast", 6, base=1.0), *samples(result, "slow", 6, base=9.0)]
    starred = text_of(shown, apart, 160)
    assert "1.35 s ★" in starred and "Holm-corrected for 2 cells" in starred
    alike = text_of(shown, [*samples(result, "one", 6), *samples(result, "two", 6)], 160)
    assert "no ★: no cell is shown to be better" in alike and alike.count("★") == 1
    few = " ".join(text_of(shown, [*samples(result, "one", 2), *samples(result, "two", 2, base=9.0)], 160).split())
    assert "no ★: 2 samples of 2 cells cannot show a best one; --repeat 4 can" in few
    assert "★" not in text_of(shown, samples(result, "alone", 6), 160)


def test_what_nobody_reported_is_told(result: Make) -> None:
    def words(*values: int | None) -> tuple[str, str, str]:
        return measure_words(measure_of(values), lambda amount: f"{amount}", len(values))

    assert words(1, None, 3) == ("2.0", "1–3", "of 2") or words(1, None, 3) == ("2", "1–3", "of 2")
    assert words(None, None) == ("–", "", "2 unknown")
    assert words(5, 5, 5) == ("5", "all alike", "")
    assert words(4) == ("4", "", "")


def test_a_span_has_its_unit_once() -> None:
    assert span("3.02 s", "4.10 s") == "3.02–4.10 s" and span("$0.0071", "$0.0123") == "$0.0071–0.0123"
    assert span("4 ms", "0.10 s") == "4 ms–0.10 s" and span("312", "312") == "312"


def test_failed_samples_and_cut_answers_are_counted(result: Make) -> None:
    made = samples(result, "claude", 3)
    made[1] = result(repeat=2, status="error", answer="", finish="error")
    made[2] = result(repeat=3, think={"verdict": "starved"}, finish="length")
    (row,) = cell_rows(cells_of(made))
    assert (row.samples, row.verdicts) == ("n 1 of 3", "1 as asked, 1 starved, 1 failed")


def test_samples_are_called_by_their_number(result: Make) -> None:
    low = ThinkReceipt("low", {}, "exact")
    made = [*samples(result, "claude", 2), *samples(result, "gpt", 1), *samples(result, "gpt", 1, think=low)]
    assert labels(made) == ["claude #1", "claude #2", "gpt@high #1", "gpt@low #1"]


def test_of_each_cell_one_answer_is_read_first(result: Make) -> None:
    made = [result(repeat=n, answer=answer) for n, answer in enumerate(["Yes.", "No.", "no", ""], 1)]
    assert [one.repeat for one in typical_of(made)] == [2]
    assert [one.repeat for one in typical_of(made[3:])] == [4]


def test_hostile_names_of_cells_are_harmless(result: Make, shown: Shown) -> None:
    text = text_of(shown, samples(result, "\x1b]0;x\x07[bold]p[/]", 2, model="m\u202e"), 160)
    assert "\x1b" not in text and "\u202e" not in text and "[bold]p[/]" in text
