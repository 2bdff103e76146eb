"""Long JSON in blocks -> values. Each block is let go when it is read, and a long text is held once. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from ..json_values import check_values, parse_json, parse_reply

LONG_TEXT = 2**20
"""Bytes of a text that is put together by itself. Blocks should be about as long: what a text leaves of one is read
again with the next."""

_OUTSIDE = re.compile(rb'[^"]*+(?:"(?:[^"\\]++|\\.)*+"[^"]*+)*+', re.DOTALL)
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_FIRST_HALF = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}")
_PLAIN = json.JSONDecoder()
_LONGEST_ESCAPE = 12
"""Bytes: `\\ud83d\\ude00` is one character."""


def parse_blocks(blocks: Iterable[bytes], errors: str = "replace") -> Any:
    """What `parse_json` makes of all of them together; `errors` says what becomes of bytes that are not UTF-8.

    A long text stands in no name: one that does is no JSON. Raises `ValueError` as `parse_json` does.
    """
    frame, texts, places = bytearray(), list[str](), list[int]()
    text, is_inside, held = "", False, b""
    for block in blocks:
        data, at, held = (held + block if held else block), 0, b""
        while at < len(data):
            if not is_inside:
                end = _end(_OUTSIDE, data, at)
                frame += memoryview(data)[at:end]
                if len(data) - end < LONG_TEXT:
                    held, at = data[end:], len(data)
                else:
                    text, is_inside, at = "", True, end + 1
                continue
            end = _end(_INSIDE, data, at)
            is_inside = end == len(data) or data[end : end + 1] != b'"'
            end = _boundary(data, at) if is_inside else end
            text += _decoded(data[at:end], errors)  # grows where it lies, as long as only this name knows it
            if is_inside:
                held, at = data[end:], len(data)
            else:
                texts.append(text)
                places.append(len(frame))
                text, at = "", end + 1
    if is_inside:
        raise json.JSONDecodeError("Unterminated string", "", len(frame))
    frame += held
    check_values(frame)
    if texts:
        return _filled(frame, places, texts, errors)
    whole = bytes(frame)
    frame.clear()
    return parse_reply(whole) if errors == "replace" else parse_json(whole.decode("utf-8", errors))


def _filled(frame: bytearray, places: list[int], texts: list[str], errors: str) -> Any:
    """The JSON in `frame`, with `texts` at their `places`. Until it is read, numbers that are not in it stand there."""
    salt = next(salt for salt in range(len(frame) + 1) if b"E%d" % salt not in frame)
    parts = list[bytes]()
    at = 0
    for number, place in enumerate(places):
        parts += [frame[at:place], b"%dE%d" % (number, salt)]
        at = place
    known = {f"{number}E{salt}": text for number, text in enumerate(texts)}

    def value_of(written: str) -> str | float:
        found = known.get(written)
        return float(written) if found is None else found

    return parse_json(b"".join((*parts, frame[at:])).decode("utf-8", errors), json.JSONDecoder(parse_float=value_of))


def _decoded(data: bytes, errors: str) -> str:
    return _PLAIN.decode(f'"{data.decode("utf-8", errors)}"')


def _end(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    found = pattern.match(data, at)
    return at if found is None else found.end()


def _boundary(data: bytes, at: int) -> int:
    """Where the text that begins at `at` may be cut, near the end of `data`: between two characters."""
    slash = data.rfind(b"\\", max(at, len(data) - _LONGEST_ESCAPE))
    if slash >= 0 and _opens(data, at, slash):
        half = slash - _LONGEST_ESCAPE // 2
        return half if half >= at and _FIRST_HALF.match(data, half) and _opens(data, at, half) else slash
    last = len(data) - 1
    while last > max(at, len(data) - 4) and 0x80 <= data[last] < 0xC0:
        last -= 1
    return last if data[last] >= 0xC0 else len(data)


def _opens(data: bytes, at: int, slash: int) -> bool:
    """Whether the backslash at `slash` begins an escape: it is not the second one of `\\\\`."""
    before = data[at:slash]
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 0
