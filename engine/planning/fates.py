"""The values of continuity: where earlier turns are to go, what the user chose, and what becomes of each piece."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Literal

from msgspec import Struct, field

from ...profiles.state.context import NO_POLICY, ContextPolicy, KeepReasoning
from ...profiles.state.rule import StateRule
from ...providers.schema import Json
from ...providers.turns.pieces import PieceKind
from ...providers.turns.turn import Exchanged, Turn

Fate = Literal["kept", "converted", "dropped", "dummy"]
OnMismatch = Literal["error", "drop"]


class Destination(Struct, frozen=True):
    """Where the next request goes: as `Origin` has it for an answer, and with the rule of the route.

    `head` are the fields of the body that stand before all messages: system text and tools, as they will be sent.
    `takes_text_only`: nobody has written a writer for this dialect.
    """

    provider: str
    endpoint: str
    dialect: str
    model: str
    rule: StateRule
    account: str | None = None
    head: Json = field(default_factory=dict[str, Any])
    takes_text_only: bool = False


class ContinuityOptions(Struct, frozen=True):
    """What the user chose. `carry_reasoning`: readable reasoning that cannot go back goes along as a labelled note.

    `keep_reasoning` says of which turns reasoning stays: what the provider wants, all, the last turn, none; what a wire
    demands stays all the same. None is as the profile has it. `on_mismatch` is for pieces whose prefix has changed:
    refuse, or leave them out.
    """

    carry_reasoning: bool = False
    keep_reasoning: KeepReasoning | None = None
    on_mismatch: OnMismatch = "drop"


class SessionPlace(Struct, frozen=True):
    """Which turn of which session an answer is; `turn` counts from 1."""

    name: str
    id: str
    turn: int


class SessionCap(Struct, frozen=True):
    """The most in USD that all turns of the session `name` may cost together, and what they have cost so far."""

    name: str
    most_usd: Decimal
    spent_usd: Decimal


class TurnCount(Struct, frozen=True):
    """What was counted of one turn, and how it was asked; None for what nobody reported. `at` is ISO 8601."""

    turn: int
    think: str
    at: str
    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None


class Compaction(Struct, frozen=True):
    """What stands for the turns up to the number `covers`: a provider's own piece or, if `is_ours`, a summary."""

    covers: int
    turn: Turn
    is_ours: bool = False


class Past(Struct, frozen=True):
    """The way of a conversation from its first turn to the one that goes on: none yet, at its beginning.

    `place` is the turn that is about to be made. `counts` are what providers counted of the turns, the oldest first.
    `policy` is what the call and its session say of the context. Turns up to the number `after` are left out of it.
    `compactions` stand for turns, the oldest first, wherever they can be read.
    """

    turns: tuple[Turn, ...] = ()
    options: ContinuityOptions = ContinuityOptions()
    place: SessionPlace | None = None
    counts: tuple[TurnCount, ...] = ()
    policy: ContextPolicy = NO_POLICY
    after: int = 0
    compactions: tuple[Compaction, ...] = ()
    cap: SessionCap | None = None

    @property
    def sent(self) -> tuple[Turn, ...]:
        """The turns that go along."""
        return tuple(turn for turn in self.turns if turn.number > self.after) if self.after else self.turns


class PieceFate(Struct, frozen=True):
    """What becomes of one piece; an entry of a result's `continuity`.

    `turn` counts from 1. `position` is the place in the turn's `pieces`, or in what was `asked` for a result or a file.
    `tokens` is what the provider counted for it, None where nobody did.
    """

    turn: int
    position: int
    kind: PieceKind
    fate: Fate
    reason: str
    tokens: int | None = None

    INTERNAL: ClassVar[frozenset[str]] = frozenset(("position",))
    """Fields that are no part of the document."""

    def document(self) -> dict[str, Any]:
        """The entry as `thinkdial.result/1` has it."""
        return {
            "turn": self.turn,
            "kind": self.kind,
            "fate": self.fate,
            "reason": self.reason,
            "tokens": self.tokens,
        }


class Continuity(Struct, frozen=True):
    """The turns and the new prompt as they are to be written, and the fate of each piece that is more than text.

    `turns` are those that were decided on: a compaction stands there for what it covers. `compacts_at`: from so many
    tokens of input on the provider is asked to compact them before it answers; None where it is not asked.
    """

    exchanged: tuple[Exchanged, ...] = ()
    fates: tuple[PieceFate, ...] = ()
    turns: tuple[Turn, ...] = ()
    compacts_at: int | None = None


NO_TURNS = Continuity()
