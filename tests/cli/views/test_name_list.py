"""Lists: no name is broken on a terminal, and on a pipe every row is one line of whole cells."""

from __future__ import annotations

from io import StringIO

from rich.console import Console, Group
from rich.text import Text

from thinkdial.cli.views.grid import Column, cells
from thinkdial.cli.views.name_list import NameList, OnScreen, tabbed

from ...cases import each

NAMES = ["mistral-medium-latest", "accounts/fireworks/models/deepseek-v4p1-flash", "short"]


def listing(**named: object) -> NameList:
    columns = (
        Column("model", "left", cells(NAMES)),
        Column("takes", "left", cells(["low medium high xhigh max"] * 3)),
        Column("default", "left", cells(["a long default value"] * 3)),
        Column("price", "right", cells(["8 / 40", "0.1 / 0.5", "–"])),
    )
    return NameList(columns, **named)  # type: ignore[arg-type]


def lines(shown: object, width: int) -> list[str]:
    console = Console(width=width, file=StringIO(), color_system=None, _environ={})
    console.print(shown)
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@each("width", [50, 60, 80, 100, 120, 160])
def test_no_name_is_broken_and_no_line_too_long(width: int) -> None:
    for given in (listing(), listing(folds="takes"), listing(spare=frozenset({"price"}), groups=["a", "a", "b"])):
        shown = lines(given, width)
        assert max(map(len, shown)) <= width
        for name in NAMES:
            assert any(name in line for line in shown)


def test_what_does_not_fit_is_left_out_then_folded_then_below() -> None:
    given = listing(spare=frozenset({"default"}), folds="takes", labelled=frozenset({"price"}))
    assert lines(given, 120)[0].split() == ["model", "takes", "default", "price"]
    assert lines(given, 90)[0].split() == ["model", "takes", "price"]
    assert len(lines(given, 90)) == 4
    assert len(lines(given, 75)) == 7
    assert lines(given, 60)[:2] == ["mistral-medium-latest", "  low medium high xhigh max · price 8 / 40"]


def test_a_pipe_gets_a_line_a_row_with_tabs_and_no_words_for_readers() -> None:
    given = listing(groups=["x", "x", "y"], group_head="provider", marks=["", "*", ""], spare=frozenset({"price"}))
    text = list(tabbed(Group(given, OnScreen(Text("* a remark")))))
    assert text[0] == "provider\tmodel\ttakes\tdefault\tprice\tmarks"
    assert text[2].split("\t") == ["x", NAMES[1], "low medium high xhigh max", "a long default value", "0.1 / 0.5", "*"]
    assert len(text) == 4
