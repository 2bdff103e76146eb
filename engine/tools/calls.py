"""What the model called: names and arguments, held against the declarations as they were said. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

from ...providers.json_values import parse_json
from ...providers.schema import Json
from ...providers.turns.pieces import TurnPiece
from ...providers.untrusted import bounded
from ..shapes.answer import UnheldError, held_against
from .choice import ToolChoice
from .definitions import Tool
from .words import ToolCall

MOST_ARGUMENTS = 2**20
"""Characters of arguments that are read as JSON."""

MOST_CALLS = 256
UNCHECKED_CALL = "it was not declared with --tool: nobody knows what it may be called with"
_SHOWN = 80


def read_calls(
    pieces: Iterable[TurnPiece],
    tools: Iterable[Tool],
    choice: ToolChoice | None = None,
    *,
    nulled: frozenset[str] = frozenset(),
) -> tuple[ToolCall, ...]:
    """The calls among `pieces`, in their order, each held against the one of `tools` that it names.

    `nulled` are the tools whose keys that may be left out were demanded, so that they may be null instead.
    """
    known = {tool.name: tool for tool in tools}
    made = [piece for piece in pieces if piece.kind == "call"][:MOST_CALLS]
    return tuple(_read(piece, known, choice or ToolChoice(), nulled) for piece in made)


def unchecked_calls(pieces: Iterable[TurnPiece]) -> tuple[ToolCall, ...]:
    """The calls among `pieces` where the tools were declared by native fields, which nobody reads here."""
    made = [piece for piece in pieces if piece.kind == "call"][:MOST_CALLS]
    return tuple(
        ToolCall(piece.id, piece.name or "", _arguments(piece)[0], piece.text, (UNCHECKED_CALL,)) for piece in made
    )


def _read(piece: TurnPiece, known: dict[str, Tool], choice: ToolChoice, nulled: frozenset[str]) -> ToolCall:
    name = piece.name or ""
    errors: list[str] = []
    tool = known.get(name)
    if tool is None:
        errors.append(f"{bounded(name, _SHOWN)!r} was not given to the model" if name else "the call names no tool")
    elif choice.mode == "none":
        errors.append("the model was told to call nothing")
    elif choice.name is not None and choice.name != name:
        errors.append(f"the model was told to call {choice.name!r}")
    arguments, problem = _arguments(piece)
    if problem is not None:
        errors.append(problem)
    elif tool is not None:
        arguments, misfits = _held(tool, arguments, may_be_null=name in nulled)
        errors += misfits
    return ToolCall(piece.id, name, arguments, piece.text, tuple(errors))


def _arguments(piece: TurnPiece) -> tuple[Json | None, str | None]:
    """The arguments, or why there are none."""
    text = piece.text
    if not text.strip():
        return ({}, None) if piece.is_whole else (None, "the call is cut off")
    if len(text) > MOST_ARGUMENTS:
        return None, f"the arguments have {len(text):,} characters: too many to be read"
    try:
        value = parse_json(text)
        json.dumps(value, allow_nan=False)
    except ValueError as error:
        return None, f"the arguments are no JSON: {error}" if piece.is_whole else "the call is cut off"
    if not isinstance(value, dict):
        return None, f"the arguments are no JSON object: {bounded(text.strip(), _SHOWN)}"
    return cast("dict[str, Any]", value), None


def _held(tool: Tool, arguments: Json | None, *, may_be_null: bool) -> tuple[Json | None, tuple[str, ...]]:
    try:
        return held_against(tool.parameters, arguments, may_be_null=may_be_null)
    except UnheldError as error:
        return arguments, (bounded(f"the arguments {error}", 300),)
