"""Messages of OpenAI's chat, and of its family with reasoning in fields of their own.

Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ....providers.json_values import is_hollow, items, piece_of
from ....providers.turns.pieces import TurnPiece
from ....providers.turns.turn import Exchanged, Manner
from ....providers.wires.chat import DETAILS, ChatMessage, write
from .form import form_facts
from .json_object import JsonObject, objects_at
from .transcript import Transcript, TranscriptBuilder, medium, side_of, unknown_part

FACTS = form_facts("openai-chat")

_REASONING_FIELDS = ("reasoning_content", "reasoning")
_TAKEN = frozenset({
    "role", "content", "tool_calls", "function_call", "tool_call_id", "name", "refusal", DETAILS, *_REASONING_FIELDS,
})  # fmt: skip


def read(messages: list[JsonObject], body: JsonObject) -> Transcript:
    """The conversation in a list of messages. Raises `FormError`."""
    builder = TranscriptBuilder()
    for message in messages:
        side = side_of(message, FACTS)
        if unread := sorted(
            name for name, value in message.fields.items() if not is_hollow(value) and name not in _TAKEN
        ):
            builder.remark(message.place, f"not taken over: {', '.join(unread)[:200]}")
        match side:
            case "system":
                builder.system("\n\n".join(p.text for p in _content(message, builder)), message.place)
            case "result":
                builder.ask([_result(message, builder)], message.place)
            case "asked":
                builder.ask(_content(message, builder), message.place)
            case "answered":
                builder.answer(_answered(message, builder), message.place)
    return builder.transcript()


def document(system: str | None, turns: Sequence[Exchanged]) -> dict[str, Any]:
    """The list as the part of a body that holds it."""
    first = [{"role": "system", "content": system}] if system else []
    return {FACTS.list_key: [*first, *write(turns, Manner())]}


def _content(message: JsonObject, builder: TranscriptBuilder) -> Iterator[TurnPiece]:
    content = message.fields.get("content")
    if content is None:
        return
    if isinstance(content, str):
        yield TurnPiece("text", content)
        return
    for part in objects_at(content, message.at("content")):
        kind = part.text("type")
        if kind == "text":
            yield TurnPiece("text", part.text("text"))
        elif kind in FACTS.media:
            yield medium(kind, part.place, builder)
        else:
            raise unknown_part(part, "type", kind)


def _result(message: JsonObject, builder: TranscriptBuilder) -> TurnPiece:
    words = "".join(piece.text for piece in _content(message, builder))
    name = message.text_or_none("name")
    native = {"name": name} if name else {}
    return TurnPiece("result", words, id=message.text_or_none("tool_call_id"), name=name, native=native)


def _answered(message: JsonObject, builder: TranscriptBuilder) -> Iterator[TurnPiece]:
    gathered = ChatMessage()
    for name in _REASONING_FIELDS:
        if thought := message.text_or_none(name):
            gathered.thought(name, thought)
            break
    message.objects(DETAILS)
    gathered.detail(message.fields.get(DETAILS))
    content = message.fields.get("content")
    if isinstance(content, str):
        if content:
            gathered.words(content)
    elif content is not None:
        _parts(objects_at(content, message.at("content")), gathered, builder)
    if refusal := message.text_or_none("refusal"):
        gathered.words(refusal)
    for call in message.objects("tool_calls"):
        if (kind := call.text_or_none("type") or "function") != "function":
            raise unknown_part(call, "type", kind)
        call.object("function").text("name")
    gathered.call(message.fields.get("tool_calls"))
    if "function_call" in message:
        gathered.call([{"function": dict(message.object("function_call").fields)}])
    yield from gathered.close()


def _parts(parts: list[JsonObject], gathered: ChatMessage, builder: TranscriptBuilder) -> None:
    for part in parts:
        kind = part.text("type")
        if kind == "text":
            gathered.words(part.text("text"))
        elif kind == "refusal":
            gathered.words(part.text("refusal"))
        elif kind in ("thinking", "reasoning"):
            thought = part.fields.get("thinking") or part.fields.get("text")
            gathered.chunk(part.fields, [thought] if isinstance(thought, str) else _words(thought))
        elif kind in FACTS.media:
            gathered.words(medium(kind, part.place, builder).text)
        else:
            raise unknown_part(part, "type", kind)


def _words(thought: Any) -> list[str]:
    return [piece_of(one.get("text")) for one in items(thought)]
