"""What files count as input, by the rule that their provider publishes, or that its own counts show. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from ...providers.turns.pieces import TurnPiece
from ..planning.fates import Past
from ..planning.inputs.attached import encoded_size, rule_for, tokens_of
from ..planning.prepare import Prepared, sent_prompt


class FileTokens(Struct, frozen=True):
    """Tokens of the files whose rule is known, the names of the others, and how much base64 all of them are."""

    tokens: int = 0
    unknown: tuple[str, ...] = ()
    encoded_bytes: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        """What a forecast says of them."""
        known = (f"{self.tokens:,} tokens of it by the published rule for files",) if self.tokens else ()
        return (
            (*known, f"without {', '.join(self.unknown)}, of which nobody says what it counts")
            if self.unknown
            else known
        )


def file_tokens(prepared: Prepared, *, with_earlier: bool = True) -> FileTokens:
    """The files that `prepared` sends. `with_earlier`: also those of the turns before it."""
    rule, prompt = rule_for(prepared.target), sent_prompt(prepared.target, prepared.asked.prompt)
    pieces = [piece for piece in prompt.asked if piece.kind == "file"]
    earlier = [] if prompt.past is None else [*_earlier(prepared, prompt.past)]
    counted = [*pieces, *earlier] if with_earlier else pieces
    found = [(piece, tokens_of(piece, rule)) for piece in counted]
    return FileTokens(
        sum(tokens for _, tokens in found if tokens is not None),
        tuple(dict.fromkeys(piece.name or "file" for piece, tokens in found if tokens is None)),
        sum(encoded_size(int(piece.native.get("bytes", 0))) for piece in (*pieces, *earlier)),
    )


def _earlier(prepared: Prepared, past: Past) -> Iterable[TurnPiece]:
    sent = {turn.number for turn in prepared.continuity.turns}
    lost = {(fate.turn, fate.position) for fate in prepared.continuity.fates if fate.kind == "file"}
    for turn in past.turns:
        for at, piece in enumerate(turn.asked):
            if piece.kind == "file" and turn.number in sent and (turn.number, at) not in lost:
                yield piece
