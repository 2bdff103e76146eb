"""How a text is encoded, and the same text as UTF-8."""

from __future__ import annotations

import io

import pytest

from thinkdial.engine.attachments.encodings import Utf8Stream, as_utf8, encoding_of

from ...cases import each

TEXTS = ("prompt", "grün, für 1 €\r\nzwei", '{"id": "a", "prompt": "\U0001f389"}\n')


@each("text", TEXTS)
@each("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_encoding_is_recognised(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert data.decode(encoding_of(data)).removeprefix("\ufeff") == text


@each("data", [b"", b"a", b"a\0", b"\x89PNG\r\n\x1a\n\0\0\0", b"\0\0\0\0\0\0", b"caf\xe9"])
def test_what_is_no_utf16_is_not_taken_for_it(data: bytes) -> None:
    assert encoding_of(data) == "utf-8-sig"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_a_stream_is_the_same_however_it_is_read(size: int) -> None:
    text = "".join(TEXTS) * 5
    source = io.BufferedReader(io.BytesIO(text.encode("utf-16")), buffer_size=size)
    stream = io.BufferedReader(Utf8Stream(source, "utf-16"), buffer_size=size)
    assert b"".join(iter(lambda: stream.read(size), b"")).decode() == text


def test_half_a_character_at_the_end_is_a_replacement() -> None:
    source = io.BufferedReader(io.BytesIO(b"\xff\xfea\0b"))
    assert io.BufferedReader(Utf8Stream(source, "utf-16")).read().decode() == "a\ufffd"


def test_what_is_utf16_is_made_utf8_and_nothing_else_is() -> None:
    assert as_utf8("grün\r\n".encode("utf-16")) == "grün\r\n".encode()
    assert as_utf8(b"plain") is None and as_utf8(b"\xff\xfea") is None
