"""Mistral: `POST /v1/chat/completions`, the thought in chunks of the content; `POST /v1/responses/input_tokens`.

Sources: https://docs.mistral.ai/api/endpoint/chat, https://docs.mistral.ai/studio/conversations/reasoning
"""

from __future__ import annotations

from msgspec.structs import replace

from ...calls.call import ApiCall
from ...calls.fields import joined_text, message_texts, words
from ...calls.reply import HttpReply
from ...openai_family.chat import answer_as
from ...openai_family.chat_request import read_request
from ...openai_family.styles import ChatStyle
from ...state.prompts import prompt_of
from . import replies, rules

STYLE = ChatStyle(chunked=True, counts_reasoning=False, always_usage=True)
FIELDS = words(
    "model messages temperature top_p max_tokens stream stop random_seed metadata response_format tools tool_choice "
    "presence_penalty frequency_penalty n prediction parallel_tool_calls reasoning_effort prompt_mode guardrails "
    "prompt_cache_key service_tier safe_prompt"
)


def answer(call: ApiCall) -> HttpReply:
    """A completion, or the stream of one."""
    rules.check_key(call)
    for name in ("model", "messages"):
        if name not in call.body:
            raise replies.missing(name)
    for name in call.body:
        if name not in FIELDS:
            raise replies.invalid_field(name, "Extra inputs are not permitted", "extra_forbidden")
    rules.check_messages(call)
    model = rules.check_model(call)
    if call.body.get("prompt_mode") is not None:
        raise replies.invalid(call, "prompt_mode is not supported for this model")
    rules.check_format(call)
    dial = rules.dial_of(call, model)
    asked = read_request(call)
    if isinstance(asked, str):
        raise replies.invalid_field("messages", "List should have at least 1 item after validation", "too_short")
    return answer_as(call, STYLE, replace(asked, dial=dial), vendor="mistral", headers=replies.request_headers(call))


def input_tokens(call: ApiCall) -> HttpReply:
    """How many input tokens a prompt has."""
    rules.check_key(call)
    for name in ("model", "input"):
        if name not in call.body:
            raise replies.missing(name)
    rules.check_model(call)
    instructions = joined_text(call.body.get("instructions"))
    texts = message_texts(call.body["input"])
    size = prompt_of(["", *([instructions] if instructions else []), *texts]).size
    return replies.ok(call, {"object": "response.input_tokens", "input_tokens": size})
