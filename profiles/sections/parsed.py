"""Parsed texts, kept on disk: the same text is parsed once. The parser alone is a fifth of a short call."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from zlib import crc32

from msgspec import MsgspecError, msgpack

from ..disk import cache_place, is_own, make_private_directory, read_bounded, write_private
from .nodes import Node

FORM = "thinkdial nodes 2"
"""Changes whenever nodes or what they are parsed from change."""

CHECKSUM_BYTES = 4
MOST_BYTES = 8 * 1024 * 1024


def kept_directory() -> Path:
    """Where parsed texts are kept. It may be emptied at any time."""
    return cache_place() / "parsed"


def kept_or_parsed(text: str, file: str, name: str) -> Node:
    """What `text` is parsed into: as it is kept under `name`, if that is of this very text, else parsed and kept.

    One text is kept under a name, so that what is taken out of a file is taken out here as well. Raises `ConfigError`.
    """
    mark, path = _mark(text, name), _place(name)
    with suppress(OSError, MsgspecError, RecursionError):
        content = read_bounded(path, MOST_BYTES) if is_own(path) else b""
        packed = content[len(mark) + CHECKSUM_BYTES :]
        if content.startswith(mark + _checksum(packed)):
            return msgpack.decode(packed)
    from .yaml_syntax import parse

    node = parse(text, file)
    _keep(path, mark, node)
    return node


def was_sound(text: str, name: str) -> bool:
    """Whether nothing was wrong with this very `text` when it was read before under `name`."""
    path = _place(name).with_suffix(".sound")
    with suppress(OSError):
        return is_own(path) and read_bounded(path, MOST_BYTES) == _mark(text, name)
    return False


def note_sound(text: str, name: str) -> None:
    """Note that `text` was read wholly and nothing was wrong, where that can be done."""
    _write(_place(name).with_suffix(".sound"), _mark(text, name))


def _mark(text: str, name: str) -> bytes:
    """What stands before what is kept: all that it was made of. To import a hash takes longer than to compare it."""
    return msgpack.encode((FORM, name.encode(errors="surrogatepass"), text.encode(errors="surrogatepass")))


def _checksum(packed: bytes) -> bytes:
    return crc32(packed).to_bytes(CHECKSUM_BYTES)


def _place(name: str) -> Path:
    return kept_directory() / f"{crc32(name.encode(errors='surrogatepass')):08x}"


def _keep(path: Path, mark: bytes, node: Node) -> None:
    """Keep it where that can be done; else the next call parses it again."""
    with suppress(MsgspecError, OverflowError, UnicodeError, RecursionError):
        packed = msgpack.encode(node)
        _write(path, mark + _checksum(packed) + packed)


def _write(path: Path, content: bytes) -> None:
    with suppress(OSError):
        make_private_directory(path.parent)
        write_private(path, content)
