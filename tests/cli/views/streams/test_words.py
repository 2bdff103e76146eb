"""Words of a stream: whole, behind their bar, and never later than their end."""

from __future__ import annotations

import random

from thinkdial.cli.views.streams.words import WordStream

from ....cases import each

TEXT = "\n\nA direct computation is short; an estimate would be faster.\n\n\n\nWith  an extreme\n  value (0 or ∞)\n\n"


def written(text: str, width: int, bar: str = "", seed: int = 0) -> str:
    stream, chance, out = WordStream(lambda: width, bar), random.Random(seed), ""
    while text:
        size = chance.randint(1, 7)
        out, text = out + stream.feed(text[:size]), text[size:]
    return out + stream.end()


@each("width", [16, 24, 40, 80])
@each("seed", [1, 2, 3])
def test_no_word_is_cut_however_the_pieces_come(width: int, seed: int) -> None:
    for bar in ("", "┊ "):
        lines = written(TEXT, width, bar, seed).split("\n")
        assert all(len(line) < width for line in lines if max(map(len, line.split() or [""])) < width - 3)
        assert " ".join(lines).replace("┊", " ").split() == TEXT.split()
        assert written(TEXT, width, bar, seed) == written(TEXT, width, bar, 9)


def test_behind_a_bar_one_blank_line_is_enough() -> None:
    assert written(TEXT, 80, "┊ ").split("\n") == [
        "┊ A direct computation is short; an estimate would be faster.",
        "┊",
        "┊ With  an extreme",
        "┊   value (0 or ∞)",
        "",
    ]


def test_without_one_the_text_stays_as_it_is() -> None:
    assert written(TEXT, 80) == TEXT


def test_what_is_longer_than_a_line_is_broken_into_lines_and_not_held() -> None:
    stream = WordStream(lambda: 11)
    assert stream.feed("漢字" * 10).count("\n") >= 2
    assert stream.end().endswith("\n")
    assert stream.end() == ""


def test_a_word_is_written_as_it_comes_where_its_rest_has_room_and_else_as_soon_as_it_ends() -> None:
    stream = WordStream(lambda: 80)
    assert [stream.feed(piece) for piece in ("Ye", "s, ", "it is", " so.")] == ["Ye", "s,", " it is", " so."]
    assert stream.end() == "\n"
    stream = WordStream(lambda: 30)
    pieces = ("It is", " not con", "sider", "ed at", " length", ".")
    assert [stream.feed(piece) for piece in pieces] == ["It is", " not", "", " considered", " at", ""]
    assert stream.end() == "\nlength.\n"
