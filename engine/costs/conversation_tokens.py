"""How many tokens the earlier turns of a conversation are, by what they are."""

from __future__ import annotations

import json

from msgspec import Struct

from ...providers.turns.pieces import TurnPiece
from ...providers.turns.turn import Turn
from ..planning.prepare import Prepared
from .estimate import MESSAGE_TOKENS, text_tokens


class ConversationTokens(Struct, frozen=True):
    """Estimates of what goes along before the new prompt: words, calls and results; and reasoning that goes back."""

    text: int = 0
    reasoning: int = 0


def conversation_tokens(prepared: Prepared) -> ConversationTokens:
    """What `prepared` sends of earlier turns.

    Reasoning counts as what the provider has counted for it, else as the words that can be read of it.
    """
    return ConversationTokens(sum(map(sum, text_by_turn(prepared).values())), sum(reasoning_by_turn(prepared).values()))


def text_by_turn(prepared: Prepared, since: int = 0) -> dict[int, tuple[int, int]]:
    """The words of both sides of each turn that goes along, by its number: of those from the number `since` on."""
    turns, exchanged = prepared.continuity.turns, prepared.continuity.exchanged[:-1]
    if len(turns) != len(exchanged):  # two messages of the user became one
        return {turn.number: turn_words(turn) for turn in turns if turn.number >= since}
    pairs = zip(turns, exchanged, strict=True)
    return {turn.number: (_words(one.asked), _words(one.answered)) for turn, one in pairs if turn.number >= since}


def turn_words(turn: Turn) -> tuple[int, int]:
    """The words of both sides of `turn`, whether they go along or not."""
    return _words(turn.asked), _words(turn.pieces)


def reasoning_by_turn(prepared: Prepared) -> dict[int, int]:
    """The reasoning that goes back, by the number of its turn."""
    turns, found = {turn.number: turn for turn in prepared.continuity.turns}, dict[int, int]()
    for fate in prepared.continuity.fates:
        if fate.fate == "kept" and fate.kind not in ("signature", "compaction", "file"):
            words = turns[fate.turn].pieces[fate.position].text
            tokens = fate.tokens if fate.tokens is not None else text_tokens(words)
            found[fate.turn] = found.get(fate.turn, 0) + tokens
    return found


def _words(side: tuple[TurnPiece, ...]) -> int:
    if not side:
        return 0
    return MESSAGE_TOKENS + text_tokens("".join(_readable(piece) for piece in side))


def _readable(piece: TurnPiece) -> str:
    """The words of a piece; of an item that goes back as a whole, all that it holds."""
    if piece.is_reasoning:
        return ""
    if piece.kind == "other" and not piece.text:
        return json.dumps(dict(piece.native), ensure_ascii=False)
    return piece.text
