"""What wires share of pieces: texts that come in fragments, tool calls, and parts of what the user sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..json_values import items, obj, parse_json, piece_of, text
from ..schema import StateReport
from ..turns.pieces import TurnPiece

MOST_CHANGES = 1000
"""More entries than a conversation has blocks are not worth reading."""


def changes_in(holder: Mapping[str, Any]) -> Iterator[StateReport]:
    """What the provider has left out of the earlier turns, where it says so.

    Source: anthropic 2.14.0 types/beta/beta_thinking_dropped_input_transformation.py and openai 3.57.0
    types/responses/response.py
    """
    if "input_transformations" not in holder and "context_management" not in holder:
        return
    edits = obj(holder.get("context_management")).get("applied_edits")
    if entries := (*items(holder.get("input_transformations")), *items(edits))[:MOST_CHANGES]:
        yield StateReport(entries)


def joined(fragments: Iterable[str]) -> str:
    """The text in `fragments`, which may be cut inside a character."""
    return text("".join(fragments)) or ""


def compact(value: Any) -> str:
    """`value` as JSON text; text as it is."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def arguments_of(words: str) -> Any:
    """The arguments of a call, which wires of objects want decoded; an empty object for what is no JSON object."""
    try:
        return dict(obj(parse_json(words)))
    except ValueError:
        return {}


def rest(fields: Mapping[str, Any], *known: str) -> dict[str, Any]:
    """The fields that are not `known` and not null."""
    return {name: value for name, value in fields.items() if name not in known and value is not None}


def strings(fields: Mapping[str, Any], *names: str) -> dict[str, str]:
    """Those of `names` that hold text which is not empty."""
    return {name: words for name in names if (words := piece_of(fields.get(name)))}


def has_files(pieces: Iterable[TurnPiece]) -> bool:
    return any(piece.kind == "file" for piece in pieces)


def parts_of(pieces: Iterable[TurnPiece], text_type: str = "text") -> list[dict[str, Any]]:
    """The parts of all that is neither empty nor the result of a call: files have theirs in `native`."""
    return [
        dict(piece.native) if piece.kind == "file" else {"type": text_type, "text": piece.text}
        for piece in pieces
        if piece.kind != "result" and (piece.kind == "file" or piece.text)
    ]
