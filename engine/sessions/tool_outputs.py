"""What tools gave, said by hand -> the user's side of the turn that goes on after calls. Nothing is run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from ...profiles.disk import read_bounded
from ...providers.errors import UsageError
from ...providers.turns.pieces import TurnPiece
from ...providers.turns.turn import Turn
from ..planning.prepare import Prompt, checked_text

MOST_OUTPUT_BYTES = 4 * 2**20
OPTION = "--tool-output"


def open_calls(turns: Sequence[Turn]) -> tuple[TurnPiece, ...]:
    """The calls of the last turn, which wait for what their tools give."""
    return tuple(piece for piece in turns[-1].pieces if piece.kind == "call") if turns else ()


def with_outputs(prompt: Prompt, said: Sequence[str], turns: Sequence[Turn]) -> Prompt:
    """`prompt` with an output for each open call before its words. `said` are `ID=TEXT`, `NAME=TEXT` or with a file.

    Raises `UsageError` for a call that is not open, for one that is answered twice or not at all, and for files that
    cannot be read.
    """
    if not said:
        return prompt
    calls = open_calls(turns)
    if not calls:
        raise UsageError(f"{OPTION}: the last turn of the session called nothing")
    given: dict[int, str] = {}
    for one in said:
        name, equals, value = one.partition("=")
        if not equals:
            raise UsageError(f"{OPTION}: {one[:60]!r} is no ID=FILE, ID=TEXT or NAME=TEXT")
        at = _call(name, calls)
        if at in given:
            raise UsageError(f"{OPTION}: {name[:60]!r} is answered twice")
        given[at] = _text(value)
    if missing := [_shown(call) for at, call in enumerate(calls) if at not in given]:
        raise UsageError(
            f"{OPTION}: nothing is given for {', '.join(missing)}",
            hint="no provider goes on until each call has its output",
        )
    results = tuple(TurnPiece("result", given[at], id=call.id, name=call.name) for at, call in enumerate(calls))
    return replace(prompt, asked=(*results, *prompt.pieces))


def _call(name: str, calls: Sequence[TurnPiece]) -> int:
    """The position of the call with that id, or of the only one of that name."""
    by_id = [at for at, call in enumerate(calls) if call.id and call.id == name]
    by_name = [at for at, call in enumerate(calls) if call.name == name]
    found = by_id or by_name
    if len(found) == 1:
        return found[0]
    known = ", ".join(_shown(call) for call in calls)
    why = "is called several times: say the id" if found else "is no open call"
    raise UsageError(f"{OPTION}: {name[:60]!r} {why}", hint=f"open are {known}")


def _shown(call: TurnPiece) -> str:
    return f"{call.name or 'a call'} ({call.id})" if call.id else call.name or "a call"


def _text(value: str) -> str:
    """The text, or that of the file of this name."""
    try:
        is_file = bool(value) and len(value) < 4096 and Path(value).is_file()
    except (OSError, ValueError):
        is_file = False
    if not is_file:
        return checked_text(value, OPTION)
    try:
        return read_bounded(Path(value), MOST_OUTPUT_BYTES).decode()
    except OSError as error:
        raise UsageError(f"{OPTION}: {value[:300]} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{OPTION}: {value[:300]} is not UTF-8 text") from None
