"""Made-up streams in the shape that each wire really has: one short word of reasoning or answer an event."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

REASONING_SHARE = 0.5
WORD = " reasonable"


def _events(documents: Iterator[Mapping[str, Any]], *, named: bool = False, done: bool = False) -> bytes:
    pieces: list[str] = []
    for document in documents:
        name = f"event: {document['type']}\n" if named else ""
        pieces.append(f"{name}data: {json.dumps(document, separators=(',', ':'))}\n\n")
    if done:
        pieces.append("data: [DONE]\n\n")
    return "".join(pieces).encode()


def chat_stream(words: int) -> bytes:
    """OpenAI Chat Completions, with `reasoning_content` as DeepSeek and others send it."""
    head = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "example-1",
        "system_fingerprint": "fp",
    }

    def documents() -> Iterator[Mapping[str, Any]]:
        for number in range(words):
            field = "reasoning_content" if number < words * REASONING_SHARE else "content"
            yield {**head, "choices": [{"index": 0, "delta": {field: WORD}, "logprobs": None, "finish_reason": None}]}
        yield {**head, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]}
        counts = {"prompt_tokens": 9, "completion_tokens": words, "total_tokens": 9 + words}
        yield {**head, "choices": [], "usage": counts}

    return _events(documents(), done=True)


def responses_stream(words: int) -> bytes:
    """OpenAI Responses: named and numbered events."""

    def documents() -> Iterator[Mapping[str, Any]]:
        yield {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "status": "in_progress"}}
        for number in range(words):
            common = {"sequence_number": number + 1, "delta": WORD, "obfuscation": "0a1b2c3d"}
            if number < words * REASONING_SHARE:
                kind = {"type": "response.reasoning_summary_text.delta", "item_id": "rs_1"}
                yield {**kind, "output_index": 0, "summary_index": 0, **common}
            else:
                kind = {"type": "response.output_text.delta", "item_id": "msg_1"}
                yield {**kind, "output_index": 1, "content_index": 0, "logprobs": [], **common}
        usage = {"input_tokens": 9, "output_tokens": words, "total_tokens": 9 + words}
        response = {"id": "resp_1", "status": "completed", "model": "example-1", "output": [], "usage": usage}
        yield {"type": "response.completed", "sequence_number": words + 1, "response": response}

    return _events(documents(), named=True)


def messages_stream(words: int) -> bytes:
    """Anthropic Messages: blocks that open, grow and close."""

    def documents() -> Iterator[Mapping[str, Any]]:
        usage = {"input_tokens": 9, "output_tokens": 1}
        yield {"type": "message_start", "message": {"id": "msg_1", "model": "example-1", "usage": usage}}
        thought = int(words * REASONING_SHARE)
        for index, (kind, count) in enumerate((("thinking", thought), ("text", words - thought))):
            yield {"type": "content_block_start", "index": index, "content_block": {"type": kind, kind: ""}}
            for _ in range(count):
                delta = {"type": f"{kind}_delta", kind: WORD}
                yield {"type": "content_block_delta", "index": index, "delta": delta}
            yield {"type": "content_block_stop", "index": index}
        counts = {"output_tokens": words}
        yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": counts}
        yield {"type": "message_stop"}

    return _events(documents(), named=True)


def generate_stream(words: int) -> bytes:
    """Gemini: every event is a whole response with its running totals."""

    def documents() -> Iterator[Mapping[str, Any]]:
        for number in range(words):
            part = {"text": WORD, "thought": True} if number < words * REASONING_SHARE else {"text": WORD}
            candidate: dict[str, Any] = {"content": {"parts": [part], "role": "model"}, "index": 0}
            if number == words - 1:
                candidate["finishReason"] = "STOP"
            usage = {"promptTokenCount": 9, "candidatesTokenCount": number + 1, "totalTokenCount": number + 10}
            common = {"usageMetadata": usage, "modelVersion": "example-1", "responseId": "r1"}
            yield {"candidates": [candidate], **common}

    return _events(documents())


STREAMS: Mapping[str, Callable[[int], bytes]] = {
    "anthropic-messages": messages_stream,
    "openai-responses": responses_stream,
    "openai-chat": chat_stream,
    "gemini-generate": generate_stream,
}
"""A stream of so many words, by the name of its dialect."""


def stream_of(dialect: str, size: int) -> bytes:
    """A stream of about `size` bytes."""
    make, sample = STREAMS[dialect], 1000
    return make(max(1, size * sample // len(make(sample))))


def in_chunks(stream: bytes, size: int = 4096) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]
