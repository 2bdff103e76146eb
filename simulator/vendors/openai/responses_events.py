"""The events of a streamed OpenAI response, in order and numbered.

Source: https://developers.openai.com/api/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ...answers.thinking import digest
from ...answers.turns import SimulatedTurn, deltas
from ...calls.fields import JsonObject
from ...calls.reply import Piece, Role, named_event


class Script(Struct, frozen=True):
    """What a stream is made of: the response before and after, its output items, and the words said in it.

    `compaction`, `reasoning` and `message` are the finished output items, None when the response has no such item.
    `served` are those of tools that the vendor ran.
    """

    started: JsonObject
    finished: JsonObject
    compaction: JsonObject | None
    reasoning: JsonObject | None
    message: JsonObject | None
    summary: tuple[str, ...]
    said: str
    refused: bool
    padded: bool
    turn: SimulatedTurn
    served: tuple[JsonObject, ...] = ()


class _Event(Struct, frozen=True):
    type: str
    data: JsonObject
    after_s: float = 0.0
    role: Role = Role.FRAME


def events(script: Script) -> tuple[Piece, ...]:
    """All frames of the stream. Usage is only in the terminal event."""
    return tuple(
        Piece(
            named_event(event.type, {"type": event.type, **event.data, "sequence_number": number}),
            event.after_s,
            event.role,
        )
        for number, event in enumerate(_events(script))
    )


def terminal_type(response: JsonObject) -> str:
    """The name of the event that carries the finished response."""
    return "response.completed" if response["status"] == "completed" else "response.incomplete"


def _events(script: Script) -> Iterator[_Event]:
    yield _Event("response.created", {"response": script.started}, script.turn.speed.first_s)
    yield _Event("response.in_progress", {"response": script.started})
    index = 0
    if script.compaction is not None:
        begun: JsonObject = script.compaction | {"encrypted_content": None}
        yield _Event("response.output_item.added", {"item": begun, "output_index": index})
        yield _Event("response.output_item.done", {"item": script.compaction, "output_index": index})
        index += 1
    if script.reasoning is not None:
        yield from _reasoning(script, script.reasoning, index)
        index += 1
    for item in script.served:
        yield _Event("response.output_item.added", {"item": item | {"status": "in_progress"}, "output_index": index})
        yield _Event("response.output_item.done", {"item": item, "output_index": index})
        index += 1
    if script.message is not None:
        yield from _message(script, script.message, index)
    yield _Event(terminal_type(script.finished), {"response": script.finished}, role=Role.TERMINAL)


def _reasoning(script: Script, item: JsonObject, index: int) -> Iterator[_Event]:
    # What `added` carries may be a fragment of the final encrypted content; only the one of `done` can be replayed.
    sealed = item["encrypted_content"]
    unfinished: JsonObject = {"summary": [], "encrypted_content": None if sealed is None else str(sealed)[:40]}
    yield _Event("response.output_item.added", {"item": item | unfinished, "output_index": index})
    count = sum(len(deltas(text)) for text in script.summary)
    pause_s = script.turn.thinking_s / max(count, 1)
    for position, text in enumerate(script.summary):
        place: JsonObject = {"item_id": item["id"], "output_index": index, "summary_index": position}
        empty: JsonObject = {"type": "summary_text", "text": ""}
        yield _Event("response.reasoning_summary_part.added", place | {"part": empty})
        for fragment in deltas(text):
            data = place | {"delta": fragment} | _padding(script, fragment)
            yield _Event("response.reasoning_summary_text.delta", data, pause_s)
        yield _Event("response.reasoning_summary_text.done", place | {"text": text})
        yield _Event("response.reasoning_summary_part.done", place | {"part": {"type": "summary_text", "text": text}})
    quiet_s = 0.0 if count else script.turn.thinking_s
    yield _Event("response.output_item.done", {"item": item, "output_index": index}, quiet_s)


def _message(script: Script, item: JsonObject, index: int) -> Iterator[_Event]:
    yield _Event(
        "response.output_item.added", {"item": item | {"status": "in_progress", "content": []}, "output_index": index}
    )
    place: JsonObject = {"item_id": item["id"], "output_index": index, "content_index": 0}
    kind, field = ("refusal", "refusal") if script.refused else ("output_text", "text")
    extra: JsonObject = {} if script.refused else {"logprobs": []}
    annotated: JsonObject = {} if script.refused else {"annotations": [], "logprobs": []}
    yield _Event("response.content_part.added", place | {"part": {"type": kind, field: ""} | annotated})
    fragments = deltas(script.said)
    for fragment in fragments:
        data = place | {"delta": fragment} | extra | _padding(script, fragment)
        yield _Event(f"response.{kind}.delta", data, script.turn.answer_s / len(fragments), Role.ANSWER)
    yield _Event(f"response.{kind}.done", place | {field: script.said} | extra)
    yield _Event("response.content_part.done", place | {"part": {"type": kind, field: script.said} | annotated})
    yield _Event("response.output_item.done", {"item": item, "output_index": index})


def _padding(script: Script, fragment: str) -> JsonObject:
    return {"obfuscation": digest(script.started["id"], fragment)[: 16 - len(fragment) % 16]} if script.padded else {}
