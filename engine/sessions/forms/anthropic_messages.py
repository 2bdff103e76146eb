"""Messages of Anthropic, with signed thinking as it came.

Source: https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ....providers.json_values import array, piece_of
from ....providers.turns.pieces import TurnPiece
from ....providers.turns.turn import Exchanged, Manner
from ....providers.wires.anthropic import OpenBlock, write
from ....providers.wires.gathered import rest
from .form import form_facts
from .json_object import JsonObject, objects_at
from .transcript import Transcript, TranscriptBuilder, medium, side_of, unknown_part

FACTS = form_facts("anthropic-messages")

_WORDS: Mapping[str, str] = {"text": "text", "thinking": "thinking"}
"""The blocks that hold words, and the field that they are in."""

_CACHE_MARK = "cache_control"


def read(messages: list[JsonObject], body: JsonObject) -> Transcript:
    """The conversation in a list of messages. Raises `FormError`."""
    builder = TranscriptBuilder()
    if "system" in body:
        builder.system("\n\n".join(p.text for p in _spoken(body, "system", builder)), body.at("system"))
    for message in messages:
        match side_of(message, FACTS):
            case "system":
                words = "\n\n".join(piece.text for piece in _spoken(message, "content", builder))
                builder.system(words, message.place)
            case "answered":
                builder.answer(_answered(message), message.place)
            case _:
                builder.ask(_spoken(message, "content", builder), message.place)
    return builder.transcript()


def document(system: str | None, turns: Sequence[Exchanged]) -> dict[str, Any]:
    """The list as the part of a body that holds it."""
    head = {"system": system} if system else {}
    return {**head, FACTS.list_key: write(turns, Manner())}


def _spoken(holder: JsonObject, name: str, builder: TranscriptBuilder) -> Iterator[TurnPiece]:
    content = holder.fields.get(name)
    if content is None:
        return
    if isinstance(content, str):
        yield TurnPiece("text", content)
        return
    for block in objects_at(content, holder.at(name)):
        kind = block.text("type")
        if kind == "text":
            yield TurnPiece("text", block.text("text"))
        elif kind == "tool_result":
            yield _result(block)
        elif kind in FACTS.media:
            yield medium(kind, block.place, builder)
        else:
            raise unknown_part(block, "type", kind)


def _result(block: JsonObject) -> TurnPiece:
    content = block.fields.get("content")
    native = rest(block.fields, "type", "tool_use_id", "content", _CACHE_MARK)
    if content is None or isinstance(content, str):
        return TurnPiece("result", content or "", id=block.text("tool_use_id"), native=native)
    parts = objects_at(content, block.at("content"))
    words = "\n\n".join(piece_of(part.fields.get("text")) for part in parts if "text" in part)
    native["content"] = array(content)
    return TurnPiece("result", words, id=block.text("tool_use_id"), native=native)


def _answered(message: JsonObject) -> Iterator[TurnPiece]:
    content = message.fields.get("content")
    if isinstance(content, str):
        if content:
            yield TurnPiece("text", content)
        return
    for block in message.objects("content"):
        kind = block.text("type")
        if kind == "tool_use":
            block.text("id")
            block.text("name")
            block.object("input")
        opened = OpenBlock(rest(block.fields, _CACHE_MARK))
        if kind in _WORDS:
            opened.words.append(block.text(_WORDS[kind]))
        block.text_or_none("signature")
        piece = opened.piece()
        if piece is not None:
            yield piece
