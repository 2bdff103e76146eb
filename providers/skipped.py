"""Parts of a reply that hold text and are no part of what is shown: what is left out is said, once for each type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from .json_values import text
from .schema import Notice
from .untrusted import one_line

_READABLE = frozenset(
    {"text", "content", "output", "outputs", "stdout", "stderr", "transcript", "code", "result", "results", "logs"}
)
"""Keys under which the wires keep what people can read. What has none of them is data, an address or a mark."""

_DEEPEST = 5
_LONGEST_NAME = 40


def skipped(kind: Any, part: Any) -> Iterator[Notice]:
    """The warning that `part`, of the type `kind`, is left out; nothing where it holds no text."""
    if holds_text(part):
        name = one_line(text(kind) or "without a type", _LONGEST_NAME)
        yield Notice("skipped", f"the reply holds text of the type {name}, which is not shown")


def holds_text(part: Any, depth: int = _DEEPEST) -> bool:
    """Whether there is anything to read in `part`: a text, or one in an object or a list, some levels down."""
    if isinstance(part, str):
        return not part.isspace() and bool(part)
    if depth == 0:
        return False
    if isinstance(part, list):
        return any(holds_text(inner, depth - 1) for inner in cast("list[Any]", part) if not isinstance(inner, int))
    if isinstance(part, dict):
        fields = cast("dict[str, Any]", part)
        return any(key in _READABLE and holds_text(inner, depth - 1) for key, inner in fields.items())
    return False
