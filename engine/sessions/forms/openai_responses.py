"""Items of OpenAI's Responses, with ciphertext as it came.

Source: https://platform.openai.com/docs/api-reference/responses/create
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ....providers.json_values import piece_of
from ....providers.turns.pieces import TurnPiece
from ....providers.turns.turn import Exchanged, Manner
from ....providers.wires.gathered import rest
from ....providers.wires.responses import ResponsesItems, write
from .form import form_facts
from .json_object import JsonObject, objects_at
from .transcript import Transcript, TranscriptBuilder, medium, side_of, unknown_part

FACTS = form_facts("openai-responses")

_RESULTS = ("function_call_output", "custom_tool_call_output")
_STORED = ("previous_response_id", "conversation")
"""What names earlier turns that the provider keeps, and that are not in the file."""


def read(messages: list[JsonObject], body: JsonObject) -> Transcript:
    """The conversation in a list of items. Raises `FormError`."""
    builder = TranscriptBuilder()
    if "instructions" in body:
        builder.system(body.text("instructions"), body.at("instructions"))
    for name in _STORED:
        if name in body:
            builder.remark(body.at(name), "is left out: it names turns that the provider keeps for one account")
    for item in messages:
        kind = item.text_or_none("type") or "message"
        if kind == "message":
            _message(item, builder)
        elif kind in _RESULTS:
            builder.ask([_result(item)], item.place)
        elif kind == "item_reference":
            builder.remark(item.place, "item_reference is left out: it names what the provider keeps for one account")
        else:
            if kind in ("function_call", "custom_tool_call"):
                item.text("call_id")
                item.text("name")
            item.text_or_none("encrypted_content")
            builder.answer(_gathered(item), item.place, apart=False)
    return builder.transcript()


def document(system: str | None, turns: Sequence[Exchanged]) -> dict[str, Any]:
    """The list as the part of a body that holds it."""
    head = {"instructions": system} if system else {}
    written: list[Any] = []
    for turn in turns:
        written += write([Exchanged(turn.asked)], Manner())
        for piece in turn.answered:  # one by one: an item without an id says nothing of those beside it
            written += write([Exchanged((), (piece,))], Manner())
    return {**head, FACTS.list_key: written}


def _message(item: JsonObject, builder: TranscriptBuilder) -> None:
    match side_of(item, FACTS):
        case "answered":
            content = item.fields.get("content")
            if isinstance(content, str):
                phase = item.text_or_none("phase")
                native = {"role": "assistant", "phase": phase} if phase else {}
                builder.answer([TurnPiece("text", content, "message", native=native)], item.place, apart=False)
            else:
                for part in item.objects("content"):
                    _check_part(part)
                builder.answer(_gathered(item), item.place, apart=False)
        case "system":
            builder.system("\n\n".join(piece.text for piece in _spoken(item, builder)), item.place)
        case _:
            builder.ask(_spoken(item, builder), item.place)


def _check_part(part: JsonObject) -> None:
    kind = part.text("type")
    if kind not in ("output_text", "refusal", "text"):
        raise unknown_part(part, "type", kind)
    part.text("refusal" if kind == "refusal" else "text")


def _spoken(item: JsonObject, builder: TranscriptBuilder) -> Iterator[TurnPiece]:
    content = item.fields.get("content")
    if content is None:
        return
    if isinstance(content, str):
        yield TurnPiece("text", content)
        return
    for part in objects_at(content, item.at("content")):
        kind = part.text("type")
        if kind in ("input_text", "text", "output_text"):
            yield TurnPiece("text", part.text("text"))
        elif kind in FACTS.media:
            yield medium(kind, part.place, builder)
        else:
            raise unknown_part(part, "type", kind)


def _result(item: JsonObject) -> TurnPiece:
    output, kind = item.fields.get("output"), item.text("type")
    native = rest(item.fields, "type", "call_id", "output")
    if output is None or isinstance(output, str):
        return TurnPiece("result", output or "", kind, id=item.text("call_id"), native=native)
    parts = objects_at(output, item.at("output"))
    words = "\n\n".join(piece_of(part.fields.get("text")) for part in parts if "text" in part)
    return TurnPiece("result", words, kind, id=item.text("call_id"), native={**native, "output": output})


def _gathered(item: JsonObject) -> list[TurnPiece]:
    gathered = ResponsesItems()
    gathered.done(0, item.fields)
    return list(gathered.close())
