"""The content items of Cohere's chat, version 2.

Source: https://docs.cohere.com/docs/reasoning and https://docs.cohere.com/reference/chat
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..json_values import piece_of
from ..turns.pieces import PieceKind, TurnPiece
from ..turns.turn import Exchanged, Manner
from .chat import ChatMessage
from .gathered import has_files, joined, parts_of


class CohereItems:
    """Items while they come, by their index, and what stands beside them: calls and the plan that led to them."""

    def __init__(self) -> None:
        self._items: dict[int, tuple[PieceKind, list[str]]] = {}
        self._plan: list[str] = []
        self._calls = ChatMessage()

    def add(self, index: int, item: Mapping[str, Any]) -> None:
        """Take a content item or what a delta adds to it."""
        kind: PieceKind = "thinking" if "thinking" in item or item.get("type") == "thinking" else "text"
        known = self._items.get(index)
        if known is None:
            known = self._items[index] = (kind, [])
        known[1].append(piece_of(item.get("thinking")) or piece_of(item.get("text")))

    def plan(self, words: Any) -> None:
        self._plan.append(piece_of(words))

    def call(self, calls: Any) -> None:
        self._calls.call(calls)

    def close(self, *, is_whole: bool = True) -> Iterator[TurnPiece]:
        """The pieces. Empty items are none."""
        for _, (kind, fragments) in sorted(self._items.items()):
            if words := joined(fragments):
                yield TurnPiece(kind, words, kind, is_whole=is_whole)
        if plan := joined(self._plan):
            yield TurnPiece("thinking", plan, "tool_plan", is_whole=is_whole)
        yield from self._calls.close(is_whole=is_whole)
        self._items, self._plan = {}, []


def write(exchanged: Sequence[Exchanged], manner: Manner) -> list[dict[str, Any]]:
    """The messages."""
    messages: list[dict[str, Any]] = []
    for one in exchanged:
        with_files = has_files(one.asked)
        for piece in one.asked:
            if piece.kind == "result":
                messages.append({"role": "tool", "tool_call_id": piece.id, "content": piece.text})
            elif not with_files:
                messages.append({"role": "user", "content": piece.text})
        if with_files:
            messages.append({"role": "user", "content": parts_of(one.asked)})
        if one.answered:
            messages.append(_answered(one.answered))
    return messages


def _answered(pieces: tuple[TurnPiece, ...]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant"}
    content = [piece for piece in pieces if piece.kind in ("text", "thinking") and piece.carrier != "tool_plan"]
    if len(content) == 1 and content[0].kind == "text":
        message["content"] = content[0].text
    elif content:
        message["content"] = [{"type": piece.kind, piece.kind: piece.text} for piece in content]
    if plan := "".join(piece.text for piece in pieces if piece.carrier == "tool_plan"):
        message["tool_plan"] = plan
    if calls := [piece for piece in pieces if piece.kind == "call"]:
        message["tool_calls"] = [
            {
                "id": piece.id,
                "type": "function",
                "function": {"name": piece.name, "arguments": piece.text or "{}"},
                **piece.native,
            }
            for piece in calls
        ]
    return message
