"""Hosts that speak the wire of OpenAI Chat and have rules of their own about earlier reasoning.

Sources: https://api-docs.deepseek.com/guides/thinking_mode, https://api-docs.deepseek.com/guides/kv_cache,
https://inference-docs.cerebras.ai/capabilities/reasoning, https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from ...answers.thinking import OFF, count_tokens
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import JsonObject, as_object, as_text, objects
from ...calls.reply import HttpReply, RejectedError, whole
from ...calls.rounds import unmatched_chat
from ...calls.served_tools import uses
from ...openai_family.chat import answer_as
from ...openai_family.chat_request import ChatRequest, read_request
from ...openai_family.parts import asks_for_json, chat_parts, says_json
from ...openai_family.styles import ChatStyle
from ...state.caches import CacheTerms
from ...state.prompts import PromptSection, SectionedPrompt
from ...state.seals import seal, unseal
from .replies import error

SEAL_MARK = b"thinkdial-simulated-upstream::"
USD_FOR_SEARCH = 0.007
USD_FOR_INPUT, USD_FOR_OUTPUT = 0.000001, 0.000004
CACHED_SHARE = 0.75
"""What is not paid of tokens that came from the cache."""
#: What the entries of `reasoning_details` are called, by the author of the model.
FORMATS = {
    "anthropic": "anthropic-claude-v1",
    "google": "google-gemini-v1",
    "openai": "openai-responses-v1",
    "x-ai": "xai-responses-v1",
}


class Host(Struct, frozen=True):
    """A host: the name of its paths, its style for a call, and what it does with what came back."""

    name: str
    style: Callable[[ApiCall], ChatStyle]
    read: Callable[[ApiCall, ChatRequest], ChatRequest]

    def answer(self, call: ApiCall) -> HttpReply:
        """A completion, or the stream of one."""
        if not call.bearer or call.bearer == WRONG_KEY:
            raise RejectedError(error(401, "Authentication Fails", "authentication_error", "invalid_api_key"))
        asked = read_request(call)
        if isinstance(asked, str):
            raise _refusal(asked)
        return answer_as(call, self.style(call), self.read(call, asked), vendor=self.name)


def _refusal(text: str, code: str = "invalid_request_error") -> RejectedError:
    return RejectedError(error(400, text, "invalid_request_error", code))


def _deepseek_style(call: ApiCall) -> ChatStyle:
    rule = CacheTerms(least=64, step=64, lifetime_s=3600.0)
    return ChatStyle(field_names=("reasoning_content",), always_usage=True, caches=rule, tells_hits=True)


def _deepseek(call: ApiCall, asked: ChatRequest) -> ChatRequest:
    """Turns with calls have to bring their thought back while the model thinks; of all others it is not read."""
    if (as_object(call.body.get("response_format")) or {}).get("type") == "json_schema":
        raise _refusal("This response_format type is unavailable now")
    if asks_for_json(call) is not None and not says_json(call):
        text = "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'."
        raise _refusal(text)
    for part in chat_parts(call):
        text = f"Failed to deserialize the JSON body into the target type: messages[{part.index}]"
        raise _refusal(f"{text}: unknown variant `{part.type}`, expected `text`")
    forced = call.body.get("tool_choice")
    if asked.dial != OFF and (forced == "required" or as_object(forced)):
        raise _refusal("Thinking mode does not support this tool_choice")
    messages = objects(call.body.get("messages"))
    if (found := unmatched_chat(messages)) is not None:
        # Recorded for calls on the host's Responses; UNVERIFIED for results.
        what = "tool call found for tool output" if found.is_result else "tool output found for tool call"
        raise _refusal(f"No {what} {found.listed}.")
    for message in messages:
        called = message.get("role") == "assistant" and bool(message.get("tool_calls"))
        if called and asked.dial != OFF and "reasoning_content" not in message:
            raise _refusal("The `reasoning_content` in the thinking mode must be passed back to the API.")
    head, *sections = asked.prompt.sections
    shown = (
        section if message.get("tool_calls") else PromptSection(section.text)
        for section, message in zip(sections, messages, strict=True)
    )
    return replace(asked, prompt=SectionedPrompt((head, *shown)))


def _cerebras_style(call: ApiCall) -> ChatStyle:
    return ChatStyle(field_names=("reasoning",), always_usage=True, caches=CacheTerms(least=128, step=128))


def _cerebras(call: ApiCall, asked: ChatRequest) -> ChatRequest:
    for place, message in enumerate(objects(call.body.get("messages"))):
        if "reasoning_content" in message:
            # UNVERIFIED: that it is refused is documented by its users, the words are not.
            text = f"messages.{place}.{message.get('role')}.reasoning_content: property is unsupported"
            raise RejectedError(
                whole(
                    400,
                    {
                        "message": text,
                        "type": "invalid_request_error",
                        "param": "validation_error",
                        "code": "wrong_api_format",
                    },
                )
            )
    return asked


def _openrouter_style(call: ApiCall) -> ChatStyle:
    style = ChatStyle(
        field_names=("reasoning",),
        details=True,
        always_usage=True,
        comments=(b": OPENROUTER PROCESSING\n\n",),
        caches=CacheTerms(),
        bill=_with_searches(call),
        details_format=_format(call),
    )
    opaque = seal(SEAL_MARK, {"id": call.id("", length=12), "model": call.model})
    if style.details_format == FORMATS["anthropic"]:
        last: JsonObject = {"type": "reasoning.text", "signature": opaque, "format": style.details_format, "index": 0}
        return replace(style, last_detail=last)
    if style.details_format == "unknown":
        return style
    last = {"type": "reasoning.encrypted", "data": opaque, "format": style.details_format, "index": 1}
    return replace(style, last_detail=last | {"id": call.id("rs_", length=20)})


def _openrouter(call: ApiCall, asked: ChatRequest) -> ChatRequest:
    """Entries of the model's own format are checked as it would, those of other formats are left out."""
    mine = _format(call)
    head, *sections = asked.prompt.sections
    read: list[PromptSection] = []
    for section, message in zip(sections, objects(call.body.get("messages")), strict=True):
        tokens = 0
        for entry in objects(message.get("reasoning_details")):
            if entry.get("format") not in (mine, None):
                continue
            opaque = as_text(entry.get("signature")) or as_text(entry.get("data"))
            if opaque is None and mine == FORMATS["anthropic"] and entry.get("type") == "reasoning.text":
                raise _upstream("messages.content.thinking.signature: Field required")
            if opaque is not None and unseal(SEAL_MARK, opaque) is None:
                raise _upstream("Invalid `signature` in `thinking` block")
            tokens += count_tokens(as_text(entry.get("text")) or "")
        read.append(PromptSection(section.text, tokens, section.more))
    return replace(asked, prompt=SectionedPrompt((head, *read)))


