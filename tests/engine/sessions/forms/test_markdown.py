"""Markdown: what people read, and what it is again when it is read."""

from __future__ import annotations

from typing import Any

import pytest

from thinkdial.engine.sessions.forms import markdown
from thinkdial.engine.sessions.forms.json_object import FormError
from thinkdial.engine.sessions.forms.lists import file_of_transcript, write_form
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Origin, Turn, said

from ....cases import each

HERE = Origin("anthropic", "https://api.anthropic.com", "anthropic-messages", "claude-opus-5-5")


def turn(asked: str, *pieces: TurnPiece, **more: Any) -> Turn:
    return Turn(1, more.pop("results", ()) + said(asked), pieces, HERE, **more)


def text(words: str) -> TurnPiece:
    return TurnPiece("text", words, "text")


def page(*turns: Turn, system: str | None = "Be brief.", name: str = "Tea") -> str:
    return write_form("md", name, system, turns).text


def test_a_page_is_readable() -> None:
    signed = TurnPiece("thinking", "7 x 13", "thinking", {"signature": "SIGNED"})
    written = page(turn("Is 91 prime?", signed, text("No.")), system=None)
    assert "SIGNED" not in written
    assert [line for line in written.splitlines() if line and not line.startswith("<!--")] == [
        "# Tea", "## 1 · you", "Is 91 prime?", "## 1 · claude-opus-5-5, reasoning", "7 x 13",
        "## 1 · claude-opus-5-5", "No.",
    ]  # fmt: skip


ODD_WORDS = [
    "# a heading", "\n\nblank lines\n\n", "<!-- thinkdial:asked -->", "a\n<!-- thinkdial:answered -->\nb",
    "<!-- thinkdial\\:asked -->", "\r\nwindows\r\n", "  indented", "ends in a line\n", "-->", '{"a": "-->"}',
    "```\ncode\n```", "a\u2028b\x1b[2J", "## 1 · you",
]  # fmt: skip


@each("words", ODD_WORDS)
@each("name", ["Tea", "A <!-- b --> 'c'", "茶"])
def test_whatever_was_said_is_read_again(words: str, name: str) -> None:
    call = TurnPiece("call", words, id="call --> 1", name="mul\u00a0")
    result = TurnPiece("result", words, id="call --> 1", name="mul")
    turns = [turn(words, text(words), call), turn("Go on", text("x"), text(words), results=(result,))]
    written = page(*turns, system=words, name=name)
    read = markdown.read(written)
    assert (read.system, read.name, read.authors) == (words, name, ("claude-opus-5-5",) * 2)
    for before, after in zip(turns, read.turns, strict=True):
        wanted = [(piece.kind, piece.text, piece.id, piece.name) for piece in (*before.asked, *before.pieces)]
        assert [(p.kind, p.text, p.id, p.name) for p in (*after.asked, *after.answered)] == wanted
    nodes = file_of_transcript(read, "md", read.name, "2026-11-30T10:00:00Z").nodes
    assert page(*(node.turn for node in nodes), system=read.system, name=read.name) == written


@pytest.mark.parametrize(
    ("written", "said_so"),
    [
        ("# My notes\n", "line 1: this is no Markdown of an exported session"),
        ("notes\n<!-- thinkdial:asked -->\n\na\n", "line 1: this is no Markdown"),
        (
            "<!-- thinkdial:session -->\n# a\n\n<!-- thinkdial:poem -->\nx\n",
            "line 4: 'poem' is no part of a conversation",
        ),
        ("<!-- thinkdial:session {broken} -->\n# a\n", "line 1: the mark of this part is damaged"),
        ("<!-- thinkdial:session -->\n# a\n", "there is no message of the user in it"),
    ],
)
def test_other_pages_are_refused(written: str, said_so: str) -> None:
    with pytest.raises(FormError, match=said_so):
        markdown.read(written)
