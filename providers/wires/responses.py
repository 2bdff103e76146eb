"""The items of OpenAI's Responses, and of those that copy it.

Source: https://developers.openai.com/api/docs/guides/reasoning
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..json_values import items, piece_of, text
from ..turns.pieces import PieceKind, TurnPiece
from ..turns.turn import Exchanged, Manner
from .gathered import compact, has_files, joined, parts_of, rest, strings

_CIPHERTEXT = "encrypted_content"
_CALLS: Mapping[str, tuple[str, str]] = {
    "function_call": ("arguments", "function_call_output"),
    "custom_tool_call": ("input", "custom_tool_call_output"),
}
"""The calls whose results are ours to give: the field of their arguments, and the type of their result."""


class ResponsesItems:
    """Finished items while they come, by their index. What an item was when it was added may be incomplete."""

    def __init__(self) -> None:
        self._done: dict[int, Mapping[str, Any]] = {}
        self._words: dict[int, list[str]] = {}

    def words(self, index: int, words: str) -> None:
        """Text of a message that is not finished yet."""
        fragments = self._words.get(index)
        if fragments is None:
            fragments = self._words[index] = []
        fragments.append(words)

    def done(self, index: int, item: Mapping[str, Any]) -> None:
        self._done[index] = item

    def close(self, output: Sequence[Mapping[str, Any]] = (), *, is_whole: bool = True) -> Iterator[TurnPiece]:
        """The pieces, in order.

        `output` are the items of the whole response, which count where the events left some out. Text of a message
        that never was finished is a message all the same.
        """
        finished = [self._done[index] for index in sorted(self._done)]
        finished = [*output] if len(output) > len(finished) else finished
        for item in finished:
            yield _piece(item, is_whole)
        if not output or not any(item.get("type") == "message" for item in finished):
            for index in sorted(self._words.keys() - self._done.keys()):
                yield TurnPiece("text", joined(self._words[index]), "message", is_whole=is_whole)
        self._done, self._words = {}, {}


def _piece(item: Mapping[str, Any], is_whole: bool) -> TurnPiece:
    kind, id_ = text(item.get("type")) or "message", text(item.get("id"))
    opaque = strings(item, _CIPHERTEXT)
    if kind == "reasoning":
        native = rest(item, "id", _CIPHERTEXT)
        thought = [piece_of(part.get("text")) for part in items(item.get("content"))]
        summary = [piece_of(part.get("text")) for part in items(item.get("summary"))]
        known: PieceKind = "encrypted" if opaque else "thinking" if any(thought) else "summary"
        words = "\n\n".join(thought if any(thought) else summary)
        return TurnPiece(known, text(words) or "", kind, opaque, native, id_, is_whole=is_whole)
    if kind == "message":
        parts = [piece_of(part.get("text")) or piece_of(part.get("refusal")) for part in items(item.get("content"))]
        return TurnPiece("text", joined(parts), kind, {}, rest(item, "id"), id_, is_whole=is_whole)
    if kind in _CALLS:
        words, name = compact(item.get(_CALLS[kind][0]) or ""), text(item.get("name"))
        native = rest(item, _CALLS[kind][0], "name", "call_id")
        return TurnPiece("call", words, kind, {}, native, text(item.get("call_id")), name, is_whole)
    if kind == "compaction":
        return TurnPiece("compaction", "", kind, opaque, rest(item, "id", _CIPHERTEXT), id_, is_whole=is_whole)
    return TurnPiece("other", "", kind, {}, dict(item), is_whole=is_whole)


def is_commentary(piece: TurnPiece) -> bool:
    """Whether a text is no part of the answer."""
    return piece.native.get("phase") == "commentary"


def write(exchanged: Sequence[Exchanged], manner: Manner) -> list[dict[str, Any]]:
    """The items of the input.

    An id on the reasoning and none on its message is refused, and so is the reverse: both have theirs, or neither.
    Source: https://github.com/pydantic/pydantic-ai, the recorded answer to a changed history
    """
    written: list[dict[str, Any]] = []
    for one in exchanged:
        written += _asked(one.asked)
        bare = not manner.with_ids or not _is_whole_turn(one.answered)
        written += [_answered(piece, bare) for piece in one.answered]
    return written


def _is_whole_turn(pieces: tuple[TurnPiece, ...]) -> bool:
    """Whether every item that may have an id has one, so that none is named without its sibling."""
    return all(piece.id or piece.kind in ("call", "other") for piece in pieces)


def _asked(pieces: tuple[TurnPiece, ...]) -> list[dict[str, Any]]:
    if not has_files(pieces):
        return [_asked_piece(piece) for piece in pieces]
    results = [_asked_piece(piece) for piece in pieces if piece.kind == "result"]
    return [*results, {"role": "user", "content": parts_of(pieces, "input_text")}]


def _asked_piece(piece: TurnPiece) -> dict[str, Any]:
    if piece.kind == "result":
        kind = piece.carrier if piece.carrier.endswith("_output") else "function_call_output"
        return {"type": kind, "call_id": piece.id, "output": piece.text, **piece.native}
    return {"role": "user", "content": piece.text}


def _answered(piece: TurnPiece, bare: bool) -> dict[str, Any]:
    if not piece.native and not piece.opaque:
        if piece.kind == "call":
            return {"type": "function_call", "call_id": piece.id, "name": piece.name, "arguments": piece.text}
        return {"role": "assistant", "content": piece.text}
    native = dict(piece.native)
    if piece.kind == "call":
        called = {"call_id": piece.id, "name": piece.name, _CALLS[piece.carrier][0]: piece.text}
        if bare:
            native.pop("id", None)
        return {**native, **called}
    if piece.kind == "other":
        return native
    if piece.kind == "text" and bare:
        return {
            "role": "assistant",
            "content": piece.text,
            **({"phase": phase} if (phase := native.get("phase")) else {}),
        }
    id_ = {"id": piece.id} if piece.id and (not bare or piece.kind == "compaction") else {}
    summary: dict[str, Any] = {"summary": []} if piece.carrier == "reasoning" else {}
    if piece.kind == "text":
        native["content"] = [_plain_part(part) for part in items(native.get("content"))]
    return {"type": piece.carrier, **id_, **summary, **native, **piece.opaque}


def _plain_part(part: Mapping[str, Any]) -> dict[str, Any]:
    return rest(part, "logprobs")
