"""An OpenAI-compatible server as local servers and gateways are: `POST /v1/chat/completions`, lenient, reasoning shown.

The model name picks the style; any other name behaves like `sim-reasoning-content`.

Sources: https://docs.vllm.ai/en/latest/features/reasoning_outputs.html, https://docs.sglang.ai/advanced_features/separate_reasoning.html,
https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md, https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
"""

from __future__ import annotations

from ..answers.texts import REFUSAL
from ..answers.thinking import OFF
from ..answers.turns import SimulatedTurn, Speed, deltas, input_tokens, take_turn
from ..calls.call import WRONG_KEY, ApiCall
from ..calls.faults import FILLER_MARK
from ..calls.fields import JsonObject
from ..calls.replies import Headers, HttpReply, Piece, RejectedError, Role, data_event, stream, whole
from .chat_request import ChatRequest, read_request
from .styles import STYLES, Style

SPEED = Speed(first_s=0.3, thinking_per_s=90.0, answer_per_s=60.0)
# All of the thought is shown, so there is less of it: a readable amount.
THINKING_SHARE = 0.4
DONE = b"data: [DONE]\n\n"
UPSTREAM_ERROR: JsonObject = {
    "code": 502,
    "message": "Upstream provider returned an error",
    "metadata": {"provider_name": "simulated"},
}


def answer(call: ApiCall) -> HttpReply:
    """A completion, or the stream of one."""
    if call.bearer == WRONG_KEY:
        raise RejectedError(_error(401, "Invalid API key", "authentication_error", "invalid_api_key"))
    style = STYLES.get(call.model, STYLES["sim-reasoning-content"])
    asked = read_request(call)
    if isinstance(asked, str):
        raise RejectedError(_error(400, asked, "invalid_request_error", None))
    if style.fails and not call.streams:
        return whole(200, {"error": UPSTREAM_ERROR, "user_id": "simulated"}, after_s=SPEED.first_s)
    return answer_as(call, style, asked, vendor="compatible")


def answer_as(call: ApiCall, style: Style, asked: ChatRequest, *, vendor: str, headers: Headers = ()) -> HttpReply:
    """A completion, or the stream of one, as a server of this style gives it for a request that is in order."""
    refused = "refusal" in call.faults
    turn = take_turn(
        asked.prompt,
        OFF if refused else asked.dial,
        key=(call.seed, vendor, call.model),
        speed=SPEED,
        output_limit=asked.output_limit,
        forced_answer=_forced_answer(call, style, asked),
        thinking_share=THINKING_SHARE,
        limit_covers_thinking=style.limit_covers_thinking,
    )
    if call.streams:
        return stream(_chunks(call, style, asked, turn), headers, content_type="text/event-stream; charset=utf-8")
    return whole(200, _whole_body(call, style, asked, turn), headers, after_s=turn.total_s)


def failure(name: str, call: ApiCall) -> HttpReply:
    """What a small server says for one of the status faults."""
    match name:
        case "rate_limit":
            headers = (("retry-after", str(call.whole_retry_after_s)),)
            return _error(429, "Too many requests", "rate_limit_error", "rate_limit_exceeded", headers)
        case "quota":
            return _error(429, "Insufficient balance", "insufficient_quota", "insufficient_quota")
        case "overloaded":
            return _error(503, "Loading model", "unavailable_error", None)
        case _:
            return _error(500, "Internal server error", "server_error", None)


