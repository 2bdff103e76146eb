"""What a client gives for a request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from functools import lru_cache

from msgspec import Struct


class Response(Struct, frozen=True):
    """An answer whose body is still to come. Header names are lower case.

    `at_hand` may be asked instead of `chunks`, before them: it gives all of the body where that has come already.
    """

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]
    at_hand: Callable[[], bytes | None] | None = None


def known_headers(headers: Iterable[tuple[bytes | str, bytes | str]]) -> dict[str, str]:
    """The headers in lower case; those that came twice are joined."""
    known: dict[str, str] = {}
    for name, value in headers:
        add_header(known, name, value)
    return known


def add_header(known: dict[str, str], name: bytes | str, value: bytes | str) -> None:
    """Add one to those that are `known`."""
    key, words = _lower(name), _text(value)
    known[key] = f"{known[key]}, {words}" if key in known else words


@lru_cache(maxsize=256)
def _lower(name: bytes | str) -> str:
    """They are the same in each response of a server."""
    return _text(name).lower()


def _text(word: bytes | str) -> str:
    """Headers are ASCII; what some servers send is mostly UTF-8, else it is read byte by byte."""
    if isinstance(word, str):
        return word
    try:
        return word.decode()
    except UnicodeDecodeError:
        return word.decode("latin-1")
