"""What goes in the place of a file that a route does not take. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ....providers.schema import Notice
from ....providers.turns.pieces import TurnPiece
from ....providers.turns.turn import Turn
from ...targets.target import Target
from ..fates import Past
from .attached import refusal, rule_for


class StandIn(Struct, frozen=True):
    """What can be made of a file, and words about what is done and lost."""

    piece: TurnPiece
    words: str


StandIns = Mapping[str, tuple[StandIn, ...]]
"""By the SHA-256 of the file, the better ones first."""


def fitted(target: Target, asked: Sequence[TurnPiece], stand_ins: StandIns) -> tuple[TurnPiece, ...]:
    """`asked` with what stands in for files that the route does not take; they stay where nothing is taken."""
    return tuple(piece if (one := _chosen(target, piece, stand_ins)) is None else one.piece for piece in asked)


def fitted_past(target: Target, past: Past, stand_ins: StandIns) -> Past:
    """The same for the turns before."""
    return replace(past, turns=tuple(_fitted_turn(target, turn, stand_ins) for turn in past.turns))


def conversion_notices(target: Target, asked: Sequence[TurnPiece], stand_ins: StandIns) -> Iterator[Notice]:
    """What was done to files, for all routes and for this one."""
    for piece in asked:
        words = _changed(piece)
        if (one := _chosen(target, piece, stand_ins)) is not None:
            words = "; for this model ".join(filter(None, (words, one.words)))
        if words:
            yield Notice("attachment_converted", f"{piece.name}: {words}")


def _changed(piece: TurnPiece) -> str | None:
    words = piece.native.get("changed") if piece.kind == "file" else None
    return words if isinstance(words, str) else None


def _fitted_turn(target: Target, turn: Turn, stand_ins: StandIns) -> Turn:
    made = fitted(target, turn.asked, stand_ins)
    return turn if made == turn.asked else replace(turn, asked=made)


def _chosen(target: Target, piece: TurnPiece, stand_ins: StandIns) -> StandIn | None:
    found = stand_ins.get(str(piece.native.get("sha256")), ()) if piece.kind == "file" and stand_ins else ()
    rule = rule_for(target) if found else None
    if rule is None or refusal(piece, rule, target) is None:
        return None
    taken = (one for one in found if one.piece.kind == "text" or refusal(one.piece, rule, target) is None)
    return next(taken, None)
