"""What becomes of each piece of the earlier turns in the next request, and why: decided before it is sent. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from ....providers.errors import UsageError
from ....providers.turns.pieces import TurnPiece
from ....providers.turns.prefix import Prefix
from ....providers.turns.turn import Exchanged, Turn
from ..fates import Continuity, ContinuityOptions, Destination, PieceFate
from .judgement import Barrier, barrier_of
from .settlement import Settlement, asked_of, settle
from .tool_calls import loose_ends, with_bridges, with_ids

Write = Callable[[Sequence[Exchanged]], Iterable[Any]]
"""The writer of the destination's dialect: turns into messages, each turn for itself."""

MOST_NOTES = 8
"""Turns whose reasoning goes along as notes, the newest."""


def plan_continuity(
    turns: Sequence[Turn],
    asked: tuple[TurnPiece, ...],
    destination: Destination,
    options: ContinuityOptions,
    write: Write,
) -> Continuity:
    """Decide for each piece of `turns`; `asked` is the user's side of the new turn.

    The pieces themselves are never changed: what goes to a stranger today goes back to its own provider tomorrow.
    Raises `UsageError` where a changed prefix makes signed pieces worthless and the options say `error`.
    """
    settled = _settled(turns, asked, destination, options, write)
    if "prefix" in destination.rule.binds:
        settled = _without_gaps(settled)
    noted = [one.turn.number for one in settled if one.notable][-MOST_NOTES:] if options.carry_reasoning else []
    exchanged, fates, note = list[Exchanged](), list[PieceFate](), ""
    for one in settled:
        exchanged.append(Exchanged(_with_note(one.asked, note), one.answered))
        fates += one.fates(noted=one.turn.number in noted)
        note = one.note() if one.turn.number in noted else ""
    lost = loose_ends(turns, asked).results[-1]
    exchanged.append(Exchanged(_with_note(tuple(p for at, p in enumerate(asked) if at not in lost), note)))
    exchanged = with_ids(exchanged, destination.rule)
    if destination.rule.bridge is not None:
        exchanged = with_bridges(exchanged, destination.rule.bridge)
    return Continuity(tuple(_alternating(exchanged) if destination.rule.alternates else exchanged), tuple(fates))


def _settled(
    turns: Sequence[Turn],
    asked: tuple[TurnPiece, ...],
    destination: Destination,
    options: ContinuityOptions,
    write: Write,
) -> list[Settlement]:
    """Each turn for itself, and against what is sent before it where its pieces are bound to that."""
    loose = loose_ends(turns, asked)
    prefix = Prefix(destination.head) if "prefix" in destination.rule.binds else None
    settled: list[Settlement] = []
    for at, turn in enumerate(turns):
        barrier = barrier_of(turn, destination)
        if prefix is not None:
            is_plain = turn.origin.is_imported or (barrier is not None and barrier.is_foreign)
            prefix.add(write([Exchanged(asked_of(turn, loose.results[at], is_plain=is_plain))]))
            if barrier is None and _is_signed(turn):
                barrier = _prefix_barrier(turn, prefix.digest(), options)
        is_last = at + 1 == len(turns)
        one = settle(
            turn, destination, options, barrier,
            is_last=is_last, lost_calls=loose.calls[at], lost_results=loose.results[at],
        )  # fmt: skip
        if prefix is not None:
            prefix.add(write([Exchanged((), one.answered)]))
        settled.append(one)
    return settled


def _is_signed(turn: Turn) -> bool:
    return any(piece.is_reasoning and piece.opaque for piece in turn.pieces)


def _prefix_barrier(turn: Turn, digest: str, options: ContinuityOptions) -> Barrier | None:
    """What bars signed pieces of a model that binds them to everything before them."""
    known = turn.origin.prefix
    if known == digest:
        return None
    if not turn.asked and turn.compacted_at == 0:
        words = "what was sent before it has been compacted, and it is bound to that"
        return Barrier(words, of_prefix=True)
    if options.on_mismatch == "error":
        raise UsageError(
            f"what was sent before turn {turn.number} is not what {turn.origin.model} signed its reasoning for",
            hint="go back to the same system text and earlier turns, or leave that reasoning out: --on-mismatch drop",
        )
    if known is None:
        return Barrier("it is bound to what was sent before it, and that is not known", of_prefix=True)
    return Barrier("what was sent before it has changed, and it is bound to that", of_prefix=True)


def _without_gaps(settled: Sequence[Settlement]) -> list[Settlement]:
    """The kept reasoning of models that bind it must be an unbroken run up to the end: the oldest may be missing."""
    breaks = [at for at, one in enumerate(settled) if one.leaves_gap and _has_lost(one)]
    last = breaks[-1] if breaks else -1
    return [_without_reasoning(one) if at < last else one for at, one in enumerate(settled)]


def _has_lost(one: Settlement) -> bool:
    return any(outcome.piece.is_reasoning and outcome.written is None for outcome in one.outcomes)


def _without_reasoning(one: Settlement) -> Settlement:
    words = "the reasoning of a later turn is left out, and what is kept must have no gap"
    return replace(
        one,
        outcomes=tuple(
            outcome.dropped(words) if outcome.piece.is_reasoning and outcome.written is not None else outcome
            for outcome in one.outcomes
        ),
    )


def _with_note(asked: tuple[TurnPiece, ...], note: str) -> tuple[TurnPiece, ...]:
    """The user's side with a note before its text."""
    if not note:
        return asked
    texts = [at for at, piece in enumerate(asked) if piece.kind == "text"]
    if not texts:
        return (*asked, TurnPiece("text", note))
    at = texts[0]
    return (*asked[:at], replace(asked[at], text=f"{note}\n\n{asked[at].text}"), *asked[at + 1 :])


def _alternating(exchanged: Sequence[Exchanged]) -> list[Exchanged]:
    """Two messages of one side in a row as one."""
    merged: list[Exchanged] = []
    for one in exchanged:
        if merged and merged[-1].answered and not one.asked:
            merged[-1] = Exchanged(merged[-1].asked, (*merged[-1].answered, *one.answered))
            continue
        if merged and not merged[-1].answered:
            texts = [piece.text for piece in (*merged[-1].asked, *one.asked) if piece.kind == "text"]
            others = tuple(piece for piece in (*merged[-1].asked, *one.asked) if piece.kind != "text")
            merged[-1] = Exchanged((*others, TurnPiece("text", "\n\n".join(texts))), one.answered)
        else:
            merged.append(one)
    return merged
