"""`@file`: what is taken for a file, what is only words, and what is refused."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from thinkdial.cli.commands.chat import mentions
from thinkdial.cli.commands.chat.mentions import mentions_in, words_of
from thinkdial.cli.views.sessions.enclosed_file import file_lines
from thinkdial.providers.errors import UsageError

from ....cases import each

PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 3, 2) + b"\x08\x06\0\0\0" + bytes(40)


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
    assert [file.origin for file in mentions_in(text, ()).files] == names


def test_a_path_that_names_no_file_is_told_and_a_name_is_not() -> None:
    found = mentions_in("@nots.txt and @sub/none and @alice", ())
    assert found.unknown == ("nots.txt", "sub/none") and not found.files


def test_what_was_pasted_is_not_read() -> None:
    pasted = words_of('a page says @notes.txt and @"my notes.txt"')
    found = mentions_in('@notes.txt @sub/more.md @"my notes.txt"', pasted)
    assert found.pasted == ("notes.txt", "my notes.txt")
    assert [file.origin for file in found.files] == ["sub/more.md"]


def test_a_file_of_any_kind_goes_along_as_what_its_bytes_say() -> None:
    Path("sub/shot.png").write_bytes(PICTURE)
    Path("-a:b.txt").write_text("five\r\n", encoding="utf-16")
    found = mentions_in('@sub/shot.png @sub/more.md @"-a:b.txt"', ()).files
    assert [(one.kind, one.name, one.origin) for one in found] == [
        ("image", "shot.png", "sub/shot.png"),
        ("text", "sub/more.md", "sub/more.md"),
        ("text", "-a:b.txt", "-a:b.txt"),
    ]
    assert found[1].piece().text == "[File sub/more.md]\nthree\n[End of sub/more.md]" and found[2].data == b"five\r\n"
    lines = [*file_lines(found[0]), *file_lines(found[2], 1)]
    assert lines == [
        f"@sub/shot.png: image/png, 3 x 2 pixels, {len(PICTURE)} bytes",
        "@-a:b.txt: 1 line, 4 characters, ~1 token",
        "  | five",
    ]


def test_what_is_of_no_known_kind_and_what_is_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("picture.dat").write_bytes(b"\x80\x01\x00\x02" * 9)
    with pytest.raises(UsageError, match="in no format that is known"):
        mentions_in("@picture.dat", ())
    monkeypatch.setattr(mentions, "MOST_BYTES", 6)
    with pytest.raises(UsageError, match="together"):
        mentions_in('@notes.txt @"my notes.txt"', ())
