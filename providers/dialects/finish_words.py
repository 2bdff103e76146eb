"""Why an answer ended: the words of all wires, which gateways mix, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..json_values import obj, text
from ..schema import FinishReason

_WORDS: Mapping[FinishReason, tuple[str, ...]] = {
    # `eos_token` is TGI's: https://huggingface.github.io/text-generation-inference/
    "stop": ("stop", "end_turn", "eos", "eos_token", "stop_sequence", "complete", "completed", "end", "finished"),
    # `max_messages` and `steered`: https://developers.openai.com/api/docs/api-reference/responses
    "length": (
        "length", "max_tokens", "max_output_tokens", "max_length", "model_length", "model_context_window_exceeded",
        "continuation", "max_messages",
    ),
    "content_filter": (
        "content_filter", "content_filtered", "guardrail_intervened", "sensitive",
        # https://ai.google.dev/api/generate-content#FinishReason
        "safety", "recitation", "blocklist", "prohibited_content", "spii", "model_armor", "image_safety",
        "image_prohibited_content", "image_recitation", "image_other", "escalation", "pup_limited_disabled",
    ),
    "refusal": ("refusal",),
    "tool_call": ("tool_calls", "tool_call", "tool_use", "function_call"),
    "error": (
        "error", "timeout", "malformed_model_output", "malformed_tool_use", "language", "other",
        "malformed_function_call", "malformed_response", "unexpected_tool_call", "too_many_tool_calls",
        "missing_thought_signature", "no_image",
    ),
    "cancelled": ("abort", "cancelled", "canceled", "steered"),
    # The answer is a part, and goes on when it is asked for.
    "unknown": ("pause_turn", "load", "unload"),
}  # fmt: skip
PAUSED = frozenset({"pause_turn"})
"""The provider stopped in the middle of its own tools, and goes on when it gets back what it said.

Source: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
"""

_REASON_OF: Mapping[str, FinishReason] = {word: reason for reason, words in _WORDS.items() for word in words}

_INSIDE = ("type", "reason", "finish_reason", "name")


def finish_word(value: Any) -> str | None:
    """The word in a field that says why an answer ended, or in the object that some servers put there (SGLang's)."""
    if value is None or isinstance(value, str):
        return text(value) or None
    inside = obj(value)
    return next((word for key in _INSIDE if (word := text(inside.get(key)))), None)


def is_paused(word: str | None) -> bool:
    """Whether `word` says that the same turn goes on when its answer is sent back as it came."""
    return word is not None and word.lower() in PAUSED


def reason_of(word: str | None) -> FinishReason:
    """What `word` means, in any letter case; `unknown` for one that is in no table."""
    if not word:
        return "unknown"
    return _REASON_OF.get(word) or _REASON_OF.get(word.lower().removeprefix("finish_reason_"), "unknown")
