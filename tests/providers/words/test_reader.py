"""Many events at once say what they say one by one, and nothing in them is passed over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thinkdial.providers.dialect import Decoder
from thinkdial.providers.fold import Fold, Reply
from thinkdial.providers.framing.sse import Event
from thinkdial.providers.registry import dialect
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


@pytest.mark.parametrize("name", STREAMS)
def test_at_once_as_one_by_one(name: str) -> None:
    events = events_of(name)
    together, short = read(dialect(name).decoder({}), events, at_once=True)
    apart, _ = read(dialect(name).decoder({}), events, at_once=False)
    assert together == apart
    assert 0 < short < len(events) and together.answer and together.reasoning


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
