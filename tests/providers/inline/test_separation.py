"""Reasoning in the text of the answer, on every dialect: told apart the same way, in streams and whole bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from thinkdial.engine.exchange.reasoning_tags import reasoning_tags
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.profile import Profile
from thinkdial.providers.dialect import Decoder
from thinkdial.providers.fold import Fold, Reply
from thinkdial.providers.framing.sse import Event
from thinkdial.providers.inline.separation import SeparatingDecoder
from thinkdial.providers.schema import (
    AnswerDelta,
    Complete,
    Delta,
    Finish,
    ReasoningDelta,
    ReasoningWithheld,
    Usage,
    UsageReport,
)

from ...cases import each
from ...engine.conftest import builtin

Pieces = list[Mapping[str, Any]]


def documents(dialect: str, pieces: list[str]) -> Pieces:
    """A stream that says `pieces` as its answer."""
    match dialect:
        case "openai-chat" | "mistral-chat":
            chunks = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
            return [*chunks, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
        case "openai-responses":
            deltas = [{"type": "response.output_text.delta", "output_index": 0, "delta": piece} for piece in pieces]
            return [*deltas, {"type": "response.completed", "response": {"status": "completed"}}]
        case "anthropic-messages":
            texts = [{"type": "text_delta", "text": piece} for piece in pieces]
            return [
                {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in texts),
                {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
                {"type": "message_stop"},
            ]
        case "gemini-generate":
            parts = [{"candidates": [{"content": {"parts": [{"text": piece}]}}]} for piece in pieces]
            return [*parts, {"candidates": [{"finishReason": "STOP"}]}]
        case "cohere-chat":
            texts = [{"message": {"content": {"text": piece}}} for piece in pieces]
            return [
                *({"type": "content-delta", "index": 0, "delta": delta} for delta in texts),
                {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}},
            ]
        case _:
            return [*({"message": {"content": piece}} for piece in pieces), {"done": True, "done_reason": "stop"}]


STREAMED = (
    "anthropic-messages", "cohere-chat", "gemini-generate", "mistral-chat", "ollama-chat", "openai-chat",
    "openai-responses",
)  # fmt: skip
SHAPES = {
    "a pair": "<think>r</think>\n\n3",
    "a pair of another model": "<|begin_of_thought|>r<|end_of_thought|><|begin_of_solution|>3<|end_of_solution|>",
    "a closer alone": "r</think>3",
    "channels": "<|channel|>analysis<|message|>r<|end|><|start|>assistant<|channel|>final<|message|>3",
}


@each("shape", SHAPES)
@each("name", STREAMED)
def test_every_dialect_tells_reasoning_in_its_text_apart(name: str, shape: str, speak: Callable[..., Any]) -> None:
    text = SHAPES[shape]
    for size in range(1, len(text) + 1):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        reply = speak(name).stream(*documents(name, pieces))
        assert (reply.reasoning, reply.answer, reply.visibility) == ("r", "3", "inline"), pieces
        assert reply.complete


@each("name", STREAMED)
def test_every_dialect_leaves_text_alone_where_it_is_told(name: str, speak: Callable[..., Any]) -> None:
    reply = speak(name, inline_think=False).stream(*documents(name, ["<think>r", "</think>3"]))
    assert (reply.reasoning, reply.answer) == ("", "<think>r</think>3")


class Script:
    """A decoder that says what it was given."""

    def __init__(self, deltas: Iterable[Delta]) -> None:
        self._deltas = list(deltas)

    def feed(self, event: Event) -> Iterable[Delta]:
        return self._deltas

    def close(self) -> Iterable[Delta]:
        return ()


def read(*deltas: Delta) -> Reply:
    inner: Decoder = Script(deltas)
    decoder, fold = SeparatingDecoder(inner, reasoning_tags()), Fold()
    for delta in (*decoder.feed(Event("message", b"", True)), *decoder.close()):
        fold.add(delta)
    return fold.reply()


END = (Finish("stop", "stop"), Complete())


def test_where_the_reasoning_is_withheld_a_tag_is_text() -> None:
    reply = read(ReasoningWithheld("encrypted"), AnswerDelta("<think>is</think> a tag"), *END)
    assert (reply.reasoning, reply.answer) == ("", "<think>is</think> a tag")


def test_where_the_reasoning_is_typed_what_is_in_tags_is_the_same_once_more() -> None:
    reply = read(ReasoningDelta("r"), AnswerDelta("<think>r</think>3"), *END)
    assert (reply.reasoning, reply.answer) == ("r", "3")


def test_where_the_reasoning_is_typed_an_opener_alone_is_text() -> None:
    reply = read(ReasoningDelta("r"), AnswerDelta("<thought> opens"), *END)
    assert (reply.reasoning, reply.answer) == ("r", "<thought> opens")


def test_reasoning_that_the_provider_counts_none_of_is_told() -> None:
    report = UsageReport(Usage(reasoning_tokens=0))
    assert [notice.code for notice in read(AnswerDelta("<think>r</think>3"), report, *END).notices] == [
        "reasoning_uncounted"
    ]
    assert read(AnswerDelta("3"), report, *END).notices == []


@each(
    ("provider", "model", "dialect", "looks"),
    [
        ("azure", "DeepSeek-R1", "openai-chat", True),
        ("azure", "DeepSeek-R1", "openai-responses", True),
        ("azure", "gpt-5", "openai-chat", False),
        ("azure", "gpt-5", "openai-responses", False),
        ("azure", "claude-opus-5-5", "anthropic-messages", False),
        ("openai", "gpt-5", "openai-chat", False),
        ("openai", "some-new-model", "openai-responses", False),
        ("anthropic", "claude-opus-5-5", "anthropic-messages", False),
        ("deepseek", "deepseek-flash", "openai-chat", False),
        ("xai", "grok-4.3", "openai-responses", False),
        ("groq", "some-new-model", "openai-chat", True),
        ("openrouter", "some/model", "anthropic-messages", True),
        ("vllm", "some-model", "openai-chat", True),
        ("mistral", "magistral-medium-latest", "mistral-chat", True),
    ],
)
def test_whether_text_is_split_is_a_matter_of_model_and_route(
    provider: str, model: str, dialect: str, looks: bool
) -> None:
    given = Profile(name="p", provider=provider, model=model, dialect=dialect, endpoint={"resource": "r"})
    target = resolve(given, builtin())
    assert target.use.quirks.get("inline_think", True) is looks
