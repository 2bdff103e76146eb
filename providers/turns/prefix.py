"""What a provider binds a signed piece to: everything that was sent before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

_HEAD = ("system", "systemInstruction", "instructions", "system_instruction", "tools", "toolConfig")
_MESSAGES = ("messages", "contents", "input")
_MARKS = frozenset({"cache_control", "cachePoint"})
"""Marks of prompt caches are not part of the prefix.

Source: https://platform.claude.com/docs/en/build-with-claude/preserved-thinking
"""


class Prefix:
    """The hash of a body's system text and tools, and of the messages that are added one by one."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        """`body` gives the system text and the tools; its messages are not added."""
        self._hash = hashlib.sha256(_canonical({key: body[key] for key in _HEAD if body.get(key)}))

    def add(self, messages: Sequence[Any]) -> None:
        for message in messages:
            self._hash.update(b"\n" + _canonical(message))

    def digest(self) -> str:
        """SHA-256 in hexadecimal of what there is so far."""
        return self._hash.copy().hexdigest()


def prefix_of(body: Mapping[str, Any]) -> str:
    """The prefix of whatever answers `body`: SHA-256 of its system text, tools and messages, without cache marks."""
    prefix = Prefix(body)
    for name in _MESSAGES:
        messages = body.get(name)
        if isinstance(messages, str):
            prefix.add([messages])
        elif isinstance(messages, (list, tuple)):
            prefix.add(cast("Sequence[Any]", messages))
    return prefix.digest()


def _canonical(value: Any) -> bytes:
    return json.dumps(_unmarked(value), sort_keys=True, separators=(",", ":")).encode()


def _unmarked(value: Any) -> Any:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return {key: _unmarked(inner) for key, inner in fields.items() if key not in _MARKS}
    if isinstance(value, (list, tuple)):
        return [_unmarked(inner) for inner in cast("Sequence[Any]", value) if not _is_mark(inner)]
    return value


def _is_mark(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(cast("Any", value)) and _MARKS.issuperset(cast("Any", value))
