"""The content blocks of Anthropic's Messages, which Bedrock, Vertex and Azure serve as well.

Source: https://platform.claude.com/docs/en/build-with-claude/extended-thinking and /preserved-thinking
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..json_values import obj, piece_of, text
from ..turns.pieces import TurnPiece
from ..turns.turn import Exchanged, Manner
from .gathered import arguments_of, compact, joined, rest, strings


class OpenBlock:
    """One block while it comes: as it started, and what its deltas add."""

    __slots__ = ("citations", "fields", "kind", "signature", "words")

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.kind = text(fields.get("type")) or ""
        self.fields = fields
        self.words: list[str] = []
        self.signature = piece_of(fields.get("signature"))
        self.citations: list[Any] = []

    def add(self, delta: Mapping[str, Any]) -> None:
        """Take what is neither text nor thinking. Only the last signature counts: it is not sent in fragments."""
        if delta.get("type") == "compaction_delta":
            self.fields = {**self.fields, **rest(delta, "type")}
        elif signature := piece_of(delta.get("signature")):
            self.signature = signature
        elif "partial_json" in delta:
            self.words.append(piece_of(delta["partial_json"]))
        elif "citation" in delta:
            self.citations.append(delta["citation"])

    def piece(self, *, is_whole: bool = True) -> TurnPiece | None:
        """The piece that the block is; None for an empty text."""
        words, fields = joined(self.words), self.fields
        match self.kind:
            case "text":
                if not words:
                    return None
                cited = self.citations or fields.get("citations")
                return TurnPiece("text", words, "text", native={"citations": cited} if cited else {}, is_whole=is_whole)
            case "thinking":
                opaque = {"signature": self.signature} if self.signature else {}
                return TurnPiece("thinking", words, "thinking", opaque, is_whole=is_whole)
            case "redacted_thinking":
                return TurnPiece("redacted", "", self.kind, strings(fields, "data"), is_whole=is_whole)
            case "tool_use":
                called = words or compact(obj(fields.get("input")))
                native = rest(fields, "type", "id", "name", "input")
                name = text(fields.get("name"))
                return TurnPiece("call", called, self.kind, {}, native, text(fields.get("id")), name, is_whole)
            case "compaction":
                sealed = {"signature": self.signature} if self.signature else {}
                opaque = sealed | strings(fields, "signature", "encrypted_content")
                summary = piece_of(fields.get("content"))
                native = rest(fields, "type", "signature", "encrypted_content")
                return TurnPiece("compaction", summary, self.kind, opaque, native, is_whole=is_whole)
            case _:
                native = dict(fields) | ({"input": arguments_of(words)} if words else {})
                return TurnPiece("other", "", self.kind, {}, native, is_whole=is_whole)


def write(exchanged: Sequence[Exchanged], manner: Manner) -> list[dict[str, Any]]:
    """The messages. An answer of which nothing is left has none, and what follows it stands beside what was before."""
    messages: list[dict[str, Any]] = []
    for one in exchanged:
        if one.asked:
            messages.append({"role": "user", "content": _asked(one.asked)})
        if one.answered:
            messages.append({"role": "assistant", "content": _answered(one.answered)})
    return messages


def declare(names: Sequence[str]) -> dict[str, Any]:
    """The fields without which calls in earlier turns are refused: their tools, of which none may be called.

    Source: https://github.com/BerriAI/litellm/issues/4689
    """
    return {
        "tools": [{"name": name, "input_schema": {"type": "object"}} for name in names],
        "tool_choice": {"type": "none"},
    }


def _asked(pieces: tuple[TurnPiece, ...]) -> Any:
    if len(pieces) == 1 and pieces[0].kind == "text":
        return pieces[0].text
    written = {"result": _result, "file": _file}
    return [written.get(piece.kind, _text)(piece) for piece in pieces]


def _answered(pieces: tuple[TurnPiece, ...]) -> Any:
    if len(pieces) == 1 and pieces[0].kind == "text" and not pieces[0].native:
        return pieces[0].text
    return list(_blocks(pieces))


def _blocks(pieces: tuple[TurnPiece, ...]) -> Iterator[dict[str, Any]]:
    for piece in pieces:
        match piece.kind:
            case "text":
                yield _text(piece)
            case "thinking":
                yield {"type": "thinking", "thinking": piece.text, **piece.opaque}
            case "redacted":
                yield {"type": "redacted_thinking", **piece.opaque}
            case "call":
                fields = {"id": piece.id, "name": piece.name, "input": arguments_of(piece.text)}
                yield {"type": "tool_use", **fields, **piece.native}
            case "compaction":
                yield {"type": "compaction", **piece.native, **piece.opaque}
            case _:
                yield dict(piece.native)


def _text(piece: TurnPiece) -> dict[str, Any]:
    return {"type": "text", "text": piece.text, **piece.native}


def _file(piece: TurnPiece) -> dict[str, Any]:
    return dict(piece.native)


def _result(piece: TurnPiece) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": piece.id, "content": piece.text, **piece.native}
