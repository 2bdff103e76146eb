"""What becomes of each piece of the earlier turns in the next request, and why: decided before it is sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...profiles.state.rule import StateRule
from ...providers.schema import Json
from ...providers.turns.pieces import PieceKind, TurnPiece
from ...providers.turns.turn import Exchanged, Turn

Fate = Literal["kept", "converted", "dropped", "dummy"]
KeepReasoning = Literal["provider", "all", "last", "none"]
OnMismatch = Literal["error", "drop"]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the next request goes: as `Origin` has it for an answer, and with the rule of the route.

    `head` are the fields of the body that stand before all messages: system text and tools, as they will be sent.
    """

    provider: str
    endpoint: str
    dialect: str
    model: str
    rule: StateRule
    account: str | None = None
    head: Json | None = None


@dataclass(frozen=True, slots=True)
class ContinuityOptions:
    """What the user chose. `carry_reasoning`: readable reasoning that cannot go back goes along as a labelled note.

    `keep_reasoning` says of which turns reasoning stays: what the provider wants, all, the last turn, none; what a wire
    demands stays all the same. `on_mismatch` is for pieces whose prefix has changed: refuse, or leave them out.
    """

    carry_reasoning: bool = False
    keep_reasoning: KeepReasoning = "provider"
    on_mismatch: OnMismatch = "drop"


@dataclass(frozen=True, slots=True)
class PieceFate:
    """What becomes of one piece; an entry of a result's `continuity`.

    `turn` counts from 1. `position` is the place in the turn's `pieces`, None for one that was added (`dummy`).
    `tokens` is what the provider counted for it, None where nobody did.
    """

    turn: int
    position: int | None
    kind: PieceKind
    fate: Fate
    reason: str
    tokens: int | None = None

    def document(self) -> dict[str, Any]:
        """The entry as `thinkdial.result/1` has it."""
        return {
            "turn": self.turn,
            "kind": self.kind,
            "fate": self.fate,
            "reason": self.reason,
            "tokens": self.tokens,
        }


@dataclass(frozen=True, slots=True)
class Continuity:
    """The turns and the new prompt as they are to be written, and the fate of each piece that is more than text.

    `asks` are fields that the request needs so that its answer brings its state.
    """

    exchanged: tuple[Exchanged, ...]
    fates: tuple[PieceFate, ...]
    asks: Json


def plan_continuity(
    turns: Sequence[Turn],
    asked: tuple[TurnPiece, ...],
    destination: Destination,
    options: ContinuityOptions,
) -> Continuity:
    """Decide for each piece of `turns`; `asked` is the user's side of the new turn.

    Raises `UsageError` where a changed prefix makes signed pieces worthless and the options say `error`.
    """
    raise NotImplementedError
