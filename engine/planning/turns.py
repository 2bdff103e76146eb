"""An answer as a turn that can be kept and go back: its pieces, and where they came from. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from ...providers.fold import Reply
from ...providers.turns.pieces import TurnPiece
from ...providers.turns.turn import Origin, Turn, said
from .prepare import Prepared

_CUT = frozenset({"length", "content_filter", "cancelled", "error"})
"""Reasons to stop that are no end: whatever was thought broke off, or led nowhere."""


def origin_of(prepared: Prepared, served: str | None, date: str | None) -> Origin:
    """Who gives the answer to `prepared`. `served` is the model that the provider names, `date` is ISO 8601."""
    target = prepared.target
    return Origin(
        provider=target.provider.name,
        endpoint=target.base_url,
        dialect=target.dialect,
        model=prepared.call.model,
        served=served,
        account=prepared.asked.account,
        prefix=prepared.prefix,
        date=date,
    )


def turn_of(number: int, prepared: Prepared, reply: Reply, date: str | None) -> Turn:
    """The turn that `reply` to `prepared` makes, `number` counting from 1."""
    prompt = prepared.asked.prompt
    made = made_turn(number, prompt.text, reply, origin_of(prepared, reply.model, date))
    return replace(made, asked=prompt.pieces, goes_on=reply.goes_on)


def made_turn(number: int, prompt: str, reply: Reply, origin: Origin) -> Turn:
    """The turn of `prompt` and the `reply` that came from `origin`."""
    return Turn(
        number=number,
        asked=said(prompt),
        pieces=tuple(reply.pieces) or _plain(reply),
        origin=origin,
        is_cut=not reply.complete or reply.failure is not None or reply.finish in _CUT,
        reasoning_tokens=reply.usage.reasoning_tokens,
    )


def _plain(reply: Reply) -> tuple[TurnPiece, ...]:
    """The answer in a dialect whose decoder knows of no pieces: a plugin's."""
    return said(reply.answer) if reply.answer else ()
