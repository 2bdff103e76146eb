"""Why an answer ended: the same on every wire, whoever's word it is and however it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thinkdial.providers.dialects.finish_words import finish_word, reason_of

from ...cases import each

WORDS = {
    "stop": "stop", "end_turn": "stop", "eos_token": "stop", "STOP": "stop", "COMPLETE": "stop", "Stop": "stop",
    "FINISH_REASON_STOP": "stop", "length": "length", "MAX_TOKENS": "length", "max_tokens": "length",
    "max_messages": "length", "content_filter": "content_filter", "SAFETY": "content_filter",
    "ESCALATION": "content_filter", "PUP_LIMITED_DISABLED": "content_filter", "tool_use": "tool_call",
    "TOOL_CALLS": "tool_call", "NO_IMAGE": "error", "steered": "cancelled", "something_new": "unknown",
}  # fmt: skip


def ended(dialect: str, word: Any) -> list[Any]:
    """A stream that ends with `word`."""
    match dialect:
        case "openai-chat" | "mistral-chat":
            return [{"choices": [{"index": 0, "delta": {"content": "3"}, "finish_reason": word}]}]
        case "anthropic-messages":
            return [
                {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "3"}},
                {"type": "message_delta", "delta": {"stop_reason": word}},
                {"type": "message_stop"},
            ]
        case "gemini-generate":
            return [{"candidates": [{"content": {"parts": [{"text": "3"}]}, "finishReason": word}]}]
        case "openai-responses":
            said = {"type": "response.output_text.delta", "output_index": 0, "delta": "3"}
            response = {"status": "incomplete", "incomplete_details": {"reason": word}}
            return [said, {"type": "response.incomplete", "response": response}]
        case "cohere-chat":
            return [{"type": "message-end", "delta": {"finish_reason": word}}]
        case _:
            return [{"message": {"content": "3"}, "done": True, "done_reason": word}]


@each("word", WORDS)
@each(
    "name",
    ["anthropic-messages", "cohere-chat", "gemini-generate", "mistral-chat", "ollama-chat", "openai-chat",
     "openai-responses"],
)  # fmt: skip
def test_every_word_means_the_same_on_every_wire_and_is_kept(name: str, word: str, speak: Callable[..., Any]) -> None:
    for written in (word, word.lower(), word.upper()):
        reply = speak(name).stream(*ended(name, written))
        raw = f"incomplete:{written}" if name == "openai-responses" else written
        assert (reply.finish, reply.finish_raw) == (WORDS[word], raw)
        assert reply.complete and reply.failure is None


@each("name", ["anthropic-messages", "gemini-generate", "mistral-chat", "ollama-chat", "openai-chat"])
@each("key", ["type", "reason", "finish_reason", "name"])
def test_an_object_is_read_for_its_word(name: str, key: str, speak: Callable[..., Any]) -> None:
    reply = speak(name).stream(*ended(name, {key: "length", "length": 16}))
    assert (reply.finish, reply.finish_raw, reply.complete) == ("length", "length", True)


@each("value", [None, "", 0, 16, [], {}, {"type": 3}, True])
def test_what_holds_no_word_is_no_end(value: Any) -> None:
    assert finish_word(value) is None
    assert reason_of(finish_word(value)) == "unknown"
