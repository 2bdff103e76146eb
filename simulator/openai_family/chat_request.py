"""What a lenient OpenAI-compatible server reads from a request: many spellings of one dial.

Sources: https://docs.vllm.ai/en/latest/features/reasoning_outputs.html, https://docs.sglang.ai/advanced_features/separate_reasoning.html,
https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
"""

from __future__ import annotations

from msgspec import Struct

from ..answers.thinking import LEVEL_FACTORS, OFF, Dial, count_tokens
from ..calls.call import ApiCall
from ..calls.fields import JsonObject, as_int, as_object, as_text, joined_text, objects
from ..state.prompts import PromptSection, SectionedPrompt
from .parts import media_tokens

DEFAULT_LEVEL = "medium"
BUDGET_FIELDS = ("thinking_budget", "thinking_token_budget", "reasoning_budget_tokens", "reasoning_budget")
THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking")
SWITCHES = ("enable_thinking", "thinking")


class ChatRequest(Struct, frozen=True):
    """A request understood. `hidden`: think, but do not show it; `with_usage`: send usage at the end of a stream."""

    prompt: SectionedPrompt
    dial: Dial
    output_limit: int | None
    hidden: bool
    with_usage: bool


def read_request(call: ApiCall) -> ChatRequest | str:
    """The request, or the text of the error it gets."""
    body = call.body
    messages = objects(body.get("messages"))
    if not messages:
        return "'messages' is a required property"
    template = as_object(body.get("chat_template_kwargs")) or {}
    for name in SWITCHES:
        if isinstance(template.get(name), str):
            return f"invalid type for '{name}' (expected boolean, got string)"
    prompt = SectionedPrompt((PromptSection(""), *map(_section, messages)))
    reasoning = as_object(body.get("reasoning")) or {}
    hidden = body.get("include_reasoning") is False or reasoning.get("exclude") is True
    with_usage = (as_object(body.get("stream_options")) or {}).get("include_usage") is True
    limit = as_int(body.get("max_completion_tokens")) or as_int(body.get("max_tokens"))
    return ChatRequest(prompt, _dial(body, template, reasoning), limit, hidden, with_usage)


def _section(message: JsonObject) -> PromptSection:
    """A message with the thought that came back in it, which the model is shown."""
    content = message.get("content")
    thoughts = [joined_text(part.get("thinking")) for part in objects(content) if part.get("type") == "thinking"]
    fields = (as_text(message.get(name)) for name in THOUGHT_FIELDS)
    details = (as_text(entry.get("text")) for entry in objects(message.get("reasoning_details")))
    thought = "".join(thoughts) or next(filter(None, fields), "") or "".join(filter(None, details))
    return PromptSection(joined_text(content), count_tokens(thought), thought, media_tokens=media_tokens(message))


def _dial(body: JsonObject, template: JsonObject, reasoning: JsonObject) -> Dial:
    thinking = as_object(body.get("thinking")) or {}
    effort = (
        as_text(body.get("reasoning_effort"))
        or as_text(reasoning.get("effort"))
        or as_text(template.get("reasoning_effort"))
    )
    switched_off = (
        effort == "none",
        reasoning.get("enabled") is False,
        thinking.get("type") == "disabled",
        body.get("enable_thinking") is False,
        any(template.get(name) is False for name in SWITCHES),
    )
    if any(switched_off):
        return OFF
    budgets = (*(body.get(name) for name in BUDGET_FIELDS), reasoning.get("max_tokens"), thinking.get("budget_tokens"))
    for budget in map(as_int, budgets):
        if budget is not None and budget >= 0:
            return Dial(budget_tokens=budget)
    return Dial(effort if effort in LEVEL_FACTORS else DEFAULT_LEVEL)
