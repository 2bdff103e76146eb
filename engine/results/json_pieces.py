"""JSON text bit by bit, as `json.dumps` writes it without ASCII escapes: a long text in it is never copied whole.

Bytes are text in UTF-8.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping
from json import JSONEncoder
from typing import Any, cast

LONGEST_PIECE = 2**20
"""Characters of a text that are written at once."""

_DECODERS = getincrementaldecoder("utf-8")
_ENCODER = JSONEncoder(ensure_ascii=False, default=str)


def json_pieces(value: Any, *, indent: int = 0, level: int = 1) -> Iterator[str]:
    """The JSON of `value` in pieces: compact, or with an `indent` of so many spaces for each level."""
    line = f"\n{' ' * indent * level}" if indent else ""
    last = f"\n{' ' * indent * (level - 1)}" if indent else ""
    if isinstance(value, str) and len(value) > LONGEST_PIECE:
        yield '"'
        for at in range(0, len(value), LONGEST_PIECE):
            yield _ENCODER.encode(value[at : at + LONGEST_PIECE])[1:-1]
        yield '"'
    elif isinstance(value, bytes):
        decoder = _DECODERS(errors="replace")
        yield '"'
        for at in range(0, len(value) or 1, LONGEST_PIECE):
            end = at + LONGEST_PIECE
            yield _ENCODER.encode(decoder.decode(value[at:end], final=end >= len(value)))[1:-1]
        yield '"'
    elif isinstance(value, Mapping) and value:
        opener = "{"
        for key, inner in cast("Mapping[str, Any]", value).items():
            start = f"{opener}{line}{_ENCODER.encode(str(key))}:{' ' if indent else ''}"
            if _is_short(inner):  # most values are: a piece for each would be most of the work
                yield f"{start}{_ENCODER.encode(inner)}"
            else:
                yield start
                yield from json_pieces(inner, indent=indent, level=level + 1)
            opener = ","
        yield f"{last}}}"
    elif isinstance(value, list | tuple) and value:
        opener = "["
        for inner in cast("list[Any]", value):
            yield f"{opener}{line}"
            yield from json_pieces(inner, indent=indent, level=level + 1)
            opener = ","
        yield f"{last}]"
    else:
        yield "{}" if isinstance(value, Mapping) else _ENCODER.encode(value)


def _is_short(value: Any) -> bool:
    return value is None or isinstance(value, int | float) or (isinstance(value, str) and len(value) <= LONGEST_PIECE)
