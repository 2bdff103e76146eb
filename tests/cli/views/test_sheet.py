"""Tables and lines in plain text: the same as Rich draws, or left to it."""

from __future__ import annotations

import random

from thinkdial.cli.output import rendered
from thinkdial.cli.views.beside import Paragraphs, SideBySide, Stacked
from thinkdial.cli.views.grid import Column, FigureColumn, FigureTable, LineCells, cells
from thinkdial.cli.views.line import Line, line_of
from thinkdial.cli.views.sheet import Indented, Part, Sheet

WORDS = (
    "a", "of", "input", "Cost", "–", "$0.0071", "名前", "日本語", "→", "✓", "≈", "e\u0301", "\U0001f44d",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f", "\U0001f1e9\U0001f1ea", "a\u00a0b", "half  blanks",
    "a-long-name-with-dashes", '{"type":', "│", "x\ty", "\ufb00", "Ω", "한국어", " ",
)  # fmt: skip


def text_by(dice: random.Random, most: int) -> str:
    """Words of any width, at times on several lines, at times with blanks where nobody expects them."""
    plain = dice.random() < 0.7
    words = [dice.choice(WORDS[:9] if plain else WORDS) for _ in range(dice.randint(0, most))]
    return "".join(word + dice.choice((" ", " ", " ", " ", " ", "  ", "\n")) for word in words)


def table_by(dice: random.Random) -> FigureTable:
    rows, count = dice.randint(0, 4), dice.randint(1, 5)
    columns: list[FigureColumn] = []
    for _ in range(count):
        texts = [text_by(dice, dice.choice((1, 3, 20))) for _ in range(rows)]
        made = LineCells([Line((text[:3], "bold"), (text[3:], "dim")) for text in texts])
        column = Column(
            text_by(dice, 2), dice.choice(("left", "right")), made if dice.random() < 0.5 else cells(texts, "dim")
        )
        folds, width = dice.random() < 0.5, dice.choice((None, None, None, 6))
        least = dice.choice((None, None, None, 7)) if width is None else None
        columns.append(FigureColumn(column, "cyan", width, folds, cropped=dice.random() < 0.5, least=least))
    return FigureTable(
        columns, has_head=dice.random() < 0.7, has_total=dice.random() < 0.3, is_ruled=dice.random() < 0.6,
        leading=dice.choice((0, 0, 1)), sections=frozenset(dice.sample(range(4), dice.randint(0, 2))),
        caption=dice.choice((None, Line((text_by(dice, 20), "dim")))), unfolded=dice.random() < 0.3,
    )  # fmt: skip


def beside_by(dice: random.Random, width: int) -> SideBySide:
    count = dice.randint(1, 4)
    made = [[line_of(text_by(dice, 9), "bold") for _ in range(dice.randint(1, count))] for _ in range(2)]
    last = [Stacked([Paragraphs([text_by(dice, 9), "Yes."]), line_of(text_by(dice, 5), "red")]) for _ in range(count)]
    return SideBySide([*made, last][: dice.randint(1, 3)], count, width // count - 3)


def test_text_is_what_rich_draws_or_none() -> None:
    """Over many tables and widths, with wide characters, odd blanks, and columns that must be folded."""
    dice, drawn, folded, wrong = random.Random("sheets"), 0, 0, list[str]()
    parts: list[Line | Part | FigureTable]
    for number in range(1500):
        width = dice.choice((12, 20, 40, 60, 80, 100, 200))
        line = line_of(text_by(dice, 30), "dim")
        others = (line, Indented(line), beside_by(dice, width))
        parts = [table_by(dice) if dice.random() < 0.7 else dice.choice(others)]
        text = Sheet(parts).text(width)
        if text is None:
            continue
        drawn += 1
        folded += text.count("\n") > rendered(*parts, width=1000).count("\n")
        if text != (whole := rendered(*parts, width=width)):
            wrong.append(f"{number}, {width} columns:\n{whole}\nbut\n{text}")
    assert not wrong, f"{len(wrong)} of {drawn}\n" + "\n".join(wrong[:3])
    assert drawn > 400 and folded > 50, (drawn, folded)
