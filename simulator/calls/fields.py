"""JSON: typed access to what was decoded, whose shape nobody has promised, and how values are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

JsonObject = dict[str, object]


def as_object(value: object) -> JsonObject | None:
    """The value if it is a JSON object, else None."""
    return cast(JsonObject, value) if isinstance(value, dict) else None


def as_list(value: object) -> list[object] | None:
    """The value if it is a JSON array, else None."""
    return cast("list[object]", value) if isinstance(value, list) else None


def as_text(value: object) -> str | None:
    """The value if it is a JSON string, else None."""
    return value if isinstance(value, str) else None


def as_int(value: object) -> int | None:
    """The value if it is a whole JSON number, else None; `true` is not a number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None


def as_number(value: object) -> float | None:
    """The value if it is a JSON number, else None."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def objects(value: object) -> list[JsonObject]:
    """The objects inside a JSON array; anything else is skipped."""
    return [item for item in map(as_object, as_list(value) or []) if item is not None]


def joined_text(value: object) -> str:
    """A prompt's text, whether given as one string or as a list of parts that carry `text`."""
    text = as_text(value)
    if text is not None:
        return text
    return "\n".join(part for part in (as_text(item.get("text")) for item in objects(value)) if part)


def message_texts(value: object) -> list[str]:
    """The texts of a conversation, whether given as one string or as messages with a content each."""
    text = as_text(value)
    return [text] if text is not None else [joined_text(item.get("content")) for item in objects(value)]


def words(text: str) -> frozenset[str]:
    """A set of field names, written as a sentence."""
    return frozenset(text.split())


def number_in(text: str | None, default: int) -> int:
    """The number that a parameter of the query gives, at least 1, or the default where it gives none."""
    return max(1, int(text)) if text is not None and text.isdecimal() else default


def decode_object(body: bytes | str) -> JsonObject | None:
    """The JSON object in a request body or a line, or None when it is not one."""
    try:
        return as_object(json.loads(body))
    except (ValueError, RecursionError):
        return None


def numbered_lines(content: bytes) -> Iterator[tuple[int, str]]:
    """The lines of a file that are not blank, each with its number."""
    for number, text in enumerate(content.decode("utf-8", "replace").split("\n"), 1):
        if text.strip():
            yield number, text


def encode(value: object) -> bytes:
    """Compact UTF-8 JSON, multi-byte characters unescaped as the vendors send them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def moment(seconds: float) -> str:
    """A time as RFC 3339 writes it, in microseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
