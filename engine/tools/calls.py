"""What the model called: names and arguments, held against the declarations as they were said. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

from msgspec import Struct

from ...providers.json_values import bounded, parse_json
from ...providers.schema import Json
from ...providers.turns.pieces import TurnPiece
from ..shapes.json_schema import problems
from ..shapes.patterns import UnfinishedError
from .choice import ToolChoice
from .definitions import Tool

MOST_ARGUMENTS = 2**20
"""Characters of arguments that are read as JSON."""

MOST_CALLS = 256
MOST_CALL_ERRORS = 20
JUDGING_S = 0.5
_SHOWN = 80


class ToolCall(Struct, frozen=True):
    """One call of an answer. `arguments` are None where `text`, which is what came, is no JSON object.

    `errors` say what is wrong with it: a tool that was not given, arguments that are no JSON, or that do not fit the
    schema of the tool, each with its place (`$.city`).
    """

    id: str | None
    name: str
    arguments: Json | None = None
    text: str = ""
    errors: tuple[str, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether it is a call that was declared, with arguments that fit."""
        return not self.errors


def read_calls(
    pieces: Iterable[TurnPiece], tools: Iterable[Tool], choice: ToolChoice | None = None
) -> tuple[ToolCall, ...]:
    """The calls among `pieces`, in their order, each held against the one of `tools` that it names."""
    known = {tool.name: tool for tool in tools}
    made = [piece for piece in pieces if piece.kind == "call"][:MOST_CALLS]
    return tuple(_read(piece, known, choice or ToolChoice()) for piece in made)


def _read(piece: TurnPiece, known: dict[str, Tool], choice: ToolChoice) -> ToolCall:
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
        errors += _misfits(tool, arguments)
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


def _misfits(tool: Tool, arguments: Json | None) -> tuple[str, ...]:
    try:
        return problems(tool.parameters, arguments, JUDGING_S, most=MOST_CALL_ERRORS)
    except UnfinishedError as error:
        return (f"the arguments cannot be held against the schema: {error}",)
    except Exception as error:  # a schema may refer to nothing or to itself; the call was paid for all the same
        return (f"the arguments cannot be held against the schema: {type(error).__name__}: {error}",)
