"""`@file` in a line that was typed: which files go along, and the message with them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from msgspec import Struct

from ....providers.errors import UsageError
from ...prompt import MAX_PROMPT_BYTES, read_text

_MENTION = re.compile(r'(?<!\S)@(?:"([^"\n]+)"|(\S+))')
_CLOSERS = ".,;:!?)]}'\""


class MentionedFile(Struct, frozen=True):
    """A file that goes along, as it was named."""

    name: str
    text: str


class Mentions(Struct, frozen=True):
    """What `@` stands before: files, paths that name none, and files that are named in what was pasted."""

    files: tuple[MentionedFile, ...] = ()
    unknown: tuple[str, ...] = ()
    pasted: tuple[str, ...] = ()


def words_of(text: str) -> frozenset[str]:
    """What stands behind each `@` of `text`."""
    return frozenset(quoted or plain for quoted, plain in _MENTION.findall(text))


def mentions_in(text: str, pasted: Collection[str]) -> Mentions:
    """The files that `text` mentions; those that somebody else wrote into it, and so pasted, are not read.

    Raises `UsageError` for a file that cannot be read, is no text, or is too large.
    """
    files: dict[str, MentionedFile] = {}
    unknown: dict[str, None] = {}
    others: dict[str, None] = {}
    size = 0
    for quoted, plain in _MENTION.findall(text):
        written = quoted or plain
        name = written if quoted else _name_of_file(plain)
        if name is None:
            if "/" in plain or "." in plain.rstrip(_CLOSERS):
                unknown[plain] = None
        elif written in pasted:
            others[name] = None
        elif name not in files:
            files[name] = MentionedFile(name, read_text(Path(name).expanduser()))
            size += len(files[name].text)
            if size > MAX_PROMPT_BYTES:
                raise UsageError(f"the files of this message are larger than {MAX_PROMPT_BYTES >> 20} MiB together")
    return Mentions(tuple(files.values()), tuple(unknown), tuple(others))


def with_files(text: str, files: Sequence[MentionedFile]) -> str:
    """The message as it is sent: what was typed, then each file under its name."""
    return "\n\n".join([text, *(f"File {file.name}:\n\n{file.text.strip(chr(10))}" for file in files)])


def _name_of_file(word: str) -> str | None:
    """The file that `word` names, perhaps with a sentence's end behind it; None where there is none."""
    for name in dict.fromkeys((word, word.rstrip(_CLOSERS))):
        try:
            if name and Path(name).expanduser().is_file():
                return name
        except (OSError, RuntimeError, ValueError):  # too long, a home that nobody has, a zero byte
            continue
    return None
