"""Where attachments stand in a prompt: at `{{file:NAME}}`, else after it, in the order of their names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from ...providers.errors import UsageError, did_you_mean
from ...providers.turns.pieces import TurnPiece
from .attachment import Attachment

_PLACE = re.compile(r"\{\{\s*file:\s*([^{}]{1,255}?)\s*\}\}")


def placed(text: str, attachments: Sequence[Attachment]) -> tuple[TurnPiece, ...]:
    """The pieces of the user's side. Raises `UsageError` for a place whose file is not there, or not told apart."""
    names = [one.name for one in attachments]
    pieces: list[TurnPiece] = []
    used: set[int] = set()
    at = 0
    for place in _PLACE.finditer(text):
        name = place[1]
        if names.count(name) != 1:
            why = "several attachments have that name" if name in names else "no attachment has that name"
            raise UsageError(f"{place[0]}: {why}{did_you_mean(name, names) if name not in names else ''}")
        pieces += _words(text[at : place.start()])
        used.add(names.index(name))
        pieces.append(attachments[names.index(name)].piece())
        at = place.end()
    pieces += _words(text[at:])
    pieces += (one.piece() for number, one in enumerate(attachments) if number not in used)
    return tuple(_set_apart(pieces))


def _set_apart(pieces: Sequence[TurnPiece]) -> Iterator[TurnPiece]:
    """Words that follow words begin with an empty line: routes put them together without one."""
    before = ""
    for piece in pieces:
        if before.strip() and piece.kind == "text" and not (before.endswith("\n\n") or piece.text.startswith("\n\n")):
            piece = replace(piece, text=f"\n\n{piece.text}")
        before = piece.text if piece.kind == "text" else ""
        yield piece


def _words(text: str) -> list[TurnPiece]:
    return [TurnPiece("text", text)] if text.strip() else []
