"""Reading untrusted JSON: a value of the wrong type is absent, a count that makes no sense is not reported."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import orjson

EMPTY: Mapping[str, Any] = {}

_DECODER = json.JSONDecoder()

MAX_COUNT = 10**15
"""More tokens than this are no count. Every sum of counts stays a number that JSON and SQLite can hold."""

MAX_DOLLARS_TEXT = 64

MOST_LEVELS = 200
"""Levels of nesting that are read. Nobody sends more, and how many Python could take depends on who asks it to."""

MOST_VALUES = 5_000_000
"""Values of one document. Each takes some 60 bytes here, and a server needs two to make one."""

_PARTS = r'[^"]++|"(?:[^"\\]++|\\.)*+"?'
"""Texts, and what is between them."""

_STRUCTURE = r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]'


def parse_json(data: bytes | str, decoder: json.JSONDecoder = _DECODER) -> Any:
    """Decode JSON exactly, replacing bytes that are not UTF-8.

    Raises `ValueError` when it is no JSON, or has more than `MOST_LEVELS` levels or `MOST_VALUES` values.
    """
    check_values(data)
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    if _openings(text) > MOST_LEVELS:
        _check_levels(text)
    return decoder.decode(text.removeprefix("\ufeff"))


_NESTING = (dict, list)
_QUOTE = ord('"')

_FEW_BYTES = 512
"""In less it is quicker to count brackets; in more most bytes are those of texts."""


def _check_levels(text: str) -> None:
    level = 0
    for token in re.finditer(_STRUCTURE, text, re.DOTALL):
        first = text[token.start()]
        if first in "[{":
            level += 1
            if level > MOST_LEVELS:
                raise ValueError("JSON nested too deeply")
        elif first != '"':
            level -= 1


def _check_depth(value: Any) -> None:
    """The same for what is decoded already: level by level, without recursion."""
    held: list[Any] = [value] if isinstance(value, _NESTING) else []
    for _ in range(MOST_LEVELS):
        held = [
            inner
            for one in held
            for inner in (cast("dict[str, Any]", one).values() if isinstance(one, dict) else cast("list[Any]", one))
            if isinstance(inner, _NESTING)
        ]
        if not held:
            return
    raise ValueError("JSON nested too deeply")


def parse_reply(data: bytes | str) -> Any:
    """`parse_json` for what a provider sends, in a fraction of the time. Raises as it does.

    A whole number of more than 64 bits may come as a float: none is read from replies.
    """
    check_values(data)
    try:
        value: Any = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _parse_odd(data)
    if _openings(data) > MOST_LEVELS if len(data) < _FEW_BYTES else _has_many_levels(value):
        _check_depth(value)
    return value


def _has_many_levels(value: Any) -> bool:
    """Whether objects and arrays are more than `MOST_LEVELS` together: else it cannot have more levels than that."""
    held: list[Any] = [value] if isinstance(value, _NESTING) else []
    for one in held:  # it grows on the way
        for inner in cast("dict[str, Any]", one).values() if type(one) is dict else cast("list[Any]", one):
            if type(inner) is dict or type(inner) is list:
                held.append(inner)
        if len(held) > MOST_LEVELS:
            return True
    return False


def _parse_odd(data: bytes | str) -> Any:
    """What providers send all the same: half surrogate pairs, NaN, wrong UTF-8, numbers of thousands of digits."""
    try:
        return parse_json(data)
    except json.JSONDecodeError:
        raise
    except ValueError:  # such a number, which Python does not read, or more levels than are read
        return parse_json(data, json.JSONDecoder(parse_int=float))


def check_values(data: bytes | bytearray | str) -> None:
    """Raise `ValueError` for a document of more than `MOST_VALUES` values. Nothing is made of it to know."""
    if len(data) <= MOST_VALUES or _marks(data, 0, len(data)) <= MOST_VALUES:
        return
    found = 0
    parts = (
        re.finditer(_PARTS, data, re.DOTALL) if isinstance(data, str) else re.finditer(_PARTS.encode(), data, re.DOTALL)
    )
    for start, end in (part.span() for part in parts):
        if data[start] not in ('"', _QUOTE):
            found += _marks(data, start, end)
            if found > MOST_VALUES:
                raise ValueError(f"it is JSON of more than {MOST_VALUES:,} values")


def _marks(data: bytes | bytearray | str, start: int, end: int) -> int:
    """What stands before a value, or opens one."""
    if isinstance(data, str):
        return sum(data.count(mark, start, end) for mark in ",[{")
    return sum(data.count(mark, start, end) for mark in b",[{")


def _openings(data: bytes | str) -> int:
    """At how many places `data` may open an object or an array: it has no more levels than that."""
    return data.count(b"[") + data.count(b"{") if isinstance(data, bytes) else data.count("[") + data.count("{")


def said_twice(words: str) -> str | None:
    """The JSON object or array that `words` hold two times, one after the other; None for anything else."""
    first = words[:1]
    if first.isspace():
        first = next((character for character in words if not character.isspace()), "")
    if not first or first not in "{[":
        return None
    whole = words.strip()
    middle = len(whole) // 2
    once = whole[:middle].rstrip()
    if once != whole[middle:].lstrip():
        return None
    try:
        parse_reply(once)
    except ValueError:
        return None
    return once


def obj(value: Any) -> Mapping[str, Any]:
    """`value` when it is a JSON object, else an empty one."""
    if isinstance(value, dict):
        # A cast is a call, and this is asked many times for each piece of a stream.
        return value  # pyright: ignore[reportUnknownVariableType]
    return EMPTY


def items(value: Any) -> list[Mapping[str, Any]]:
    """The objects in `value` when it is a JSON array, else nothing."""
    return [item for item in array(value) if isinstance(item, dict)]


def is_hollow(value: Any) -> bool:
    """Whether `value` holds nothing at all: null, false, 0, "", an empty object or list, or only such in it."""
    match value:
        case dict():
            return all(map(is_hollow, cast("dict[str, Any]", value).values()))
        case list():
            return all(map(is_hollow, cast("list[Any]", value)))
        case _:
            return not value


def array(value: Any) -> list[Any]:
    """`value` when it is a JSON array, else an empty one."""
    if isinstance(value, list):
        return value  # pyright: ignore[reportUnknownVariableType]
    return []


def text(value: Any) -> str | None:
    """`value` when it is a string, else None. Lone surrogates become the replacement character."""
    if not isinstance(value, str):
        return None
    if is_whole(value):
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_SLICE = 2**20


def is_whole(words: str) -> bool:
    """Whether `words` have no lone surrogate, so that they can be encoded. Of a long text no copy is made to know."""
    if words.isascii():
        return True
    try:
        for at in range(0, len(words), _SLICE):
            words[at : at + _SLICE].encode()
    except UnicodeEncodeError:
        return False
    return True


def is_blank(words: str) -> bool:
    """Whether there is nothing to read; a long text is not copied to know."""
    return not words or words.isspace()


def piece_of(value: Any) -> str:
    """`value` when it is a string, else nothing: a piece of a longer text, which may end inside a character."""
    return value if isinstance(value, str) else ""


def count(value: Any) -> int | None:
    """A token count: a non-negative whole number, also as a float or a string of digits; anything else is None."""
    if type(value) is int:
        return value if 0 <= value < MAX_COUNT else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 <= value < MAX_COUNT and value == int(value) else None


def dollars(value: Any) -> Decimal | None:
    """An exact, finite, non-negative amount from a JSON number or string of a sane size, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        written = str(value)
        amount = Decimal(written if len(written) <= MAX_DOLLARS_TEXT else "NaN")
    except (InvalidOperation, ValueError):
        return None
    return amount if amount.is_finite() and amount >= 0 and abs(amount.adjusted()) <= MAX_DOLLARS_TEXT else None


def seconds(value: Any) -> float | None:
    """A duration in seconds from a number or a string such as `7`, `0.5` or Google's `57.238s`; else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = float(value.removesuffix("s") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return amount if 0 <= amount < 1e9 else None
