"""The order of text and files in a prompt."""

from __future__ import annotations

import pytest

from tests.files_made import pdf, png
from thinkdial.engine.attachments.placement import placed
from thinkdial.engine.attachments.sources import attachment_of
from thinkdial.providers.errors import UsageError

CHART, PAPER = attachment_of(png(), "chart.png", "chart.png"), attachment_of(pdf(), "paper.pdf", "paper.pdf")


def names(text: str) -> list[str | None]:
    return [piece.name if piece.kind == "file" else piece.text for piece in placed(text, [CHART, PAPER])]


def test_files_come_after_the_text_in_their_order() -> None:
    assert names("What is it?") == ["What is it?", "chart.png", "paper.pdf"]


def test_a_file_stands_where_it_is_named() -> None:
    assert names("See {{file:paper.pdf}} and say.") == ["See ", "paper.pdf", " and say.", "chart.png"]


def test_a_place_without_its_file_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"no attachment has that name \(did you mean chart.png\?\)"):
        placed("{{file:chart.jpg}}", [CHART])
    with pytest.raises(UsageError, match="several"):
        placed("{{file:chart.png}}", [CHART, CHART])


def test_a_text_is_words_under_its_name() -> None:
    (piece,) = placed("{{file:a.txt}}", [attachment_of(b"one\ntwo\n", "a.txt", "a.txt")])
    assert (piece.kind, piece.text) == ("text", "[File a.txt]\none\ntwo\n[End of a.txt]")


def test_words_of_a_file_are_set_apart_from_other_words() -> None:
    note = attachment_of(b"one\n", "a.txt", "a.txt")
    whole = "".join(piece.text for piece in placed("Read {{file:a.txt}} and say.", [note]))
    assert whole == "Read \n\n[File a.txt]\none\n[End of a.txt]\n\n and say."
    assert placed("Look.", [CHART])[0].text == "Look."
