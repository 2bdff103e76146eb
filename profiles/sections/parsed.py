"""Parsed texts, kept on disk: the same text is parsed once. The parser alone is a fifth of a short call."""

from __future__ import annotations

from contextlib import suppress
from zlib import crc32

from msgspec import MsgspecError, msgpack

from .kept import keep, kept
from .nodes import Node

FORM = "thinkdial nodes 2"
"""Changes whenever nodes or what they are parsed from change."""


def kept_or_parsed(text: str, file: str, name: str) -> Node:
    """What `text` is parsed into: as it is kept under `name`, if that is of this very text, else parsed and kept.

    One text is kept under a name, so that what is taken out of a file is taken out here as well. Raises `ConfigError`.
    """
    mark, place = _mark(text, name), _place(name)
    with suppress(MsgspecError, RecursionError):
        if (packed := kept(place, mark)) is not None:
            return msgpack.decode(packed)
    from .yaml_syntax import parse

    node = parse(text, file)
    with suppress(MsgspecError, OverflowError, UnicodeError, RecursionError):
        keep(place, mark, msgpack.encode(node))
    return node


def was_sound(text: str, name: str) -> bool:
    """Whether nothing was wrong with this very `text` when it was read before under `name`."""
    return kept(f"{_place(name)}.sound", _mark(text, name)) is not None


def note_sound(text: str, name: str) -> None:
    """Note that `text` was read wholly and nothing was wrong, where that can be done."""
    keep(f"{_place(name)}.sound", _mark(text, name), b"")


def _mark(text: str, name: str) -> bytes:
    """What stands before what is kept: all that it was made of. To import a hash takes longer than to compare it."""
    return msgpack.encode((FORM, name.encode(errors="surrogatepass"), text.encode(errors="surrogatepass")))


def _place(name: str) -> str:
    return f"{crc32(name.encode(errors='surrogatepass')):08x}"
