"""Columns of a terminal's tables: as wide as they say, with digits below each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from thinkdial.cli.views.grid import Column, needs, ranked, ruled, stacked
from thinkdial.cli.views.numbers import at_the_point

Shown = Callable[..., str]


def lines_of(columns: list[Column], width: int, leading: int = 0) -> list[str]:
    paper = Console(width=width, color_system=None, markup=False, emoji=False, highlight=False, _environ={})
    with paper.capture() as captured:
        paper.print(ruled(columns, leading=leading))
    return [line.rstrip() for line in captured.get().split("\n")]


def right(head: str, *texts: str) -> Column:
    return Column(head, "right", [Text(text) for text in texts])


def test_a_table_is_as_wide_as_its_columns_say() -> None:
    columns = [Column("名前\nx", "left", [Text("a"), Text("日本語")]), right("cost", "1", "$123.45")]
    assert (columns[0].width, columns[1].width, needs(columns)) == (6, 7, 15)
    assert max(map(cell_len, lines_of(columns, 80))) == 15
    assert needs([Column("", "left", [])]) == 0


def test_a_cell_at_the_right_keeps_its_last_blanks() -> None:
    columns = [right("head", "1.5  ", "12 *", "–    ", "  "), Column("after", "left", [Text("|")] * 4)]
    assert lines_of(columns, 40)[2:6] == ["1.5    |", " 12 *  |", "–      |", "       |"]


def test_each_line_of_a_cell_stands_for_itself() -> None:
    cells = stacked([Text("1.50 s *"), Text("20.0 s  ")], [Text("3"), Text("4")])
    columns = [Column("first\ntotal", "right", cells), Column("", "left", [Text("|\n|")] * 2)]
    assert lines_of(columns, 40, leading=1) == [
        "   first", "   total", "───────────", "1.50 s *  |", "       3  |", "", "20.0 s    |", "       4  |", "",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [6, 8, 11, 14, 20])
def test_a_cell_that_does_not_fit_is_folded_and_never_cut(width: int) -> None:
    columns = [Column("name", "left", [Text("a-long-name")]), right("cost", "$123,456.78  ")]
    lines = lines_of(columns, width, leading=1)
    assert max(map(cell_len, lines)) <= width
    assert sorted("".join(lines).replace("─", "").replace(" ", "")) == sorted("namecosta-long-name$123,456.78")


def test_styles_of_cells_stay() -> None:
    paper = Console(width=40, color_system="truecolor", force_terminal=True, _environ={})
    with paper.capture() as captured:
        paper.print(ruled([Column("x", "right", [Text("1  "), Text("22 *", "bold green")])]))
    assert "\x1b[1;32m22 *\x1b[0m" in captured.get() and " 1  " in captured.get()


def test_the_best_has_a_mark_and_the_others_its_room() -> None:
    best = [frozenset({"total"}), frozenset[str](), frozenset({"rate"})]
    assert [text.plain for text in ranked(["1", "2", "3"], "total", best)] == ["1 ★", "2  ", "3  "]
    assert [text.plain for text in ranked(["1", "2", "3"], "cost", best)] == ["1", "2", "3"]
    assert [text.plain for text in ranked(["1", "2", "3"], "cost", best, beside="rate")] == ["1  ", "2  ", "3  "]
    assert ranked([], "total", []) == []


def test_points_are_one_below_the_other() -> None:
    assert at_the_point(["$1.24", "$0.0071", "$3", "–"]) == ["$1.24  ", "$0.0071", "$3     ", "–"]
    assert at_the_point(["$1 + 2 unknown", "$0.0071"]) == ["$1 + 2 unknown", "$0.0071"]
    assert at_the_point(["$1", "$22"]) == ["$1", "$22"] and at_the_point([]) == []
    assert at_the_point(["$1.5", "$3", "–"], "f", "p") == ["$1.5", "$3pf", "–"]
