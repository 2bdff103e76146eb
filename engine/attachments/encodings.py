"""How a text that somebody gives is encoded: UTF-8, or the UTF-16 that PowerShell's redirection writes."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

ENOUGH_BYTES = 64
"""Of the beginning, to recognise an encoding by."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(beginning: bytes) -> str:
    """The encoding of a text that begins so: by its mark, or by the zeros that UTF-16 has in nearly any script.

    `utf-8-sig` where nothing tells of another.
    """
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    start = beginning[:ENOUGH_BYTES]
    odd, even = start[1::2], start[::2]
    if len(odd) >= 2 and 2 * odd.count(0) > len(odd) and 0 not in even:
        return "utf-16-le"
    if len(even) >= 2 and 2 * even.count(0) > len(even) and 0 not in odd:
        return "utf-16-be"
    return "utf-8-sig"


def as_utf8(data: bytes) -> bytes | None:
    """The same text in UTF-8, of one in UTF-16 or UTF-32; None for what is neither."""
    encoding = encoding_of(data)
    if encoding == "utf-8-sig":
        return None
    try:
        return data.decode(encoding).removeprefix("\ufeff").encode()
    except UnicodeError:
        return None


class Utf8Stream(io.RawIOBase):
    """The text of `source` as UTF-8, whatever its `encoding`. Bytes that are none become replacement characters."""

    def __init__(self, source: io.BufferedReader, encoding: str) -> None:
        super().__init__()
        self._source, self._decoder = source, codecs.getincrementaldecoder(encoding)("replace")
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        while not self._ready and not self._ended:
            given = self._source.read1(len(view))
            self._ended = not given
            self._ready = self._decoder.decode(given, final=self._ended).encode("utf-8", "replace")
        taken, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(taken)] = taken
        return len(taken)
