"""Who has seen a conversation."""

from __future__ import annotations

from collections.abc import Iterable

from .conversation import Conversation


def strangers(conversation: Conversation, providers: Iterable[str]) -> tuple[str, ...]:
    """Those of `providers` that have been sent nothing of the conversation yet; none where there is nothing to see."""
    turns = conversation.turns
    if not turns:
        return ()
    known = {turn.origin.provider for turn in turns if not turn.origin.is_imported} | {*conversation.settings.told}
    return tuple(provider for provider in dict.fromkeys(providers) if provider not in known)


def first_seen(conversation: Conversation, vendors: Iterable[str]) -> str:
    """What is said of `strangers` before they are sent the conversation."""
    count = len(conversation.turns)
    return f"{', '.join(vendors)} will see {count} earlier turn{'s' if count != 1 else ''} for the first time"
