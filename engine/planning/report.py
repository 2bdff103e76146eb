"""What a provider says of the pieces that were sent back to it, held against what was planned. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from ...profiles.state.rules import state_refusals
from ...providers.errors import Failure
from ...providers.json_values import text
from ...providers.schema import Json, Notice
from ...providers.turns.turn import Turn
from .fates import PieceFate
from .prepare import Prepared, without_pieces, without_turn_compaction

_Place = tuple[int, int]
"""The number of a turn, and a position in its pieces."""

_COMPACTS = r"context_management|compact[-_ ]?20\d\d|compact_threshold"
"""How a refusal names what asks for a compaction on the way."""

_PATH = r"messages\D{1,3}(\d+)\D{1,12}(\d+)"


def without_refused_pieces(prepared: Prepared, failed: Failure) -> tuple[Prepared, Notice] | None:
    """The same call without what a refusal may mean, and the words that say so; None where it is about something else.

    It does not say which pieces, so that all go at once and there is no second time. A provider that has no word for
    compacting on the way is not asked for it again.
    """
    if prepared.continuity.compacts_at is not None and re.search(
        _COMPACTS, f"{failed.param or ''} {failed.message}", re.IGNORECASE
    ):
        words = f"the provider does not compact on the way ({failed.message}) and was asked again without that"
        return without_turn_compaction(prepared), Notice("compaction_refused", words)
    dead = refused_pieces(prepared, failed)
    if not dead:
        return None
    words = f"the provider refused reasoning of earlier turns ({failed.message}) and was asked again without it"
    return without_pieces(prepared, dead), Notice("state_refused", words)


def refused_pieces(prepared: Prepared, failed: Failure) -> Mapping[int, frozenset[int]]:
    """The pieces that a refusal may mean: all that only the provider can read, by the turn's number.

    Nothing where it is about something else, or where a changed prefix was to be an error.
    """
    past = prepared.asked.prompt.past
    found = next((one for one in state_refusals() if one.says.search(failed.message)), None)
    if past is None or found is None or (found.of_prefix and past.options.on_mismatch == "error"):
        return {}
    places: defaultdict[int, set[int]] = defaultdict(set)
    for turn, position in _bound(prepared):
        places[turn].add(position)
    return {number: frozenset(positions) for number, positions in places.items()}


def _bound(prepared: Prepared) -> list[_Place]:
    """What goes along that only the provider can read, in its order."""
    turns = {turn.number: turn for turn in prepared.continuity.turns}
    return [
        (fate.turn, fate.position)
        for fate in prepared.continuity.fates
        if fate.fate == "kept" and fate.kind != "file" and turns[fate.turn].pieces[fate.position].is_bound
    ]


def reported_fates(prepared: Prepared, changes: Iterable[Json]) -> tuple[PieceFate, ...]:
    """The fates as the provider reports them: what it has left out was dropped after all.

    `changes` are those of the `Reply`. Entries that name no piece of ours, because its id did not go along, mean all
    that was kept if there are as many; else they change nothing.
    """
    if not prepared.continuity.fates:
        return ()
    files = tuple(fate for fate in prepared.continuity.fates if fate.kind == "file")
    told = {(fate.turn, fate.position): fate for fate in prepared.continuity.fates if fate.kind != "file"}
    turns = prepared.continuity.turns
    places, ids = _places(prepared, turns), dict(_named(turns))
    found, unnamed = list[tuple[_Place, Json]](), list[Json]()
    for entry in changes:
        path = _path(entry)
        place = ids.get(text(entry.get("id")) or "") if path is None else places.get(path)
        if place is not None:
            found.append((place, entry))
        elif path is None and text(entry.get("reason")):
            unnamed.append(entry)
    bound = _bound(prepared)
    if len(unnamed) == len(bound):
        found += zip(bound, unnamed, strict=True)
    for place, entry in found:
        fate = told.get(place)
        if fate is None:
            continue
        why = (text(entry.get("reason")) or "no reason given").replace("_", " ")
        provider = prepared.target.provider.name
        if "allowed" in (text(entry.get("type")) or ""):
            told[place] = replace(fate, reason=f"{provider} let it through ({why})")
        else:
            told[place] = replace(fate, fate="dropped", reason=f"{provider} left it out ({why})")
    return (*files, *told.values())


def _path(entry: Json) -> tuple[int, int] | None:
    found = re.search(_PATH, text(entry.get("path")) or "")
    return (int(found[1]), int(found[2])) if found else None


def _places(prepared: Prepared, turns: tuple[Turn, ...]) -> Mapping[tuple[int, int], _Place]:
    """Which piece stands at which message and block of the body."""
    found: dict[tuple[int, int], _Place] = {}
    message = 0
    for turn, one in zip(turns, prepared.continuity.exchanged, strict=False):
        message += bool(one.asked)
        if not one.answered:
            continue
        for block, piece in enumerate(one.answered):
            position = next((at for at, known in enumerate(turn.pieces) if known is piece), None)
            if position is not None:
                found[message, block] = (turn.number, position)
        message += 1
    return found


def _named(turns: Iterable[Turn]) -> Iterator[tuple[str, _Place]]:
    for turn in turns:
        for position, piece in enumerate(turn.pieces):
            if piece.id and piece.kind != "call":
                yield piece.id, (turn.number, position)
