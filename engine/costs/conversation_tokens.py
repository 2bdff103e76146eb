"""How many tokens the earlier turns of a conversation are, by what they are."""

from __future__ import annotations

from dataclasses import dataclass

from ..planning.prepare import Prepared
from .estimate import MESSAGE_TOKENS, text_tokens


@dataclass(frozen=True, slots=True)
class ConversationTokens:
    """Estimates of what goes along before the new prompt: words, calls and results; and reasoning that goes back."""

    text: int = 0
    reasoning: int = 0


def conversation_tokens(prepared: Prepared) -> ConversationTokens:
    """What `prepared` sends of earlier turns.

    Reasoning counts as what the provider has counted for it, else as the words that can be read of it.
    """
    text = reasoning = 0
    for one in prepared.continuity.exchanged[:-1]:
        for side in (one.asked, one.answered):
            words = "".join(piece.text for piece in side if not piece.is_reasoning)
            text += MESSAGE_TOKENS + text_tokens(words) if side else 0
    past = prepared.asked.prompt.past
    turns = {turn.number: turn for turn in past.turns} if past is not None else {}
    for fate in prepared.continuity.fates:
        if fate.fate == "kept" and fate.kind != "signature":
            words = turns[fate.turn].pieces[fate.position].text
            reasoning += fate.tokens if fate.tokens is not None else text_tokens(words)
    return ConversationTokens(text, reasoning)
