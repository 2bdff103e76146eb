"""Parsed texts, kept on disk: the same text is parsed once. The parser alone is a fifth of a short call."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from msgspec import MsgspecError, msgpack

from ..disk import cache_place, is_own, make_private_directory, read_bounded, write_private
from .nodes import Node

FORM = b"thinkdial nodes 1\n"
"""Changes whenever nodes or what they are parsed from change."""

MARK_BYTES = 32
"""Two stand before what is kept: of the text, and of what it was parsed into."""

MOST_BYTES = 4 * 1024 * 1024


def kept_directory() -> Path:
    """Where parsed texts are kept. It may be emptied at any time."""
    return cache_place() / "parsed"


def kept_or_parsed(text: str, file: str, name: str) -> Node:
    """What `text` is parsed into: as it is kept under `name`, if that is of this very text, else parsed and kept.

    One text is kept under a name, so that what is taken out of a file is taken out here as well. Raises `ConfigError`.
    """
    mark, path = _mark(text), _place(name)
    with suppress(OSError, MsgspecError, RecursionError):
        content = read_bounded(path, MOST_BYTES) if is_own(path) else b""
        packed = content[MARK_BYTES * 2 :]
        if content.startswith(mark + _digest(packed)):
            return msgpack.decode(packed)
    from .yaml_syntax import parse

    node = parse(text, file)
    _keep(path, mark, node)
    return node


def was_sound(text: str, name: str) -> bool:
    """Whether nothing was wrong with this very `text` when it was read before under `name`."""
    path = _place(name).with_suffix(".sound")
    with suppress(OSError):
        return is_own(path) and read_bounded(path, MOST_BYTES) == _mark(text)
    return False


def note_sound(text: str, name: str) -> None:
    """Note that `text` was read wholly and nothing was wrong, where that can be done."""
    _write(_place(name).with_suffix(".sound"), _mark(text))


def _mark(text: str) -> bytes:
    return _digest(FORM + text.encode(errors="surrogatepass"))


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _place(name: str) -> Path:
    return kept_directory() / hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:32]


def _keep(path: Path, mark: bytes, node: Node) -> None:
    """Keep it where that can be done; else the next call parses it again."""
    with suppress(MsgspecError, OverflowError, UnicodeError, RecursionError):
        packed = msgpack.encode(node)
        _write(path, mark + _digest(packed) + packed)


def _write(path: Path, content: bytes) -> None:
    with suppress(OSError):
        make_private_directory(path.parent)
        write_private(path, content)
