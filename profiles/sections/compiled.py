"""What shipped files of facts are read into, kept on disk: to read their YAML takes a hundred times as long."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

from msgspec import MsgspecError, msgpack

from .kept import keep, kept

FORM = 1
"""Changes whenever what is kept does, and no file of facts or module that reads it has."""

_PROFILES = Path(__file__).parent.parent
_READERS = (_PROFILES, _PROFILES / "cards", _PROFILES / "sections")
"""Where the modules lie that read facts."""

T = TypeVar("T")


def kept_or_read(file: Path, kind: type[T], read: Callable[[], T]) -> T:
    """What `file` is read into: as it is kept, if that is of this very file, else what `read` makes of it, kept.

    Raises `OSError` where there is no such file, and what `read` raises.
    """
    mark, name = _mark(file), f"{file.parent.name}-{file.stem}.facts"
    with suppress(MsgspecError, RecursionError):
        if mark and (packed := kept(name, mark)) is not None:
            return _decoder(kind).decode(packed)
    made = read()
    with suppress(MsgspecError, OverflowError, UnicodeError, RecursionError):
        if mark:
            keep(name, mark, msgpack.encode(made))
    return made


@cache
def _decoder(kind: Any) -> msgpack.Decoder[Any]:
    return msgpack.Decoder(kind)


def _mark(file: Path) -> bytes:
    """Which file was read, and by what; empty where the modules are no files that could be seen to change."""
    about, by = file.stat(), _readers()
    return repr((FORM, by, str(file), about.st_size, about.st_mtime_ns, about.st_ino)).encode() if by else b""


@cache
def _readers() -> int:
    """What the modules are that read facts, as a number that changes with any of them."""
    seen: list[tuple[str, int, int]] = []
    with suppress(OSError):
        for room in _READERS:
            with os.scandir(room) as listed:
                modules = [(one.name, one.stat()) for one in listed if one.name.endswith(".py")]
            seen += [(name, about.st_size, about.st_mtime_ns) for name, about in modules]
    return crc32(repr(sorted(seen)).encode()) if seen else 0
