"""What YAML is parsed into: plain values with their places, which can be kept on disk and read again in no time.

A mapping is `{"at": [line, column], "of": {key: [node, line, column]}}` with the place of each key, a sequence a list
of nodes, a number `{"is": value, "as": text}` with what was written; text, truth and nothing are themselves. Lines and
columns count from 1.
"""

from __future__ import annotations

from typing import Any, cast

Node = Any


def mapping(line: int, column: int, entries: dict[str, list[Any]]) -> Node:
    """A mapping that begins at a place, with `[node, line, column]` for each key."""
    return {"at": [line, column], "of": entries}


def number(value: float, written: str) -> Node:
    """A number and how it was written: `4.10` is a fine name for a model, and a price is exact."""
    return {"is": value, "as": written}


def is_mapping(node: Node) -> bool:
    return "of" in _fields(node)


def text_of(node: Node) -> str | None:
    """The text that a scalar was written as; None for anything that is no text and no number."""
    return node if isinstance(node, str) else _fields(node).get("as")


def plain(node: Node) -> Any:
    """The node as ordinary Python data."""
    if isinstance(node, dict):
        fields = _fields(node)
        return {key: plain(entry[0]) for key, entry in fields["of"].items()} if "of" in fields else fields["is"]
    if isinstance(node, list):
        return [plain(item) for item in cast("list[Node]", node)]
    return node


def _fields(node: Node) -> dict[str, Any]:
    return cast("dict[str, Any]", node) if isinstance(node, dict) else {}
