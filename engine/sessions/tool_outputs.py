"""What tools gave, said by hand -> the user's side of the turn that goes on after calls. Nothing is run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ...profiles.disk import read_bounded
from ...providers.errors import UsageError
from ...providers.turns.pieces import TurnPiece
from ...providers.turns.turn import Turn
from ..planning.prepare import Prompt, checked_text

MOST_OUTPUT_BYTES = 4 * 2**20
OPTION = "--tool-output"
ARGUMENT = "tool_outputs"

Outputs = Sequence[tuple[str, str]]
"""What tools gave: the id or the name of each call, and the text that goes back for it."""


def open_calls(turns: Sequence[Turn]) -> tuple[TurnPiece, ...]:
    """The calls of the last turn, which wait for what their tools give."""
    return tuple(piece for piece in turns[-1].pieces if piece.kind == "call") if turns else ()


def written_outputs(said: Sequence[str], option: str = OPTION) -> Outputs:
    """`ID=TEXT`, `NAME=TEXT`, or the same with a file. Raises `UsageError`, also for files that are not read."""
    return [_written(one, option) for one in said]


def given_outputs(outputs: Mapping[str, Any] | None) -> Outputs:
    """The same from a program: a text as it is, any other value as JSON. Nothing is read from files."""
    return [(name, checked_text(_json(name, value), ARGUMENT)) for name, value in (outputs or {}).items()]


def with_outputs(prompt: Prompt, outputs: Outputs, turns: Sequence[Turn], option: str = OPTION) -> Prompt:
    """`prompt` with an output for each open call before its words.

    Raises `UsageError` for a call that is not open, and for one that is answered twice or not at all.
    """
    if not outputs:
        return prompt
    if missing := still_open(outputs, turns, option):
        raise UsageError(
            f"{option}: nothing is given for {', '.join(missing)}",
            hint="no provider goes on until each call has its output",
        )
    given = _placed(outputs, turns, option)
    results = (TurnPiece("result", given[at], id=one.id, name=one.name) for at, one in enumerate(open_calls(turns)))
    return replace(prompt, asked=(*results, *prompt.pieces))


def still_open(outputs: Outputs, turns: Sequence[Turn], option: str = OPTION) -> tuple[str, ...]:
    """The calls of the last turn that wait for an output beside these. Raises `UsageError` as `with_outputs` does."""
    given = _placed(outputs, turns, option)
    return tuple(_shown(call) for at, call in enumerate(open_calls(turns)) if at not in given)


def _placed(outputs: Outputs, turns: Sequence[Turn], option: str) -> dict[int, str]:
    """Each output by the position of its call."""
    calls = open_calls(turns)
    if not calls:
        raise UsageError(f"{option}: the last turn of the session called nothing")
    given: dict[int, str] = {}
    for name, value in outputs:
        at = _call(name, calls, option)
        if at in given:
            raise UsageError(f"{option}: {name[:60]!r} is answered twice")
        given[at] = value
    return given


def _written(said: str, option: str) -> tuple[str, str]:
    name, equals, value = said.partition("=")
    if not equals:
        raise UsageError(f"{option}: {said[:60]!r} is no ID=FILE, ID=TEXT or NAME=TEXT")
    return name, _text(value, option)


def _call(name: str, calls: Sequence[TurnPiece], option: str) -> int:
    """The position of the call with that id, or of the only one of that name."""
    by_id = [at for at, call in enumerate(calls) if call.id and call.id == name]
    by_name = [at for at, call in enumerate(calls) if call.name == name]
    found = by_id or by_name
    if len(found) == 1:
        return found[0]
    known = ", ".join(_shown(call) for call in calls)
    why = "is called several times: say the id" if found else "is no open call"
    raise UsageError(f"{option}: {name[:60]!r} {why}", hint=f"open are {known}")


def _shown(call: TurnPiece) -> str:
    return f"{call.name or 'a call'} ({call.id})" if call.id else call.name or "a call"


def _json(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{ARGUMENT}: what {name[:60]!r} gave is no JSON: {error}") from None


def _text(value: str, option: str) -> str:
    """The text, or that of the file of this name."""
    try:
        is_file = bool(value) and len(value) < 4096 and Path(value).is_file()
    except (OSError, ValueError):
        is_file = False
    if not is_file:
        return checked_text(value, option)
    try:
        return read_bounded(Path(value), MOST_OUTPUT_BYTES).decode()
    except OSError as error:
        raise UsageError(f"{option}: {value[:300]} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{option}: {value[:300]} is not UTF-8 text") from None