def broken_off(call: ApiCall, sent: int) -> tuple[Piece, ...]:
    """What ends a stream when the server fails after `sent` events: an error frame, then [DONE]."""
    error: JsonObject = {"message": "The server is overloaded", "type": "overloaded_error", "param": None, "code": 503}
    return (Piece(data_event({"error": error})), Piece(DONE))


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this server does not have."""
    return whole(404, {"detail": "Not Found"})


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return _error(400, "JSON decode error", "invalid_request_error", None)


def _error(status: int, message: str, kind: str, code: str | None, headers: Headers = ()) -> HttpReply:
    return whole(status, {"error": {"message": message, "type": kind, "param": None, "code": code}}, headers)


def _envelope(call: ApiCall, kind: str) -> JsonObject:
    return {"id": call.id("chatcmpl-", length=32), "object": kind, "created": call.created_s, "model": call.model}


def _forced_answer(call: ApiCall, style: Style, asked: ChatRequest) -> str | None:
    if "huge_event" in call.faults:
        return FILLER_MARK
    if "refusal" in call.faults:
        return REFUSAL
    # A thought that is never closed swallows the answer.
    return "" if style.unclosed and asked.dial != OFF else None


def _usage(style: Style, asked: ChatRequest, turn: SimulatedTurn) -> JsonObject:
    size = input_tokens(asked.prompt)
    usage: JsonObject = {
        "prompt_tokens": size,
        "completion_tokens": turn.answer_tokens if style.additive else turn.output_tokens,
        "total_tokens": size + turn.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    if style.counts_reasoning:
        usage["completion_tokens_details"] = {"reasoning_tokens": turn.thinking_tokens}
    if style.bill is not None:
        usage |= style.bill(size, turn.thinking_tokens, turn.answer_tokens)
    return usage | style.extra_usage


def _said(call: ApiCall, turn: SimulatedTurn) -> str:
    fragments = deltas(turn.answer)
    return "".join(fragments[: len(fragments) // 2] if "content_filter" in call.faults else fragments)


def _carried(style: Style, text: str) -> JsonObject:
    """The delta of a piece of the thought."""
    return {"content": [_thought(text)]} if style.chunked else style.fields(text)


def _thought(text: str) -> JsonObject:
    """A chunk of thinking as Mistral writes it: a list inside a list."""
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def _finish(call: ApiCall, style: Style, turn: SimulatedTurn) -> str:
    if "content_filter" in call.faults:
        return "content_filter"
    return "length" if turn.cut or (style.unclosed and turn.thinking_tokens) else "stop"


def _whole_body(call: ApiCall, style: Style, asked: ChatRequest, turn: SimulatedTurn) -> JsonObject:
    refused = "refusal" in call.faults
    said = _said(call, turn)
    content: object = style.inline("" if asked.hidden else turn.thinking_text, said)
    if style.chunked and turn.thinking_tokens:
        content = [_thought(turn.thinking_text) | {"closed": True}, {"type": "text", "text": said}]
    message: JsonObject = {"role": "assistant", "content": None if refused else content}
    message |= style.fields(turn.thinking_text) if turn.thinking_tokens and not asked.hidden else {}
    if refused:
        message["refusal"] = said
    usage = _usage(style, asked, turn)
    choice: JsonObject = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(call, style, turn)}
    if style.usage_in_choice:
        choice["usage"] = usage
        return _envelope(call, "chat.completion") | {"choices": [choice]}
    return _envelope(call, "chat.completion") | {"choices": [choice], "usage": usage}


def _chunks(call: ApiCall, style: Style, asked: ChatRequest, turn: SimulatedTurn) -> tuple[Piece, ...]:
    envelope = _envelope(call, "chat.completion.chunk")

    def chunk(
        delta: JsonObject,
        finish: str | None = None,
        after_s: float = 0.0,
        role: Role = Role.FRAME,
        more: JsonObject | None = None,
    ) -> Piece:
        choice: JsonObject = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish} | (more or {})
        return Piece(data_event(envelope | {"choices": [choice]}), after_s, role)

    pieces = [Piece(comment, turn.speed.first_s / len(style.comments)) for comment in style.comments]
    pieces.append(chunk({"role": "assistant", "content": ""}, after_s=0.0 if pieces else turn.speed.first_s))
    if (style.has_fields or style.chunked) and not asked.hidden:
        fragments = deltas(turn.thinking_text)
        pause_s = turn.thinking_s / max(len(fragments), 1)
        pieces += [chunk(_carried(style, text), after_s=pause_s) for text in fragments]
    if style.fails:
        failed: JsonObject = {
            "index": 0,
            "delta": {"content": ""},
            "finish_reason": "error",
            "native_finish_reason": None,
        }
        pieces.append(Piece(data_event(envelope | {"error": UPSTREAM_ERROR, "choices": [failed]}), role=Role.TERMINAL))
        return (*pieces, Piece(DONE, role=Role.TERMINAL))
    field = "refusal" if "refusal" in call.faults else "content"
    content = style.content_deltas("" if asked.hidden else turn.thinking_text, _said(call, turn))
    content_s = turn.answer_s if style.has_fields or style.chunked else turn.thinking_s + turn.answer_s
    pieces += [chunk({field: text}, after_s=content_s / len(content), role=Role.ANSWER) for text in content]
    usage = _usage(style, asked, turn)
    more: JsonObject = {"usage": usage} if style.usage_in_choice else {}
    if style.x_groq:
        envelope |= {"x_groq": {"id": call.id("req_", length=26), "usage": usage}}
    pieces.append(chunk({}, _finish(call, style, turn), role=Role.TERMINAL, more=more))
    if (asked.with_usage or style.always_usage) and not style.usage_in_choice:
        last: JsonObject = {"choices": [], "usage": usage}
        pieces.append(Piece(data_event(envelope | last), role=Role.TERMINAL))
    if style.sends_done:
        pieces.append(Piece(DONE, role=Role.TERMINAL))
    return tuple(pieces)
