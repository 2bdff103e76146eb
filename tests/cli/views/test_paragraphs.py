"""Texts without Markdown look the same whether they were parsed or not."""

from __future__ import annotations

import io
from random import Random

from rich.console import Console, Group, RenderableType
from rich.table import Table

from thinkdial.cli.views.markdown import ModelMarkdown
from thinkdial.cli.views.paragraphs import paragraphs_of
from thinkdial.cli.views.run.answers import whole_answer

WORDS = (
    "Yes.",
    "a well-known",
    "naïve",
    "3.5",
    "(see below)",
    "it's",
    '"so"',
    "http://a/b",
    "素数",
    "–",
    "50%:",
)
MARKED = (
    "*a*",
    "1. a",
    "- a",
    "# a",
    "a\n===",
    "    a",
    "a  \nb",
    "`a`",
    "<b>",
    "&amp;",
    "$x$",
    "a|b\n-|-",
    "[a]",
    "",
    " \n",
)


def shown(whole: RenderableType, width: int, *, terminal: bool) -> str:
    paper = Console(
        file=io.StringIO(), width=width, force_terminal=terminal, markup=False, emoji=False, highlight=False
    )
    cell = Table(show_header=False)
    cell.add_column(width=max(8, width // 2), overflow="fold")
    cell.add_row(whole)
    with paper.capture() as captured:
        paper.print(Group(whole))
        paper.print(cell)
    return captured.get()


def test_what_is_not_parsed_looks_as_if_it_were() -> None:
    dice, wrong, taken = Random(5), [], 0
    for _ in range(150):
        pieces = [dice.choice(WORDS) + dice.choice((" ", " ", "  ", "\n", "\n\n", "\n\n\n")) for _ in range(12)]
        text, width = "".join(pieces).strip(" "), dice.choice((20, 33, 60, 100))
        if paragraphs_of(text) is None:
            continue
        taken += 1
        for terminal in (False, True):
            plain = shown(whole_answer(text), width, terminal=terminal)
            if plain != shown(ModelMarkdown(text), width, terminal=terminal):
                wrong.append((text, width))
    assert wrong == [] and taken > 20


def test_what_means_something_is_left_to_the_parser() -> None:
    assert [text for text in MARKED if paragraphs_of(text) is not None] == []
    assert paragraphs_of("\nYes.\n\n\nA line\nand another\n") == ["Yes.", "A line\nand another"]