def _upstream(text: str) -> RejectedError:
    """What the provider behind the gateway said, as the gateway passes it on."""
    raw = f'{{"type":"error","error":{{"type":"invalid_request_error","message":"{text}"}}}}'
    metadata: JsonObject = {"raw": raw, "provider_name": "Anthropic"}
    said: JsonObject = {"message": "Provider returned error", "code": 400, "metadata": metadata}
    return RejectedError(whole(400, {"error": said, "user_id": "simulated"}))


def _format(call: ApiCall) -> str:
    return FORMATS.get(call.model.partition("/")[0], "unknown")


def _with_searches(call: ApiCall) -> Callable[[int, int, int, int], JsonObject]:
    """What the usage says of the bill, in which the searches of the web plugin are."""
    if not any(one.get("id") == "web" for one in objects(call.body.get("plugins"))):
        return _bill
    ran = uses(call, "web")

    def bill(size: int, cached: int, thinking: int, said: int) -> JsonObject:
        told = _bill(size, cached, thinking, said)
        cost = round(float(str(told["cost"])) + ran * USD_FOR_SEARCH, 9)
        return told | {"cost": cost, "server_tool_use_details": {"web_search_requests": ran}}

    return bill


def _bill(size: int, cached: int, thinking: int, said: int) -> JsonObject:
    cost = round((size - cached * CACHED_SHARE) * USD_FOR_INPUT + (thinking + said) * USD_FOR_OUTPUT, 9)
    return {"cost": cost, "is_byok": False, "cost_details": as_object({"upstream_inference_cost": None})}


HOSTS = (
    Host("deepseek", _deepseek_style, _deepseek),
    Host("cerebras", _cerebras_style, _cerebras),
    Host("openrouter", _openrouter_style, _openrouter),
)
