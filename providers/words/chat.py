"""A chunk of OpenAI's chat and its family that goes on with a text."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct
from msgspec.json import Decoder


class ChunkDelta(Struct, forbid_unknown_fields=True, gc=False):
    """The fields of reasoning are those that providers have; one of them is read."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_text: str | None = None
    role: str | None = None
    refusal: None = None
    tool_calls: None = None
    function_call: None = None


class ChunkChoice(Struct, forbid_unknown_fields=True, gc=False):
    """`logprobs` may be anything: nothing is read of them."""

    delta: ChunkDelta
    index: int = 0
    finish_reason: None = None
    native_finish_reason: None = None
    logprobs: Any = None


class Chunk(Struct, forbid_unknown_fields=True, gc=False):
    """With what every chunk repeats. Counts, errors and all that is not listed make it another event."""

    choices: tuple[ChunkChoice]
    id: str | None = None
    object: Literal["chat.completion.chunk", "chat.completion"] | None = None
    created: int | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    service_tier: str | None = None
    provider: str | None = None
    usage: None = None
    obfuscation: str | None = None

    def words(self, field: str | None) -> tuple[str, str] | None:
        """The one text that is in it, and where: as `content`, or as the reasoning of this `field`."""
        delta = self.choices[0].delta
        if words := delta.content:
            return None if delta.reasoning_content or delta.reasoning or delta.reasoning_text else ("content", words)
        match field:
            case "reasoning_content":
                words, others = delta.reasoning_content, delta.reasoning or delta.reasoning_text
            case "reasoning":
                words, others = delta.reasoning, delta.reasoning_content or delta.reasoning_text
            case "reasoning_text":
                words, others = delta.reasoning_text, delta.reasoning_content or delta.reasoning
            case _:
                return None
        return (field, words) if words and not others else None


CHUNK = Decoder(Chunk)
