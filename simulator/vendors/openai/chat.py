"""OpenAI Chat Completions: `POST /v1/chat/completions`. Reasoning is counted here and never shown.

Sources: https://developers.openai.com/api/docs/api-reference/chat/create, https://developers.openai.com/api/docs/guides/reasoning
"""

from __future__ import annotations

from ...answers.texts import REFUSAL
from ...answers.thinking import Dial, digest
from ...answers.turns import SimulatedTurn, take_turn
from ...calls.call import ApiCall
from ...calls.faults import FILLER_MARK
from ...calls.fields import JsonObject, as_list, as_object, joined_text, objects, words
from ...calls.functions import calls_text, chat_calls
from ...calls.reply import HttpReply, Piece, Role, data_event, stream
from ...calls.rounds import unmatched_chat
from ...calls.shapes import shaped_answer
from ...state.prompts import PromptSection, SectionedPrompt
from . import replies, rules
from .media import tokens_of
from .models import Gpt
from .schema_rules import check_format

FIELDS = words(
    "model messages audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens "
    "max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key "
    "prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier "
    "stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity "
    "web_search_options"
)
REFUSED_WHILE_REASONING = ("logit_bias", "logprobs", "top_logprobs")
ROLES = ("developer", "system", "user", "assistant", "tool", "function")
MESSAGE_FIELDS = words("role content name refusal audio tool_calls tool_call_id function_call annotations")
DONE = b"data: [DONE]\n\n"


def answer(call: ApiCall) -> HttpReply:
    """A completion, or the stream of one."""
    rules.check_key(call)
    rules.check_fields(call, FIELDS, ("model", "messages"))
    model = rules.check_model(call)
    if not model.chat:
        text = "This model is only supported in v1/responses and not in v1/chat/completions."
        raise replies.invalid(call, text, "model", status=404)
    effort = _effort(call, model)
    limit = _limit(call, model)
    if effort != "none":
        _check_sampling(call)
        _check_tools(call, model)
    prompt = _prompt(call)
    check_format(call, call.body.get("response_format"), "response_format", prompt.text)
    forced = FILLER_MARK if "huge_event" in call.faults else REFUSAL if call.refused else None
    forced = (
        forced if forced is not None else calls_text(call) or shaped_answer(call.body, prompt.text, call.seed, model.id)
    )
    dial = Dial("none" if call.refused else effort)
    turn = take_turn(
        prompt.text,
        dial,
        key=(call.seed, "openai", model.id),
        speed=rules.SPEED,
        output_limit=limit,
        forced_answer=forced,
    )
    usage = _usage(call, model, turn, prompt)
    if call.streams:
        return stream(_chunks(call, model, turn, usage), replies.request_headers(call))
    return replies.ok(call, _whole_body(call, model, turn, usage), after_s=turn.total_s)


def _effort(call: ApiCall, model: Gpt) -> str:
    value = call.body.get("reasoning_effort")
    if not model.efforts:
        if value is not None:
            raise replies.invalid(call, "Unrecognized request argument supplied: reasoning_effort", None, None)
        return "none"
    return rules.check_effort(call, model, value, "reasoning_effort", refused=("max",))


def _limit(call: ApiCall, model: Gpt) -> int | None:
    if not model.efforts:
        return rules.check_limit(call, model, "max_completion_tokens", 1) or rules.check_limit(
            call, model, "max_tokens", 1
        )
    if call.body.get("max_tokens") is not None:
        raise replies.unsupported_parameter(call, "max_tokens", " Use 'max_completion_tokens' instead.")
    return rules.check_limit(call, model, "max_completion_tokens", 1)


def _check_sampling(call: ApiCall) -> None:
    for name, default in (("temperature", 1.0), ("top_p", 1.0), ("presence_penalty", 0.0), ("frequency_penalty", 0.0)):
        value = call.body.get(name)
        if rules.off_default(value, default):
            text = (
                f"Unsupported value: '{name}' does not support {value} with this model. "
                f"Only the default ({default:g}) value is supported."
            )
            raise replies.invalid(call, text, name, "unsupported_value")
    for name in REFUSED_WHILE_REASONING:
        if call.body.get(name):
            raise replies.unsupported_parameter(call, name)
    if call.body.get("stop") is not None:
        raise replies.unsupported_parameter(call, "stop")


def _check_tools(call: ApiCall, model: Gpt) -> None:
    if model.generation >= 5.4 and as_list(call.body.get("tools")):
        text = (
            f"Function tools with reasoning_effort are not supported for {model.id} in /v1/chat/completions. "
            "Please use /v1/responses instead."
        )
        raise replies.invalid(call, text, "reasoning_effort", None)


