"""Conversations in short form: what stands for the earlier turns, and the request that has them made short. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...profiles.state.compactions import CompactionMeans
from ...providers.merge import merged
from ...providers.schema import Call
from ...providers.turns.pieces import TurnPiece
from ...providers.turns.turn import Turn, plain_text
from ..targets.target import Target
from .continuity.judgement import barrier_of
from .fates import Compaction, Destination, Past

_KEPT_FIELDS = ("prompt_cache_key",)
"""What an endpoint of its own takes besides model, conversation and system text."""


def shortened(
    past: Past, asked: tuple[TurnPiece, ...], destination: Destination
) -> tuple[tuple[Turn, ...], tuple[TurnPiece, ...]]:
    """The turns that go along, and the user's side of the new one.

    The newest compaction that the destination can read stands for the turns that it covers: a provider's own as a turn
    of the provider, a summary of ours as a labelled text before what the user said next. Where it can read none, the
    full turns go.
    """
    for compaction in reversed(past.compactions):
        if compaction.covers <= past.after:
            continue
        later = tuple(turn for turn in past.sent if turn.number > compaction.covers)
        if compaction.is_ours:
            words = summary_text(compaction)
            if not later:
                return (), _with_words(asked, words)
            return (replace(later[0], asked=_with_words(later[0].asked, words)), *later[1:]), asked
        if _is_readable(compaction.turn, destination):
            return (replace(compaction.turn, number=compaction.covers), *later), asked
    return past.sent, asked


def summary_text(compaction: Compaction) -> str:
    """A summary of ours, as the models are shown it."""
    author = compaction.turn.origin.served or compaction.turn.origin.model
    turns = "turn 1" if compaction.covers == 1 else f"turns 1 to {compaction.covers}"
    words = plain_text(compaction.turn.pieces).strip()
    return f"[Summary of {turns} of this conversation, by {author}]\n{words}\n[End of the summary]"


def compacting(target: Target, call: Call, means: CompactionMeans) -> tuple[Target, Call]:
    """The call that has the provider compact the conversation, and the target it goes to."""
    if means.path is not None:
        quirks = {**target.use.quirks, "path": means.path, "store_field": False}
        kept = {name: call.native[name] for name in _KEPT_FIELDS if name in call.native}
        call = replace(call, native=kept, params={}, max_output_tokens=None, stream=False)
        return replace(target, use=replace(target.use, quirks=quirks)), call
    headers = tuple((name, value) for name, value in means.headers.items())
    return target, replace(call, params=merged(call.params, means.body), headers=(*call.headers, *headers))


def compaction_pieces(pieces: Sequence[TurnPiece]) -> tuple[TurnPiece, ...]:
    """What came of a compaction, as it has to go back: the user's messages in it are no answer. Empty without one."""
    if not any(piece.kind == "compaction" and piece.is_whole for piece in pieces):
        return ()
    return tuple(_as_item(piece) for piece in pieces if piece.kind in ("compaction", "other") or _is_asked(piece))


def _is_asked(piece: TurnPiece) -> bool:
    return piece.kind == "text" and piece.native.get("role") == "user"


def _as_item(piece: TurnPiece) -> TurnPiece:
    if not _is_asked(piece):
        return piece
    id_ = {"id": piece.id} if piece.id else {}
    return TurnPiece("other", "", piece.carrier, {}, {**piece.native, **id_})


def _is_readable(turn: Turn, destination: Destination) -> bool:
    return barrier_of(turn, destination) is None and not turn.dead and not turn.origin.is_imported


def _with_words(asked: tuple[TurnPiece, ...], words: str) -> tuple[TurnPiece, ...]:
    """The user's side with a text before its own."""
    at = next((at for at, piece in enumerate(asked) if piece.kind == "text"), None)
    if at is None:
        return (*asked, TurnPiece("text", words))
    return (*asked[:at], replace(asked[at], text=f"{words}\n\n{asked[at].text}"), *asked[at + 1 :])
