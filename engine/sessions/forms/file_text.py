"""The bytes of a file as text and JSON, and JSON as the text of a file."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any, cast

from ....providers.json_values import parse_json
from ....providers.json_values import text as whole_characters
from ....providers.untrusted import harmless_json
from ...attachments.encodings import encoding_of
from ...results.json_pieces import json_pieces
from .json_object import FormError

_HALF_PAIR = re.compile("[\ud800-\udfff]")
_ODD = re.compile(r"\\u[dD][89a-fA-F]|NaN|Infinity|[eE]\+?\d{3}")
"""What a text has that may stand for a lone surrogate, or for a number that JSON does not have."""


def text_of(data: bytes) -> str:
    """The text in the bytes of a file, without a byte order mark. Raises `FormError`."""
    encoding = encoding_of(data)
    if encoding == "utf-8-sig" and b"\x00" in data[:65_536]:
        raise FormError("byte 0", "this is binary data, not text")
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormError(f"line {line}", f"this is not {encoding.removesuffix('-sig').upper()} text") from None


def value_of(text: str) -> Any:
    """The JSON in `text`; lone surrogates, which nothing can send, are replacement characters. Raises `FormError`."""
    if not text.strip():
        raise FormError("line 1", "the file is empty")
    try:
        value = parse_json(text)
    except json.JSONDecodeError as error:
        words = "there is more after the end of the JSON" if error.msg == "Extra data" else f"no JSON: {error.msg}"
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
            words += "; the file ends too early"
        raise FormError(f"line {error.lineno}, column {error.colno}", words) from None
    except ValueError as error:
        raise FormError("line 1", str(error).partition(":")[0]) from None
    return _sound(value, "$") if _ODD.search(text) else value


def json_of(document: Any) -> str:
    """A document as the text of a file: the same text for the same document, safe on a terminal.

    Half a surrogate pair, which nothing can send, is a replacement character.
    """
    pieces = json_pieces(document, indent=2)
    return "".join([*(harmless_json(whole_characters(piece) or "") for piece in pieces), "\n"])


def _sound(value: Any, place: str) -> Any:
    match value:
        case str():
            return _HALF_PAIR.sub("\ufffd", value)
        case dict():
            fields = cast("dict[str, Any]", value)
            return {_HALF_PAIR.sub("\ufffd", name): _sound(inner, f"{place}.{name}") for name, inner in fields.items()}
        case list():
            return [_sound(inner, f"{place}[{at}]") for at, inner in enumerate(cast("list[Any]", value))]
        case float() if not isfinite(value):
            raise FormError(place, "is a number that JSON does not have")
        case _:
            return value
