"""The parts of Google's contents.

A signature belongs to the part on which it came: signed parts are never joined with others, and an empty one that is
signed stays. Source: https://ai.google.dev/gemini-api/docs/thought-signatures
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..json_values import obj, piece_of, text
from ..turns.pieces import PieceKind, TurnPiece
from ..turns.turn import Exchanged, Manner
from .gathered import arguments_of, compact, joined, rest

SIGNATURES = ("thoughtSignature", "thought_signature")


class GeminiParts:
    """Parts while they come. Fragments of unsigned text are one part."""

    def __init__(self) -> None:
        self._pieces: list[TurnPiece] = []
        self._words: list[str] = []
        self._are_thoughts = False

    def add(self, part: Mapping[str, Any]) -> None:
        words, is_thought = piece_of(part.get("text")), part.get("thought") is True
        if len(part) == (2 if is_thought else 1) and "text" in part:
            if is_thought != self._are_thoughts:
                self._settle()
                self._are_thoughts = is_thought
            self._words.append(words)
            return
        self._settle()
        piece = _piece(part, words, is_thought)
        if piece is not None:
            self._pieces.append(piece)

    def close(self, *, is_whole: bool = True) -> Iterator[TurnPiece]:
        self._settle(is_whole)
        yield from self._pieces
        self._pieces = []

    def _settle(self, is_whole: bool = True) -> None:
        words = joined(self._words)
        self._words = []
        if words:
            kind, carrier = _spoken(self._are_thoughts)
            self._pieces.append(TurnPiece(kind, words, carrier, is_whole=is_whole))


def _spoken(is_thought: bool) -> tuple[PieceKind, str]:
    return ("summary", "thought") if is_thought else ("text", "text")


def _piece(part: Mapping[str, Any], words: str, is_thought: bool) -> TurnPiece | None:
    opaque = {name: signature for name in SIGNATURES if (signature := piece_of(part.get(name)))}
    native = rest(part, "text", "thought", *SIGNATURES)
    if called := obj(native.pop("functionCall", None)):
        if more := rest(called, "name", "args", "id"):
            native["functionCall"] = more
        arguments, id_, name = compact(obj(called.get("args"))), text(called.get("id")), text(called.get("name"))
        return TurnPiece("call", arguments, "functionCall", opaque, native, id_, name)
    kind, carrier = _spoken(is_thought)
    if words:
        return TurnPiece(kind, text(words) or "", carrier, opaque, native)
    if native:
        return TurnPiece("other", "", next(iter(native)), opaque, native)
    return TurnPiece("signature", "", carrier if "text" in part else "", opaque) if opaque else None


def write(exchanged: Sequence[Exchanged], manner: Manner) -> list[dict[str, Any]]:
    """The contents."""
    contents: list[dict[str, Any]] = []
    for one in exchanged:
        if one.asked:
            contents.append({"role": "user", "parts": [_part(piece) for piece in one.asked]})
        if one.answered:
            contents.append({"role": "model", "parts": [_part(piece) for piece in one.answered]})
    return contents


def _part(piece: TurnPiece) -> dict[str, Any]:
    match piece.kind:
        case "text":
            return {"text": piece.text, **piece.native, **piece.opaque}
        case "summary" | "thinking":
            return {"text": piece.text, "thought": True, **piece.native, **piece.opaque}
        case "signature":
            words: dict[str, Any] = {"text": ""} if piece.carrier else {}
            return {**words, **({"thought": True} if piece.carrier == "thought" else {}), **piece.opaque}
        case "call":
            called = {"name": piece.name, "args": arguments_of(piece.text)}
            if piece.id:
                called = {"id": piece.id, **called}
            native = dict(piece.native)
            return {"functionCall": {**called, **obj(native.pop("functionCall", None))}, **native, **piece.opaque}
        case "result":
            answered = {"name": piece.name or "", "response": {"result": piece.text}, **piece.native}
            return {"functionResponse": {"id": piece.id, **answered} if piece.id else answered}
        case _:  # a file is nothing but its part
            return {**piece.native, **piece.opaque}
