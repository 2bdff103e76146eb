"""The content blocks of Bedrock's Converse.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..json_values import items, obj, piece_of, text
from ..turns.pieces import TurnPiece
from ..turns.turn import Exchanged, Manner
from .gathered import arguments_of, compact, joined, rest


class ConverseBlocks:
    """Blocks while they come, by their index. A block's first delta tells what it is: there may be no start."""

    def __init__(self) -> None:
        self._open: dict[int, _OpenBlock] = {}

    def add(self, index: int, fields: Mapping[str, Any]) -> None:
        """Take a whole block, a start or a delta."""
        block = self._open.get(index)
        if block is None:
            block = self._open[index] = _OpenBlock()
        block.add(fields)

    def close(self, index: int | None = None, *, is_whole: bool = True) -> Iterator[TurnPiece]:
        """The piece of one block, or of all that are left."""
        for number in sorted(self._open) if index is None else [index]:
            block = self._open.pop(number, None)
            piece = block.piece(is_whole) if block else None
            if piece is not None:
                yield piece


class _OpenBlock:
    __slots__ = ("call", "cited", "native", "redacted", "signature", "thought", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.thought: list[str] | None = None
        self.signature = ""
        self.redacted = ""
        self.call: dict[str, Any] | None = None
        self.native: Mapping[str, Any] = {}
        self.cited = False

    def add(self, fields: Mapping[str, Any]) -> None:
        if words := piece_of(fields.get("text")):
            self.words.append(words)
        elif "reasoningContent" in fields:
            self._reason(obj(fields["reasoningContent"]))
        elif "toolUse" in fields:
            called = obj(fields["toolUse"])
            self.call = {**(self.call or {}), **rest(called, "input")}
            if "input" in called:
                self.words.append(compact(called["input"]))
        elif "citationsContent" in fields:
            parts = items(obj(fields["citationsContent"]).get("content"))
            self.words += [piece_of(part.get("text")) for part in parts]
        elif "text" not in fields and "citation" not in fields:
            self.native = {**self.native, **fields}

    def _reason(self, reasoning: Mapping[str, Any]) -> None:
        shown = obj(reasoning.get("reasoningText")) or reasoning
        self.thought = self.thought if self.thought is not None else []
        self.thought.append(piece_of(shown.get("text")))
        self.signature += piece_of(shown.get("signature"))
        if redacted := piece_of(reasoning.get("redactedContent")):
            self.redacted = _appended(self.redacted, redacted)

    def piece(self, is_whole: bool) -> TurnPiece | None:
        if self.redacted:
            return TurnPiece("redacted", "", "redactedContent", {"redactedContent": self.redacted}, is_whole=is_whole)
        if self.thought is not None:
            opaque = {"signature": self.signature} if self.signature else {}
            return TurnPiece("thinking", joined(self.thought), "reasoningText", opaque, is_whole=is_whole)
        words = joined(self.words)
        if self.call is not None:
            native = rest(self.call, "toolUseId", "name")
            id_, name = text(self.call.get("toolUseId")), text(self.call.get("name"))
            return TurnPiece("call", words or "{}", "toolUse", {}, native, id_, name, is_whole)
        if words:
            return TurnPiece("text", words, "text", is_whole=is_whole)
        return TurnPiece("other", native=self.native, is_whole=is_whole) if self.native else None


def _appended(before: str, more: str) -> str:
    """Two stretches of base64 as one: padding may only stand at the end."""
    if before.endswith("="):
        with suppress(ValueError):
            return base64.b64encode(base64.b64decode(before) + base64.b64decode(more)).decode()
    return before + more


def write(exchanged: Sequence[Exchanged], manner: Manner) -> list[dict[str, Any]]:
    """The messages."""
    messages: list[dict[str, Any]] = []
    for one in exchanged:
        if one.asked:
            messages.append({"role": "user", "content": [_block(piece) for piece in one.asked]})
        if one.answered:
            messages.append({"role": "assistant", "content": [_block(piece) for piece in one.answered]})
    return messages


def declare(names: Sequence[str]) -> dict[str, Any]:
    """The fields without which calls in earlier turns are refused. The wire has no word for calling none of them.

    Source: https://github.com/langgenius/dify/issues/17545
    """
    tools = [{"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}} for name in names]
    return {"toolConfig": {"tools": tools}}


def _block(piece: TurnPiece) -> dict[str, Any]:
    match piece.kind:
        case "text":
            return {"text": piece.text}
        case "thinking":
            return {"reasoningContent": {"reasoningText": {"text": piece.text, **piece.opaque}}}
        case "redacted":
            return {"reasoningContent": dict(piece.opaque)}
        case "call":
            fields = {"toolUseId": piece.id, "name": piece.name, "input": arguments_of(piece.text)}
            return {"toolUse": {**fields, **piece.native}}
        case "result":
            return {"toolResult": {"toolUseId": piece.id, "content": [{"text": piece.text}], **piece.native}}
        case _:
            return dict(piece.native)
