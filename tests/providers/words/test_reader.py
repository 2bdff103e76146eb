"""Many events at once say what they say one by one, and nothing in them is passed over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from thinkdial.providers.dialect import Decoder
from thinkdial.providers.fold import Fold, Reply
from thinkdial.providers.framing.sse import Event
from thinkdial.providers.registry import dialect
from thinkdial.providers.schema import AnswerDelta, Delta, ReasoningDelta
from thinkdial.providers.words.reader import MOST_MISSES


def chat(**piece: Any) -> dict[str, Any]:
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": piece, "finish_reason": None}]}


def block(kind: str, words: str, **more: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": f"{kind}_delta", kind: words}, **more}


def spoken(kind: str, words: str, **more: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "output_index": 0, "delta": words, **more}


def part(words: str, **more: Any) -> dict[str, Any]:
    candidate = {"content": {"parts": [{"text": words, **more}], "role": "model"}, "index": 0}
    return {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 1, "totalTokenCount": len(words)}}


STREAMS: dict[str, list[Any]] = {
    "openai-chat": [
        chat(role="assistant", content=""), chat(reasoning_content="a"), chat(reasoning_content="b"),
        chat(reasoning_content="[REDACTED]"), chat(reasoning_content="c", reasoning="c"), chat(content="d"),
        chat(content="e"), chat(content="f", audio={"transcript": "heard"}), {**chat(content="g"), "text": "x"},
        {**chat(content="no"), "choices": [*chat(content="h")["choices"], {"index": 1, "delta": {"content": "other"}}]},
        {**chat(content="i"), "usage": {"prompt_tokens": 1, "completion_tokens": 2}}, chat(content="j", refusal=""),
        {**chat(content="k"), "model": "n"}, chat(content="\ud83d"), chat(content="\ude00"), "[DONE]",
        chat(content="l"),
    ],
    "anthropic-messages": [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        block("thinking", "a"), block("thinking", "b"), block("text", "c"), block("text", ""), {"type": "ping"},
        block("text", "d", note="x"), {**block("text", "e"), "index": 7}, block("text", "f"),
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "odd_delta", "text": "g"}},
        {"type": "content_block_stop", "index": 0}, {"type": "message_stop"},
    ],
    "openai-responses": [
        spoken("reasoning_summary_text", "a", summary_index=0), spoken("reasoning_summary_text", "b", summary_index=1),
        spoken("reasoning_text", "c", content_index=0), spoken("output_text", "d", content_index=0, logprobs=[]),
        spoken("output_text", "e", content_index=0), spoken("output_text", "f", content_index=-1),
        spoken("output_text", "f2", content_index=10**23), {**spoken("reasoning_text", "c2"), "output_index": 10**23},
        spoken("output_text", "g", content_index=0, more="x"), spoken("unheard_of", "h"), spoken("refusal", "i"),
        {"type": "response.output_item.added", "output_index": 0, "item": {"phase": "commentary"}},
        spoken("output_text", "j", content_index=0),
    ],
    "gemini-generate": [
        part("a", thought=True), part("b", thought=True), part("c"), part("d"), part("e", thought=False),
        part("f", thoughtSignature="s"), {**part("g"), "usageMetadata": {"candidatesTokenCount": 3, "x": None}},
        {"candidates": [{**part("h")["candidates"][0], "finishReason": "STOP"}]}, part("i"),
    ],
}  # fmt: skip


def events_of(name: str) -> list[Event]:
    return [Event("", one.encode() if isinstance(one, str) else json.dumps(one).encode()) for one in STREAMS[name]]


def read(decoder: Any, events: list[Event], at_once: bool) -> tuple[Reply, int]:
    fold, at, short = Fold(), 0, 0
    while at < len(events):
        deltas, count = decoder.go_on(events, at) if at_once else ((), 0)
        for delta in deltas if count else decoder.feed(events[at]):
            fold.add(delta)
        at, short = at + (count or 1), short + count
    for delta in decoder.close():
        fold.add(delta)
    return fold.reply(), short


def said(name: str, events: list[Event], at_once: bool) -> tuple[Reply, list[str]]:
    """The reply, and the parts that its texts name, in their order."""
    decoder, parts = dialect(name).decoder({}), list[str]()

    class Told:
        def feed(self, event: Event) -> list[Delta]:
            return heard(decoder.feed(event))

        def go_on(self, events: list[Event], at: int) -> tuple[list[Delta], int]:
            deltas, count = decoder.go_on(events, at)  # type: ignore[attr-defined]
            return heard(deltas), count

        def close(self) -> list[Delta]:
            return heard(decoder.close())

    def heard(deltas: Any) -> list[Delta]:
        found = [*deltas]
        for delta in found:
            if isinstance(delta, AnswerDelta | ReasoningDelta) and parts[-1:] != [delta.part]:
                parts.append(delta.part)
        return found

    return read(Told(), events, at_once)[0], parts


@pytest.mark.parametrize("name", STREAMS)
def test_at_once_as_one_by_one(name: str) -> None:
    events = events_of(name)
    together, short = read(dialect(name).decoder({}), events, at_once=True)
    apart, _ = read(dialect(name).decoder({}), events, at_once=False)
    assert together == apart
    assert 0 < short < len(events) and together.answer and together.reasoning


PLAIN: dict[str, tuple[list[Any], list[Any]]] = {
    # what opens a stream, and events that go on with words
    "openai-chat": (
        [chat(role="assistant", content="")],
        [chat(content="a"), chat(reasoning_content="b"), {**chat(content="c"), "created": 1, "object": None}],
    ),
    "anthropic-messages": (
        [
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_start", "index": 1, "content_block": {"type": "thinking", "thinking": ""}},
        ],
        [block("text", "a"), {**block("thinking", "b"), "index": 1}],
    ),
    "openai-responses": (
        [],
        [
            spoken("output_text", "a", content_index=0, logprobs=[]),
            spoken("reasoning_text", "b", content_index=0, sequence_number=1),
            spoken("reasoning_summary_text", "c", summary_index=0, item_id="i", obfuscation="x"),
        ],
    ),
    "gemini-generate": ([part("z")], [part("a"), {**part("b", thought=True), "modelVersion": None}]),
}

OTHERS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**64, 10**30, -(10**30), 1.0, -0.0, 1e30, "", "x", "stop", [], [None], {},
    {"text": "x"}, [{"text": "x"}],
)  # fmt: skip


def written_otherwise(document: Any) -> Iterator[str]:
    """Each key and item of `document` left out, of another type, said twice, and under an unknown name."""
    for path in _paths(document):
        *way, last = path
        for other in OTHERS:
            changed, holder = _copy(document, way)
            holder[last] = other
            yield json.dumps(changed)
            if isinstance(holder, dict):
                holder[last], mark = "<mark>", json.dumps("<mark>")
                value = json.dumps(_at(document, path))
                for first, second in ((value, json.dumps(other)), (json.dumps(other), value)):
                    yield json.dumps(changed).replace(mark, f"{first}, {json.dumps(last)}: {second}", 1)
        for name in ("odd", "error", "usage"):
            changed, holder = _copy(document, way)
            value = holder.pop(last)
            yield json.dumps(changed)
            if isinstance(holder, dict):
                yield json.dumps((holder.update({name: value}), changed)[1])


def _paths(document: Any) -> Iterator[tuple[Any, ...]]:
    inside = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in inside if isinstance(document, dict | list) else ():
        yield (key,)
        yield from ((key, *path) for path in (_paths(value) if isinstance(value, dict | list) else ()))


def _at(document: Any, path: Any) -> Any:
    for key in path:
        document = document[key]
    return document


def _copy(document: Any, way: list[Any]) -> tuple[Any, Any]:
    changed = json.loads(json.dumps(document))
    return changed, _at(changed, way)


@pytest.mark.parametrize("name", PLAIN)
def test_whatever_stands_in_an_event_of_words_both_ways_read_the_same(name: str) -> None:
    opening, plain = PLAIN[name]
    opened = [Event("", json.dumps(one).encode()) for one in opening]
    differ: list[str] = []
    for number, document in enumerate(plain):
        around = Event("", json.dumps(document).encode())
        assert read(dialect(name).decoder({}), [*opened, around, around, around], at_once=True)[1] > 1, number
        for text in written_otherwise(document):
            events = [*opened, around, Event("", text.encode()), around]
            if said(name, events, at_once=True) != said(name, events, at_once=False):
                differ.append(text)
    assert not differ, f"{len(differ)}: {differ[:5]}"


def test_words_of_one_text_are_one_delta() -> None:
    decoder: Any = dialect("openai-chat").decoder({})
    events = [Event("", json.dumps(chat(content=word)).encode()) for word in "abcd"]
    list(decoder.feed(events[0]))
    deltas, count = decoder.go_on(events, 1)
    assert [delta.text for delta in deltas] == ["bcd"] and count == 3


def test_a_stream_of_other_events_is_not_tried_for_ever() -> None:
    decoder: Any = dialect("openai-chat").decoder({})
    odd = [Event("", json.dumps({**chat(content="a"), "odd": 1}).encode())] * (MOST_MISSES + 2)
    plain = Event("", json.dumps(chat(content="b")).encode())
    read_plain(decoder, odd[0])
    for at in range(len(odd)):
        assert decoder.go_on(odd, at) == ([], 0)
    assert decoder.go_on([plain], 0) == ([], 0)
    assert [delta.text for delta in decoder.feed(plain)] == ["b"]


def read_plain(decoder: Decoder, event: Event) -> None:
    for _ in decoder.feed(event):
        pass
