"""`@file` in a line that was typed: which files go along, and the message with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ....engine.attachments.attachment import MOST_BYTES, Attachment
from ....engine.attachments.beside import attachments_named
from ....engine.attachments.wishes import AS_USUAL, FileWishes
from ....providers.errors import UsageError

_MENTION = re.compile(r'(?<!\S)@(?:"([^"\n]+)"|(\S+))')
_CLOSERS = ".,;:!?)]}'\""


class Mentions(Struct, frozen=True):
    """What `@` stands before: files, paths that name none, and files that are named in what was pasted."""

    files: tuple[Attachment, ...] = ()
    unknown: tuple[str, ...] = ()
    pasted: tuple[str, ...] = ()


def words_of(text: str) -> frozenset[str]:
    """What stands behind each `@` of `text`."""
    return frozenset(quoted or plain for quoted, plain in _MENTION.findall(text))


def mentions_in(
    text: str,
    pasted: Collection[str],
    note: Callable[[str], None] | None = None,
    wishes: FileWishes = AS_USUAL,
) -> Mentions:
    """The files that `text` mentions; those that somebody else wrote into it, and so pasted, are not read.

    Raises `UsageError` for a file that cannot be read or attached (`read_attachments`), or is too large.
    """
    files: dict[str, None] = {}
    unknown: dict[str, None] = {}
    others: dict[str, None] = {}
    for quoted, plain in _MENTION.findall(text):
        written = quoted or plain
        name = written if quoted else _name_of_file(plain)
        if name is None:
            if "/" in plain or "." in plain.rstrip(_CLOSERS):
                unknown[plain] = None
        elif written in pasted:
            others[name] = None
        else:
            files[name] = None
    found = _attached([*files], note, wishes)
    if sum(len(file.data) for file in found) > MOST_BYTES:
        raise UsageError(f"the files of this message are larger than {MOST_BYTES >> 20} MiB together")
    return Mentions(found, tuple(unknown), tuple(others))


def _attached(paths: Sequence[str], note: Callable[[str], None] | None, wishes: FileWishes) -> tuple[Attachment, ...]:
    """The files at these paths, a text called as it was written."""
    # A colon, a hyphen or an address at the beginning would say something else than a path.
    named = [path if path.startswith(("/", "~")) else f"./{path.removeprefix('./')}" for path in paths]
    return tuple(
        replace(file, name=path if file.kind == "text" else file.name, origin=path)
        for path, file in zip(paths, attachments_named(named, note=note, wishes=wishes), strict=True)
    )


def _name_of_file(word: str) -> str | None:
    """The file that `word` names, perhaps with a sentence's end behind it; None where there is none."""
    for name in dict.fromkeys((word, word.rstrip(_CLOSERS))):
        try:
            if name and Path(name).expanduser().is_file():
                return name
        except (OSError, RuntimeError, ValueError):  # too long, a home that nobody has, a zero byte
            continue
    return None
