"""Whatever stands in the place of a value, what is gathered can be stored and written, and nothing breaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from thinkdial.providers.framing.sse import Event
from thinkdial.providers.registry import dialect
from thinkdial.providers.turns.pieces import piece_of_document
from thinkdial.providers.turns.turn import Exchanged, Manner

from ...cases import each
from .test_written import TRAFFIC

JUNK: list[Any] = [None, True, -1, 10**30, "x", "\ud800", "====", [], [[]], {}, {"a": [1]}]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*at, key)
        yield from places(item, (*at, key))


def replaced(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    copied = dict(document) if isinstance(document, dict) else list(document)
    copied[place[0]] = replaced(document[place[0]], place[1:], value)
    return copied


@each("number", range(len(TRAFFIC)), every=3)
def test_pieces_of_nonsense_are_pieces_all_the_same(speak: Callable[..., Any], number: int) -> None:
    name, body, _ = TRAFFIC[number]
    module: Any = dialect(name)
    for place in places(body):
        for junk in JUNK:
            data = json.dumps(replaced(body, place, junk)).encode()
            reply = speak(name).events([Event("body", data)])
            for piece in reply.pieces:
                assert piece_of_document(json.loads(json.dumps(piece.document()))) == piece, (place, junk)
            json.dumps(module.write([Exchanged((), tuple(reply.pieces))], Manner(details=True)))


def test_fragments_of_nonsense_are_no_end_of_the_stream(speak: Callable[..., Any]) -> None:
    def chunk(**delta: Any) -> dict[str, Any]:
        return {"choices": [{"delta": delta, "finish_reason": None}]}

    for index in ([], {}, None, 1.5):
        chunks = [
            chunk(tool_calls=[{"index": index, "id": [], "function": {"name": {}, "arguments": [1]}}]),
            chunk(reasoning_details=[{"type": [], "index": index, "text": {}}]),
            {"choices": [{"delta": {"content": "Said."}, "finish_reason": "stop"}]},
        ]
        reply = speak("openai-chat").events(Event("", json.dumps(one).encode()) for one in chunks)
        assert (reply.answer, reply.complete) == ("Said.", True)


def test_two_stretches_of_base64_are_one(speak: Callable[..., Any]) -> None:
    from thinkdial.providers.wires.converse import ConverseBlocks

    for first, second, together in (("YQ==", "Yg==", "YWI="), ("YWFh", "Yg==", "YWFhYg=="), ("x=", "Yg==", "x=Yg==")):
        blocks = ConverseBlocks()
        for part in (first, second):
            blocks.add(0, {"reasoningContent": {"redactedContent": part}})
        assert [piece.opaque["redactedContent"] for piece in blocks.close(0)] == [together]