def _prompt(call: ApiCall) -> SectionedPrompt:
    messages = objects(call.body["messages"])
    if not messages:
        text = (
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."
        )
        raise replies.invalid(call, text, "messages", "empty_array")
    for position, message in enumerate(messages):
        if message.get("role") not in ROLES:
            text = f"Invalid value: '{message.get('role')}'. Supported values are: {replies.quoted(ROLES)}."
            raise replies.invalid(call, text, f"messages[{position}].role", "invalid_value")
        for name in message:
            if name not in MESSAGE_FIELDS:
                text = f"Unknown parameter: 'messages[{position}].{name}'."
                raise replies.invalid(call, text, f"messages[{position}].{name}", "unknown_parameter")
    _check_rounds(call, messages)
    sections = [PromptSection("")]
    for position, message in enumerate(messages):
        content = message.get("content")
        files = tokens_of(call, f"messages[{position}].content", objects(content), replies.invalid)
        sections.append(PromptSection(joined_text(content), media_tokens=files))
    return SectionedPrompt(tuple(sections))


def _check_rounds(call: ApiCall, messages: list[JsonObject]) -> None:
    """Refuse a call without its result, and a result without its call."""
    found = unmatched_chat(messages)
    if found is None:
        return
    if found.is_result:
        text = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
        raise replies.invalid(call, f"Invalid parameter: {text}", f"messages.[{found.at}].role", None)
    text = (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {found.listed}"
    )
    raise replies.invalid(call, text, f"messages.[{found.at}].role", None)


def _usage(call: ApiCall, model: Gpt, turn: SimulatedTurn, prompt: SectionedPrompt) -> JsonObject:
    size, cached = prompt.size, rules.use_cache(call, model, prompt)
    details: JsonObject = {"cached_tokens": cached.read, "audio_tokens": 0}
    if model.generation >= 5.6:
        details["cache_write_tokens"] = cached.written
    return {
        "prompt_tokens": size,
        "completion_tokens": turn.output_tokens,
        "total_tokens": size + turn.output_tokens,
        "prompt_tokens_details": details,
        "completion_tokens_details": {
            "reasoning_tokens": turn.thinking_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _finish_reason(call: ApiCall, turn: SimulatedTurn) -> str:
    if call.filtered:
        return "content_filter"
    return "length" if turn.cut else "tool_calls" if chat_calls(call) else "stop"


def _envelope(call: ApiCall, model: Gpt, kind: str) -> JsonObject:
    return {
        "id": call.id("chatcmpl-", length=29),
        "object": kind,
        "created": call.created_s,
        "model": model.snapshot or model.id,
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _whole_body(call: ApiCall, model: Gpt, turn: SimulatedTurn, usage: JsonObject) -> JsonObject:
    said = "".join(turn.fragments(filtered=call.filtered))
    message: JsonObject = {
        "role": "assistant",
        "content": None if call.refused else said,
        "refusal": said if call.refused else None,
        "annotations": [],
    }
    if calls := chat_calls(call):
        message |= {"content": None, "tool_calls": calls}
    choice: JsonObject = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish_reason(call, turn)}
    return _envelope(call, model, "chat.completion") | {"choices": [choice], "usage": usage}


def _chunks(call: ApiCall, model: Gpt, turn: SimulatedTurn, usage: JsonObject) -> tuple[Piece, ...]:
    options = as_object(call.body.get("stream_options")) or {}
    with_usage = options.get("include_usage") is True
    padded = options.get("include_obfuscation") is not False
    envelope = _envelope(call, model, "chat.completion.chunk")
    field = "refusal" if call.refused else "content"

    def chunk(delta: JsonObject, finish: str | None = None, after_s: float = 0.0, role: Role = Role.FRAME) -> Piece:
        choice: JsonObject = {"index": 0, "delta": delta, "finish_reason": finish}
        data = envelope | {"choices": [choice]} | ({"usage": None} if with_usage else {})
        if padded:
            data["obfuscation"] = digest(call.seed, call.number, delta)[:8]
        return Piece(data_event(data), after_s, role)

    said = turn.fragments(filtered=call.filtered)
    first: JsonObject = {"role": "assistant", "content": "" if field == "content" else None, "refusal": None}
    pieces = [chunk(first, after_s=turn.speed.first_s + turn.thinking_s)]
    if calls := chat_calls(call, indexed=True):
        pieces.append(chunk({"tool_calls": calls}, after_s=turn.answer_s, role=Role.ANSWER))
    else:
        pieces += [chunk({field: text}, after_s=turn.answer_s / len(said), role=Role.ANSWER) for text in said]
    pieces.append(chunk({}, _finish_reason(call, turn), role=Role.TERMINAL))
    if with_usage:
        last: JsonObject = {"choices": [], "usage": usage}
        pieces.append(Piece(data_event(envelope | last), role=Role.TERMINAL))
    pieces.append(Piece(DONE, role=Role.TERMINAL))
    return tuple(pieces)
