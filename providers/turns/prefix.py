"""What a provider binds a signed piece to: everything that was sent before it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

_HEAD = ("system", "systemInstruction", "instructions", "tools", "toolConfig")
_MESSAGES = ("messages", "contents", "input")
_MARKS = frozenset({"cache_control", "cachePoint"})
"""Marks of prompt caches are not part of the prefix, and earlier reasoning is not: the oldest may be left out.

Source: https://platform.claude.com/docs/en/build-with-claude/preserved-thinking
"""
_REASONING = frozenset({"thinking", "redacted_thinking"})


class Prefix:
    """The hash of a body's system text and tools, and of the messages that are added one by one."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        """`body` gives the system text and the tools; its messages are not added."""
        import hashlib

        self._hash = hashlib.sha256(_canonical({key: _bare_head(body[key]) for key in _HEAD if body.get(key)}))

    def add(self, messages: Iterable[Any]) -> None:
        for message in messages:
            self._hash.update(b"\n" + _canonical(message))

    def digest(self) -> str:
        """SHA-256 in hexadecimal of what there is so far."""
        return self._hash.copy().hexdigest()


def prefix_of(body: Mapping[str, Any]) -> str:
    """The prefix of whatever answers `body`: SHA-256 of its system text, tools and messages.

    Cache marks and reasoning are left out, and how a single text is wrapped makes no difference.
    """
    prefix = Prefix(body)
    for name in _MESSAGES:
        messages = body.get(name)
        if isinstance(messages, str):
            prefix.add([{"role": "user", "content": messages}])
        elif isinstance(messages, (list, tuple)):
            prefix.add(cast("Sequence[Any]", messages))
    return prefix.digest()


def _bare_head(value: Any) -> Any:
    """A system text that is one block, to bear a mark, is the text itself."""
    bare = _bare(value)
    if isinstance(bare, list) and len(cast("list[Any]", bare)) == 1:
        (block,) = cast("list[Any]", bare)
        if isinstance(block, Mapping) and {*cast("Mapping[str, Any]", block)} == {"type", "text"}:
            return cast("Mapping[str, Any]", block)["text"]
    return cast("Any", bare)


def _canonical(value: Any) -> bytes:
    return json.dumps(_bare(value), sort_keys=True, separators=(",", ":")).encode()


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        bare = {key: _bare(inner) for key, inner in fields.items() if key not in _MARKS}
        if isinstance(fields.get("content"), str):
            bare["content"] = [{"type": "text", "text": fields["content"]}]
        return bare
    if isinstance(value, (list, tuple)):
        return [_bare(inner) for inner in cast("Sequence[Any]", value) if not _is_left_out(inner)]
    return value


def _is_left_out(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    fields = cast("Mapping[str, Any]", value)
    marks_only = bool(fields) and _MARKS.issuperset(fields)
    return marks_only or fields.get("type") in _REASONING or "reasoningContent" in fields
