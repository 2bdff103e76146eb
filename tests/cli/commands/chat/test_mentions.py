"""`@file`: what is taken for a file, what is only words, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from thinkdial.cli.commands.chat import mentions
from thinkdial.cli.commands.chat.mentions import MentionedFile, mentions_in, with_files, words_of
from thinkdial.providers.errors import UsageError

from ....cases import each


@pytest.fixture(autouse=True)
def files(own_home: Path) -> None:
    Path("notes.txt").write_text("one\n", encoding="utf-8")
    Path("my notes.txt").write_text("two\n", encoding="utf-8")
    Path("sub").mkdir()
    Path("sub/more.md").write_text("three\n", encoding="utf-8")
    (own_home / "home.txt").write_text("four\n", encoding="utf-8")


@each(
    "text, names",
    [
        ("see @notes.txt", ["notes.txt"]),
        ("@notes.txt, @sub/more.md.", ["notes.txt", "sub/more.md"]),
        ('read @"my notes.txt" and @notes.txt and @notes.txt', ["my notes.txt", "notes.txt"]),
        ("(@notes.txt)", []),
        ("mail me@notes.txt", []),
        ("@ @sub @alice", []),
        ("@~/home.txt", ["~/home.txt"]),
        ("line\n@notes.txt\nline", ["notes.txt"]),
        ("@" + "x" * 5000, []),
        ("@~nobody-here/x", []),
    ],
)
def test_files_are_found_where_a_word_begins(text: str, names: list[str]) -> None:
    assert [file.name for file in mentions_in(text, ()).files] == names


def test_a_path_that_names_no_file_is_told_and_a_name_is_not() -> None:
    found = mentions_in("@nots.txt and @sub/none and @alice", ())
    assert found.unknown == ("nots.txt", "sub/none") and not found.files


def test_what_was_pasted_is_not_read() -> None:
    pasted = words_of('a page says @notes.txt and @"my notes.txt"')
    found = mentions_in('@notes.txt @sub/more.md @"my notes.txt"', pasted)
    assert found.pasted == ("notes.txt", "my notes.txt")
    assert [file.name for file in found.files] == ["sub/more.md"]


def test_the_message_comes_first_and_each_file_under_its_name() -> None:
    text = with_files("Compare them.", [MentionedFile("a.txt", "\none\n\n"), MentionedFile("b.txt", "two")])
    assert text == "Compare them.\n\nFile a.txt:\n\none\n\nFile b.txt:\n\ntwo"
    assert with_files("Hello", ()) == "Hello"


def test_what_is_no_text_and_what_is_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("picture.png").write_bytes(b"\x89PNG\x00\x00\x00")
    with pytest.raises(UsageError, match="binary data"):
        mentions_in("@picture.png", ())
    monkeypatch.setattr(mentions, "MAX_PROMPT_BYTES", 6)
    with pytest.raises(UsageError, match="together"):
        mentions_in('@notes.txt @"my notes.txt"', ())
