"""Contents of Google's generateContent, with each signature on its own part.

Source: https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ....providers.turns.pieces import TurnPiece
from ....providers.turns.turn import Exchanged, Manner
from ....providers.wires.gathered import compact, rest
from ....providers.wires.gemini import SIGNATURES, GeminiParts, write
from .form import form_facts
from .json_object import JsonObject
from .transcript import Transcript, TranscriptBuilder, medium, side_of, unknown_part

FACTS = form_facts("gemini-generate")

_WRITTEN_OTHERWISE: Mapping[str, str] = {
    "function_call": "functionCall",
    "function_response": "functionResponse",
    "inline_data": "inlineData",
    "file_data": "fileData",
    "executable_code": "executableCode",
    "code_execution_result": "codeExecutionResult",
}
"""Names as the libraries write them, and as the wire has them. Signatures keep the name that they came with."""

_SYSTEM = ("systemInstruction", "system_instruction")


def read(messages: list[JsonObject], body: JsonObject) -> Transcript:
    """The conversation in a list of contents. Raises `FormError`."""
    builder = TranscriptBuilder()
    for name in _SYSTEM:
        if isinstance(body.fields.get(name), str):
            builder.system(body.text(name), body.at(name))
        elif name in body:
            spoken = _spoken(body.object(name), builder)
            builder.system("\n\n".join(piece.text for piece in spoken), body.at(name))
    for content in messages:
        side = side_of(content, FACTS) if "role" in content else "asked"
        if side == "answered":
            builder.answer(_answered(content), content.place)
        else:
            builder.ask(_spoken(content, builder), content.place)
    return builder.transcript()


def document(system: str | None, turns: Sequence[Exchanged]) -> dict[str, Any]:
    """The list as the part of a body that holds it."""
    head = {"systemInstruction": {"parts": [{"text": system}]}} if system else {}
    return {**head, FACTS.list_key: write(turns, Manner())}


def _parts(content: JsonObject) -> Iterator[JsonObject]:
    for part in content.objects("parts"):
        fields = {_WRITTEN_OTHERWISE.get(name, name): value for name, value in part.fields.items()}
        yield JsonObject(fields, part.place)


def _spoken(content: JsonObject, builder: TranscriptBuilder) -> Iterator[TurnPiece]:
    for part in _parts(content):
        media = next((name for name in part.fields if name in FACTS.media), None)
        if "text" in part:
            yield TurnPiece("text", part.text("text"))
        elif "functionResponse" in part:
            yield _result(part.object("functionResponse"))
        elif media is not None:
            yield medium(media, part.place, builder)
        else:
            name = next(iter(rest(part.fields)), "none")
            raise unknown_part(part, name, name)


def _result(answered: JsonObject) -> TurnPiece:
    native = rest(answered.fields, "id", "name")
    response = answered.object("response").fields
    words = response.get("result")
    if isinstance(words, str) and len(response) == 1:
        del native["response"]
    else:
        words = compact(dict(response))
    id_, name = answered.text_or_none("id"), answered.text_or_none("name")
    return TurnPiece("result", words, "functionResponse", {}, native, id_, name)


def _answered(content: JsonObject) -> Iterator[TurnPiece]:
    gathered = GeminiParts()
    for part in _parts(content):
        part.text_or_none("text")
        for name in SIGNATURES:
            part.text_or_none(name)
        if "functionCall" in part:
            called = part.object("functionCall")
            called.text("name")
            called.object("args")
        gathered.add(part.fields)
    return gathered.close()
