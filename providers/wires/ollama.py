"""The messages of Ollama's own chat: thinking is a field, the arguments of calls are objects.

Source: https://docs.ollama.com/capabilities/thinking and https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..json_values import array, items, obj, piece_of, text
from ..turns.pieces import TurnPiece
from ..turns.turn import Exchanged, Manner
from .gathered import arguments_of, compact, has_files, joined, rest


class OllamaMessage:
    """One message while it comes, a line at a time."""

    def __init__(self) -> None:
        self._thoughts: list[str] = []
        self._words: list[str] = []
        self._calls: list[TurnPiece] = []

    def add(self, message: Mapping[str, Any]) -> None:
        if thought := piece_of(message.get("thinking")):
            self._thoughts.append(thought)
        if words := piece_of(message.get("content")):
            self._words.append(words)
        if "tool_calls" in message:
            self._calls += [_called(one) for one in items(message["tool_calls"])]

    def close(self, *, is_whole: bool = True) -> Iterator[TurnPiece]:
        if thought := joined(self._thoughts):
            yield TurnPiece("thinking", thought, "thinking", is_whole=is_whole)
        if words := joined(self._words):
            yield TurnPiece("text", words, "content", is_whole=is_whole)
        yield from self._calls
        self._thoughts, self._words, self._calls = [], [], []


def _called(call: Mapping[str, Any]) -> TurnPiece:
    function = obj(call.get("function"))
    native = rest(call, "id", "type", "function")
    if more := rest(function, "name", "arguments"):
        native["function"] = more
    words = compact(obj(function.get("arguments")))
    return TurnPiece("call", words, "tool_calls", {}, native, text(call.get("id")), text(function.get("name")))


def write(exchanged: Sequence[Exchanged], manner: Manner) -> list[dict[str, Any]]:
    """The messages."""
    messages: list[dict[str, Any]] = []
    for one in exchanged:
        messages += _asked(one.asked)
        if one.answered:
            messages.append(_answered(one.answered))
    return messages


def _asked(pieces: tuple[TurnPiece, ...]) -> list[dict[str, Any]]:
    """One message of each piece; images stand beside the words of one."""
    if not has_files(pieces):
        return [_asked_piece(piece) for piece in pieces]
    results = [_asked_piece(piece) for piece in pieces if piece.kind == "result"]
    words = "\n\n".join(piece.text for piece in pieces if piece.kind == "text")
    images = [image for piece in pieces if piece.kind == "file" for image in array(piece.native.get("images"))]
    return [*results, {"role": "user", "content": words, "images": images}]


def _asked_piece(piece: TurnPiece) -> dict[str, Any]:
    if piece.kind != "result":
        return {"role": "user", "content": piece.text}
    named = {"tool_name": piece.name} if piece.name else {}
    joins = {"tool_call_id": piece.id} if piece.id else {}
    return {"role": "tool", "content": piece.text, **named, **joins}


def _answered(pieces: tuple[TurnPiece, ...]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(p.text for p in pieces if p.kind == "text")}
    if thought := "".join(piece.text for piece in pieces if piece.kind == "thinking"):
        message["thinking"] = thought
    if calls := [_call(piece) for piece in pieces if piece.kind == "call"]:
        message["tool_calls"] = calls
    return message


def _call(piece: TurnPiece) -> dict[str, Any]:
    native = dict(piece.native)
    function = {**obj(native.pop("function", None)), "name": piece.name, "arguments": arguments_of(piece.text)}
    return {**({"id": piece.id} if piece.id else {}), **native, "function": function}
