"""Lines by terminal cells."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from thinkdial.cli.views.run.excerpt import excerpt
from thinkdial.cli.views.streams.tail import KEPT_CHARACTERS, KEPT_LINES, Tail
from thinkdial.cli.views.wrap import columns_that_fit, fit, wrap, wrap_line

from ...cases import each

TEXTS = [
    "",
    "one two three",
    "x" * 50,
    "漢字" * 20,
    "  indented line of words",
    "a " * 40,
    "👩‍💻 " * 9,
    "\tx y",
    "a  b",
    "e\u0301" * 30,
]


@each("width", [1, 2, 3, 10, 36])
@each("text", TEXTS)
def test_no_piece_is_wider_than_asked_and_nothing_is_lost(text: str, width: int) -> None:
    pieces = list(wrap_line(text, width))
    assert all(cell_len(piece) <= max(2, width) for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_words_are_kept_whole_and_further_lines_indented() -> None:
    assert list(wrap_line("- one two three", 10, "  ")) == ["- one two", "  three"]
    assert wrap("a b\n\nc", 80) == ["a b", "", "c"]


@each("text", TEXTS)
def test_fit_is_exact(text: str) -> None:
    assert cell_len(fit(text.replace("\t", " "), 12)) == 12
    assert fit(text, 0) == ""


@each(
    ("count", "width", "columns"),
    [(1, 160, 1), (2, 80, 2), (3, 80, 2), (2, 74, 1), (4, 160, 4), (5, 160, 3), (8, 160, 4), (0, 80, 1)],
)
def test_columns_are_spread_evenly(count: int, width: int, columns: int) -> None:
    assert columns_that_fit(count, width, 36) == columns


def test_excerpt_shows_both_ends() -> None:
    short = "one\n\ntwo"
    assert excerpt(short, 40) == ["one", "two"]
    lines = excerpt("\n".join(f"line {n}" for n in range(100)), 40)
    assert lines == ["line 0", "line 1", "line 2", "[… 757 characters …]", "line 98", "line 99"]
    lines = excerpt("word " * 100_000, 40)
    assert len(lines) == 6 and all(len(line) <= 40 for line in lines)


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_a_tail_reads_the_same_however_it_arrives(size: int) -> None:
    text = "The quick brown fox jumps.\n\nOver the  lazy dog\r\nand \x1b[31m away 👩‍💻 it goes, " + "x" * 60 + " end "
    tail, whole = Tail(), Tail()
    for start in range(0, len(text), size):
        tail.add(text[start : start + size])
        tail.lines(20, 5)
    whole.add(text)
    assert [line.rstrip() for line in tail.lines(20, 50)] == [line.rstrip() for line in whole.lines(20, 50)]


def test_a_tail_is_bounded_and_follows_the_width() -> None:
    tail = Tail()
    assert not tail and tail.lines(20, 5) == []
    for number in range(5000):
        tail.add(f"word{number} ")
        if number % 100 == 0:
            tail.lines(20, 5)
    assert len(tail.lines(20, 10_000)) <= KEPT_LINES + 1
    assert tail.lines(20, 1) != tail.lines(60, 1)
    assert len(" ".join(tail.lines(60, 10_000))) <= KEPT_CHARACTERS
    assert tail.last_words(15) == "rd4998 word4999"
    assert cell_len(Tail().last_words(5)) == 0
    wide = Tail()
    wide.add("漢字" * 100)
    assert cell_len(wide.last_words(15)) <= 15
