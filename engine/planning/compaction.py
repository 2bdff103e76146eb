"""Conversations in short form: what stands for the earlier turns, and the request that has them made short. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ...profiles.state.compactions import CompactionMeans, turn_compaction
from ...profiles.state.context import ContextPolicy
from ...providers.merge import joined, merged
from ...providers.schema import Call
from ...providers.turns.pieces import TurnPiece
from ...providers.turns.turn import Turn, plain_text
from ..targets.target import Target
from .continuity.judgement import barrier_of
from .fates import Compaction, Destination, Past

_KEPT_FIELDS = ("prompt_cache_key",)
"""What an endpoint of its own takes besides model, conversation and system text."""


USUAL_PERCENT = 80
"""Of the room for input: from there on a turn is compacted where nobody said when, so that a long prompt still fits."""


def shortened(
    past: Past, asked: tuple[TurnPiece, ...], destination: Destination
) -> tuple[tuple[Turn, ...], tuple[TurnPiece, ...]]:
    """The turns that go along, and the user's side of the new one.

    The newest compaction that the destination can read stands for the turns that it covers: a provider's own as a turn
    of the provider, a summary of ours as a labelled text before what the user said next. One that came within a turn
    stands for all before it. Where the destination can read none, the full turns go.
    """
    within = _compacted_turn(past, destination)
    for compaction in reversed(past.compactions):
        if compaction.covers <= past.after or (within is not None and compaction.covers < within.number):
            continue
        later = tuple(turn for turn in past.sent if turn.number > compaction.covers)
        if compaction.is_ours:
            words = summary_text(compaction)
            if not later:
                return (), _with_words(asked, words)
            return (replace(later[0], asked=_with_words(later[0].asked, words)), *later[1:]), asked
        if _is_readable(compaction.turn, destination):
            return (replace(compaction.turn, number=compaction.covers), *later), asked
    if within is None:
        return past.sent, asked
    begun = replace(within, asked=()) if within.compacted_at == 0 else within
    return (begun, *(turn for turn in past.sent if turn.number > within.number)), asked


def _compacted_turn(past: Past, destination: Destination) -> Turn | None:
    """The newest turn with a compaction that the destination can read."""
    found = (turn for turn in reversed(past.sent) if turn.compacted_at is not None)
    return next((turn for turn in found if barrier_of(turn, destination) is None and not turn.origin.is_imported), None)


def room_for_input(window: int | None, most_output: int | None) -> int | None:
    """What a model's window leaves beside its output; None where it is not known."""
    return None if window is None else max(1, window - (most_output or 0))


def asked_in_turn(target: Target, call: Call, policy: ContextPolicy) -> tuple[Call, int | None]:
    """`call`, asking its provider to compact on the way what is too much, and from how many tokens of input on.

    As it is, with None, where the policy has something else done, the provider has no such means, or the profile's own
    fields say what is done.
    """
    model = target.profile.known_as or target.profile.model
    means = turn_compaction(target.provider.name, target.dialect, model)
    if policy.when_full != "compact" or means is None or means.body.keys() & call.params.keys():
        return call, None
    room = room_for_input(target.card.context_tokens, call.max_output_tokens)
    usual = None if room is None else room * USUAL_PERCENT // 100
    known = [tokens for tokens in (usual, policy.max_input_tokens) if tokens is not None]
    if not known or min(known) < max(1, means.least_tokens):
        return call, None
    native = joined(call.native, means.body_from(min(known)))
    return replace(call, native=native, headers=(*call.headers, *means.headers.items())), min(known)


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
