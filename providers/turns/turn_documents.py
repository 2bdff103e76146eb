"""Turns as JSON, as they are stored and exported, and back."""

from __future__ import annotations

from typing import Any, cast

from ..json_values import obj
from ..schema import Json
from .pieces import TurnPiece, piece_of_document
from .turn import Origin, Turn

_ORIGIN_TEXTS = ("served", "account", "prefix", "date")


def turn_document(turn: Turn) -> dict[str, Any]:
    """`turn` as JSON; `turn_of_document` reads it. The user's side is `asked`."""
    return {
        "asked": [piece.document() for piece in turn.asked],
        "pieces": [piece.document() for piece in turn.pieces],
        "origin": origin_document(turn.origin),
        "is_cut": turn.is_cut,
        "dead": sorted(turn.dead),
        "reasoning_tokens": turn.reasoning_tokens,
    }


def turn_of_document(document: Json, number: int = 0) -> Turn:
    """What `turn_document` wrote. Raises `ValueError` for JSON that is no turn, with the reason."""
    pieces = _pieces(document, "pieces")
    listed = cast("list[Any]", document.get("dead") or [])
    dead = [at for at in listed if type(at) is int and 0 <= at < len(pieces)]
    if len(dead) != len(listed):
        raise ValueError("dead must be positions of pieces")
    tokens = document.get("reasoning_tokens")
    if tokens is not None and (type(tokens) is not int or tokens < 0):
        raise ValueError("reasoning_tokens must be a number of tokens, or null")
    return Turn(
        number=number,
        asked=_pieces(document, "asked"),
        pieces=pieces,
        origin=origin_of_document(document.get("origin")),
        is_cut=document.get("is_cut") is True,
        dead=frozenset(dead),
        reasoning_tokens=tokens,
    )


def origin_document(origin: Origin) -> dict[str, Any]:
    """`origin` as JSON, without what is not known."""
    document: dict[str, Any] = {
        "provider": origin.provider,
        "endpoint": origin.endpoint,
        "dialect": origin.dialect,
        "model": origin.model,
    }
    document |= {name: value for name in _ORIGIN_TEXTS if (value := getattr(origin, name)) is not None}
    if origin.is_imported:
        document["is_imported"] = True
    return document


def origin_of_document(document: Any) -> Origin:
    """What `origin_document` wrote. Raises `ValueError` for JSON that is no origin."""
    fields = obj(document)
    texts: dict[str, Any] = {name: fields.get(name, "") for name in ("provider", "endpoint", "dialect", "model")}
    optional: dict[str, Any] = {name: fields.get(name) for name in _ORIGIN_TEXTS}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("provider, endpoint, dialect and model of an origin must be text")
    if not all(text is None or isinstance(text, str) for text in optional.values()):
        raise ValueError(f"{', '.join(_ORIGIN_TEXTS)} of an origin must be text, or absent")
    return Origin(**texts, **optional, is_imported=fields.get("is_imported") is True)


def _pieces(document: Json, name: str) -> tuple[TurnPiece, ...]:
    listed = document.get(name)
    if not isinstance(listed, list):
        raise ValueError(f"{name} of a turn must be a list of pieces")
    return tuple(piece_of_document(piece) for piece in cast("list[Any]", listed))
