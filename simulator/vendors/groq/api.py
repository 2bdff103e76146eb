"""Groq: `POST /openai/v1/chat/completions`; reasoning in a field or in tags, times of the run in the usage.

Sources: https://console.groq.com/docs/reasoning, https://console.groq.com/docs/api-reference
"""

from __future__ import annotations

from msgspec.structs import replace

from ...calls.call import ApiCall
from ...calls.fields import JsonObject, objects
from ...calls.reply import HttpReply
from ...calls.rounds import unmatched_chat
from ...openai_family.chat import answer_as
from ...openai_family.chat_request import read_request
from ...openai_family.styles import ChatStyle
from ...state.caches import CacheTerms
from . import replies, rules

CACHES = CacheTerms(least=128, step=128, lifetime_s=7200.0)
"""Source: https://console.groq.com/docs/prompt-caching"""


def answer(call: ApiCall) -> HttpReply:
    """A completion, or the stream of one."""
    rules.check_key(call)
    model = rules.check_model(call)
    dial = rules.dial_of(call, model)
    shown_as = rules.format_of(call, model)
    rules.check_format(call)
    rules.check_media(call)
    if call.body.get("n") not in (None, 1):
        raise replies.invalid(call, "'n' : number must be at most 1", param="n")
    for place, message in enumerate(objects(call.body.get("messages"))):
        if "reasoning_content" in message:
            text = f"'messages.{place}' : property 'reasoning_content' is unsupported"
            raise replies.invalid(call, text)
    if unmatched_chat(objects(call.body.get("messages"))) is not None:
        text = "'messages' : an assistant message with 'tool_calls' must be followed by a tool message for each of them"
        raise replies.invalid(call, text)  # UNVERIFIED: the words
    asked = read_request(call)
    if isinstance(asked, str):
        raise replies.invalid(call, "'messages' : property 'messages' is missing", param="messages")
    style = ChatStyle(field_names=("reasoning",), x_groq=True, bill=_seconds, caches=CACHES)
    if shown_as == "raw":
        style = replace(style, field_names=(), opens=True, closes=True)
    asked = replace(asked, dial=dial, hidden=shown_as == "hidden")
    return answer_as(call, style, asked, vendor="groq", headers=replies.request_headers(call))


def _seconds(size: int, cached: int, thinking: int, said: int) -> JsonObject:
    prompt_s, completion_s = (size - cached) / 10_000, (thinking + said) / 500
    times: JsonObject = {"queue_time": 0.01, "prompt_time": prompt_s, "completion_time": completion_s}
    return times | {"total_time": prompt_s + completion_s}
