"""Turns of a conversation as they are kept: what was said to a provider, what it answered, and where that came from."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from ..schema import Json
from .pieces import TurnPiece


class Origin(Struct, frozen=True):
    """Who gave an answer, and what it was given for.

    `endpoint` is the base URL that was called, without a key; `account` a keyed hash that stands for the credential,
    never the credential. `model` is what was asked for, `served` what the provider says answered. `prefix` is
    `prefix_of` the body that was sent. `date` is when, as ISO 8601. `is_imported`: it was read from a file, so that
    nobody here knows whether its opaque pieces are what they claim to be.
    """

    provider: str
    endpoint: str
    dialect: str
    model: str
    served: str | None = None
    account: str | None = None
    prefix: str | None = None
    date: str | None = None
    is_imported: bool = False


class Turn(Struct, frozen=True):
    """One message of the user and one answer.

    `number` counts from 1 along the way from the first turn. `asked` are the pieces of the user's side: text, and
    results of calls. `pieces` are the provider's, in its order. `is_cut`: the answer did not end by itself; it met the
    output limit, was cancelled, or the stream broke. `dead` are positions in `pieces` that a provider has refused.
    `reasoning_tokens` is what the provider counted for the reasoning of the turn, None where it did not. `goes_on` are
    fields of the request that goes on with it at once; they are not kept.
    """

    number: int
    asked: tuple[TurnPiece, ...]
    pieces: tuple[TurnPiece, ...]
    origin: Origin
    is_cut: bool = False
    dead: frozenset[int] = frozenset()
    reasoning_tokens: int | None = None
    goes_on: Json = field(default_factory=dict[str, Any])

    @property
    def compacted_at(self) -> int | None:
        """The position of the piece in which the provider has put all before it, the newest; None without one."""
        found = (
            at
            for at in reversed(range(len(self.pieces)))
            if self.pieces[at].kind == "compaction" and self.pieces[at].is_whole and at not in self.dead
        )
        return next(found, None)


class Exchanged(Struct, frozen=True):
    """One turn as it is to be written: what is left of both sides when it is settled what goes along.

    Pieces with `native` or `opaque` fields are those of the wire that they are written to; all others are plain.
    `answered` is empty for the last one, the new prompt.
    """

    asked: tuple[TurnPiece, ...]
    answered: tuple[TurnPiece, ...] = ()


class Manner(Struct, frozen=True):
    """What a writer needs to know of the route, where those who share a wire differ.

    `reasoning_field` is where plain reasoning goes in a message: `same` is the field that it came in, `tags` the head
    of the content. `empty_on_calls`: a message with calls has that field, if need be empty. `with_ids`: items go back
    with the ids that they came with. `details`: reasoning that came as a list of entries goes back as one, also
    where it is nothing but text.
    """

    reasoning_field: str = "same"
    empty_on_calls: bool = False
    with_ids: bool = True
    details: bool = False


def said(text: str) -> tuple[TurnPiece, ...]:
    """The user's side of a turn that is nothing but `text`."""
    return (TurnPiece("text", text),)


def plain_text(pieces: tuple[TurnPiece, ...]) -> str:
    """The words of `pieces` that are neither reasoning, calls nor results."""
    return "".join(piece.text for piece in pieces if piece.kind == "text")
