"""The steps of Google's Interactions, which all go back unchanged where nothing is stored.

Source: https://ai.google.dev/gemini-api/docs/interactions/thinking and google-genai 3.4.0
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..json_values import items, obj, piece_of, text
from ..turns.pieces import TurnPiece
from ..turns.turn import Exchanged, Manner
from .gathered import arguments_of, compact, has_files, joined, parts_of, rest, strings


class InteractionSteps:
    """Steps while they come, by their index."""

    def __init__(self) -> None:
        self._open: dict[int, _OpenStep] = {}

    def start(self, index: int, step: Mapping[str, Any]) -> None:
        """Take a step, or its beginning."""
        self._open[index] = _OpenStep(step)

    def add(self, index: int, delta: Mapping[str, Any]) -> None:
        step = self._open.get(index)
        if step is None:
            step = self._open[index] = _OpenStep({"type": "model_output"})
        step.add(delta)

    def close(self, *, is_whole: bool = True) -> Iterator[TurnPiece]:
        """The pieces, in order. What the user has said is none of them."""
        for index in sorted(self._open):
            piece = self._open[index].piece(is_whole)
            if piece is not None:
                yield piece
        self._open = {}


class _OpenStep:
    __slots__ = ("_annotations", "_fields", "_kind", "_others", "_words")

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._kind = text(fields.get("type")) or ""
        self._fields = dict(fields)
        self._words: list[str] = []
        self._others: list[Mapping[str, Any]] = []
        self._annotations: list[Mapping[str, Any]] = []
        for part in (*items(fields.get("content")), *items(fields.get("summary"))):
            self._take(part)
        if "arguments" in fields:
            self._words.append(compact(fields["arguments"]))

    def add(self, delta: Mapping[str, Any]) -> None:
        match delta.get("type"):
            case "text":
                self._words.append(piece_of(delta.get("text")))
            case "thought_summary":
                self._take(obj(delta.get("content")))
            case "arguments_delta":
                self._words.append(compact(delta.get("arguments") or delta.get("partial_arguments") or ""))
            case "thought_signature":
                # Empty ones come before the one that counts.
                self._fields["signature"] = piece_of(delta.get("signature")) or self._fields.get("signature")
            case "text_annotation_delta":
                self._annotations += items(delta.get("annotations"))
            case _:
                return

    def _take(self, part: Mapping[str, Any]) -> None:
        if "text" in part:
            self._words.append(piece_of(part.get("text")))
            self._annotations += items(part.get("annotations"))
        else:
            self._others.append(part)

    def piece(self, is_whole: bool) -> TurnPiece | None:
        words, fields, opaque = joined(self._words), self._fields, strings(self._fields, "signature")
        match self._kind:
            case "thought":
                kind = "summary" if words else "thinking"
                return TurnPiece(kind, words, self._kind, opaque, is_whole=is_whole) if words or opaque else None
            case "model_output":
                native = {"others": self._others} if self._others else {}
                if words and self._annotations:
                    native["annotations"] = self._annotations
                if not words and not native:
                    return None
                return TurnPiece("text", words, self._kind, opaque, native, is_whole=is_whole)
            case "function_call":
                native = rest(fields, "type", "id", "name", "arguments", "signature")
                id_, name = text(fields.get("id")), text(fields.get("name"))
                return TurnPiece("call", words or "{}", self._kind, opaque, native, id_, name, is_whole)
            case "user_input" | "":
                return None
            case _:
                native = rest(fields, "signature")
                return TurnPiece("other", "", self._kind, opaque, native, is_whole=is_whole)


def write(exchanged: Sequence[Exchanged], manner: Manner) -> list[dict[str, Any]]:
    """The steps of the input."""
    steps: list[dict[str, Any]] = []
    for one in exchanged:
        steps += _asked(one.asked)
        steps += [_answered(piece) for piece in one.answered]
    return steps


def _asked(pieces: tuple[TurnPiece, ...]) -> list[dict[str, Any]]:
    if not has_files(pieces):
        return [_asked_piece(piece) for piece in pieces]
    results = [_asked_piece(piece) for piece in pieces if piece.kind == "result"]
    return [*results, {"type": "user_input", "content": parts_of(pieces)}]


def _asked_piece(piece: TurnPiece) -> dict[str, Any]:
    if piece.kind == "result":
        named = {"name": piece.name} if piece.name else {}
        return {"type": "function_result", "call_id": piece.id, **named, "result": piece.text, **piece.native}
    return {"type": "user_input", "content": [{"type": "text", "text": piece.text}]}


def _answered(piece: TurnPiece) -> dict[str, Any]:
    said: list[dict[str, Any]] = [{"type": "text", "text": piece.text}] if piece.text else []
    match piece.kind:
        case "text":
            annotations = items(piece.native.get("annotations"))
            if said and annotations:
                said = [{**said[0], "annotations": annotations}]
            content = [*said, *items(piece.native.get("others"))]
            return {"type": "model_output", "content": content, **piece.opaque}
        case "thinking" | "summary":
            return {"type": "thought", **piece.opaque, **({"summary": said} if said else {})}
        case "call":
            called = {"id": piece.id, "name": piece.name, "arguments": arguments_of(piece.text)}
            return {"type": "function_call", **called, **piece.native, **piece.opaque}
        case _:
            return {**piece.native, **piece.opaque}
