"""Calls and their results: each has the other, and both have the same id, as the next wire wants it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from ....profiles.state.rule import StateRule
from ....providers.turns.pieces import TurnPiece
from ....providers.turns.turn import Exchanged, Turn

_ID_LENGTH = 9
"""Characters of an id that is made here: what Mistral wants, and enough for all others."""


_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64
"""What OpenAI, Anthropic and Amazon take as the name of a tool."""


def tool_name(name: str | None) -> str:
    """A name that every wire takes, for a tool of another wire."""
    return _NOT_IN_NAMES.sub("_", name or "tool")[:_LONGEST_NAME]


def called_names(turns: Sequence[Turn]) -> tuple[str, ...]:
    """The tools that were called, each once, in the order of their first calls."""
    calls = (piece for turn in turns for piece in turn.pieces if piece.kind == "call")
    return tuple(dict.fromkeys(tool_name(piece.name) for piece in calls))


class Loose(Struct, frozen=True):
    """Calls without a result and results without a call, by their positions: of each turn, and of the new prompt."""

    calls: tuple[frozenset[int], ...]
    results: tuple[frozenset[int], ...]


def loose_ends(turns: Sequence[Turn], asked: tuple[TurnPiece, ...]) -> Loose:
    """What has no counterpart in the turn before or after it: no wire takes that."""
    calls, results = list[frozenset[int]](), [_of(turns[0].asked if turns else asked, "result")]
    for at, turn in enumerate(turns):
        after = turns[at + 1].asked if at + 1 < len(turns) else asked
        made = [place for place, piece in enumerate(turn.pieces) if piece.kind == "call"]
        given = [place for place, piece in enumerate(after) if piece.kind == "result"]
        pairs = _pairs([turn.pieces[place] for place in made], [after[place] for place in given])
        calls.append(frozenset(made) - {made[call] for call, _ in pairs})
        results.append(frozenset(given) - {given[result] for _, result in pairs})
    return Loose(tuple(calls), tuple(results))


def with_ids(exchanged: Sequence[Exchanged], rule: StateRule) -> list[Exchanged]:
    """The same with an id on each call and its result that the route takes, and the name of the call on the result."""
    settled: list[Exchanged] = []
    before: list[tuple[TurnPiece, TurnPiece]] = []
    for number, one in enumerate(exchanged):
        results = [piece for piece in one.asked if piece.kind == "result"]
        renamed: dict[int, TurnPiece] = {}
        for call, result in _pairs([old for old, _ in before], results):
            new, given = before[call][1], results[result]
            renamed[id(given)] = replace(given, id=new.id, name=given.name or new.name)
        asked = tuple(renamed.get(id(piece), piece) for piece in one.asked)
        calls = [piece for piece in one.answered if piece.kind == "call"]
        before = [(piece, _with_id(piece, f"{number}.{at}", rule)) for at, piece in enumerate(calls)]
        named = {id(old): new for old, new in before}
        settled.append(Exchanged(asked, tuple(named.get(id(piece), piece) for piece in one.answered)))
    return settled


def with_bridges(exchanged: Sequence[Exchanged], bridge: str) -> list[Exchanged]:
    """The same with a word of the model between results and what the user says next."""
    settled: list[Exchanged] = []
    for at, one in enumerate(exchanged):
        results = tuple(piece for piece in one.asked if piece.kind == "result")
        others = tuple(piece for piece in one.asked if piece.kind != "result")
        is_last = at + 1 == len(exchanged)
        if results and (others or not (one.answered or is_last)):
            settled.append(Exchanged(results, (TurnPiece("text", bridge),)))
            results = ()
        if others or results or one.answered:
            settled.append(Exchanged((*results, *others), one.answered))
    return settled


def _of(pieces: tuple[TurnPiece, ...], kind: str) -> frozenset[int]:
    return frozenset(place for place, piece in enumerate(pieces) if piece.kind == kind)


def _pairs(calls: Sequence[TurnPiece], results: Sequence[TurnPiece]) -> list[tuple[int, int]]:
    """Calls and results that belong together: by their ids, and where one has none, by their order."""
    free = list(range(len(results)))
    found: list[tuple[int, int]] = []
    for at, call in enumerate(calls):
        match = next((n for n in free if call.id and results[n].id == call.id), None)
        if match is None:
            match = next((n for n in free if not call.id or not results[n].id), None)
        if match is not None:
            free.remove(match)
            found.append((at, match))
    return found


def _with_id(piece: TurnPiece, place: str, rule: StateRule) -> TurnPiece:
    fits = rule.call_ids is None or (piece.id is not None and rule.call_ids.fullmatch(piece.id) is not None)
    if (piece.id or not rule.needs_call_ids) and fits:
        return piece
    import hashlib

    return replace(piece, id=hashlib.sha256(f"{place}.{piece.id or ''}".encode()).hexdigest()[:_ID_LENGTH])
