"""Chat completions as servers of many styles give them: bodies, and streams of chunks, with the reasoning shown."""

from __future__ import annotations

from ..answers.texts import REFUSAL
from ..answers.thinking import OFF
from ..answers.turns import SimulatedTurn, Speed, deltas, take_turn
from ..calls.call import ApiCall
from ..calls.faults import FILLER_MARK
from ..calls.fields import JsonObject
from ..calls.functions import calls_text, chat_calls
from ..calls.reply import Headers, HttpReply, Piece, Role, data_event, stream, whole
from ..calls.shapes import shaped_answer
from .chat_request import ChatRequest
from .styles import ChatStyle

SPEED = Speed(first_s=0.3, thinking_per_s=90.0, answer_per_s=60.0)
# All of the thought is shown, so there is less of it: a readable amount.
THINKING_SHARE = 0.4
DONE = b"data: [DONE]\n\n"
UPSTREAM_ERROR: JsonObject = {
    "code": 502,
    "message": "Upstream provider returned an error",
    "metadata": {"provider_name": "simulated"},
}


def answer_as(call: ApiCall, style: ChatStyle, asked: ChatRequest, *, vendor: str, headers: Headers = ()) -> HttpReply:
    """A completion, or the stream of one, as a server of this style gives it for a request that is in order."""
    turn = take_turn(
        asked.prompt.text,
        OFF if call.refused else asked.dial,
        key=(call.seed, vendor, call.model),
        speed=SPEED,
        output_limit=asked.output_limit,
        forced_answer=_forced_answer(call, style, asked),
        thinking_share=THINKING_SHARE,
        limit_covers_thinking=style.limit_covers_thinking,
    )
    return shown_as(call, style, asked, turn, vendor=vendor, headers=headers)


def shown_as(
    call: ApiCall, style: ChatStyle, asked: ChatRequest, turn: SimulatedTurn, *, vendor: str, headers: Headers = ()
) -> HttpReply:
    """A turn as a completion, or as the stream of one."""
    usage = _usage(call, style, asked, turn, vendor)
    if call.streams:
        return stream(
            _chunks(call, style, asked, turn, usage), headers, content_type="text/event-stream; charset=utf-8"
        )
    return whole(200, _whole_body(call, style, asked, turn, usage), headers, after_s=turn.total_s)


def broken_off(call: ApiCall, sent: int) -> tuple[Piece, ...]:
    """What ends a stream when the server fails after `sent` events: an error frame, then [DONE]."""
    error: JsonObject = {"message": "The server is overloaded", "type": "overloaded_error", "param": None, "code": 503}
    return (Piece(data_event({"error": error})), Piece(DONE))


def _envelope(call: ApiCall, kind: str) -> JsonObject:
    return {"id": call.id("chatcmpl-", length=32), "object": kind, "created": call.created_s, "model": call.model}


def _forced_answer(call: ApiCall, style: ChatStyle, asked: ChatRequest) -> str | None:
    if "huge_event" in call.faults:
        return FILLER_MARK
    if call.refused:
        return REFUSAL
    # A thought that is never closed swallows the answer.
    if style.unclosed and asked.dial != OFF:
        return ""
    return calls_text(call) or shaped_answer(call.body, asked.prompt.text, call.seed, call.model)


def _usage(call: ApiCall, style: ChatStyle, asked: ChatRequest, turn: SimulatedTurn, vendor: str) -> JsonObject:
    size, read = asked.prompt.size, 0
    if style.caches is not None:
        owner = (vendor, call.bearer, call.model, call.body.get("prompt_cache_key"))
        read = call.cache.use(owner, asked.prompt, style.caches).read
    usage: JsonObject = {
        "prompt_tokens": size,
        "completion_tokens": turn.answer_tokens if style.additive else turn.output_tokens,
        "total_tokens": size + turn.output_tokens,
        "prompt_tokens_details": {"cached_tokens": read},
    }
    if style.tells_hits:
        usage |= {"prompt_cache_hit_tokens": read, "prompt_cache_miss_tokens": size - read}
    if style.counts_reasoning:
        usage["completion_tokens_details"] = {"reasoning_tokens": turn.thinking_tokens}
    if style.bill is not None:
        usage |= style.bill(size, read, turn.thinking_tokens, turn.answer_tokens)
    return usage | style.extra_usage


def _carried(style: ChatStyle, text: str) -> JsonObject:
    """The delta of a piece of the thought."""
    return {"content": [_thought(text)]} if style.chunked else style.fields(text)


def _thought(text: str) -> JsonObject:
    """A chunk of thinking as Mistral writes it: a list inside a list."""
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def _finish(call: ApiCall, style: ChatStyle, turn: SimulatedTurn) -> str:
    if call.filtered:
        return "content_filter"
    if not turn.cut and chat_calls(call):
        return "tool_calls"
    return "length" if turn.cut or (style.unclosed and turn.thinking_tokens) else "stop"


def _whole_body(
    call: ApiCall, style: ChatStyle, asked: ChatRequest, turn: SimulatedTurn, usage: JsonObject
) -> JsonObject:
    said = "".join(turn.fragments(filtered=call.filtered))
    content: object = style.inline("" if asked.hidden else turn.thinking_text, said)
    if style.chunked and turn.thinking_tokens:
        content = [_thought(turn.thinking_text) | {"closed": True}, {"type": "text", "text": said}]
    message: JsonObject = {"role": "assistant", "content": None if call.refused else content}
    if calls := chat_calls(call):
        message |= {"content": [_thought(turn.thinking_text)] if style.chunked else None, "tool_calls": calls}
    message |= style.whole_fields(turn.thinking_text) if turn.thinking_tokens and not asked.hidden else {}
    if call.refused:
        message["refusal"] = said
    choice: JsonObject = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(call, style, turn)}
    if style.usage_in_choice:
        choice["usage"] = usage
        return _envelope(call, "chat.completion") | {"choices": [choice]}
    return _envelope(call, "chat.completion") | {"choices": [choice], "usage": usage}


def _chunks(
    call: ApiCall, style: ChatStyle, asked: ChatRequest, turn: SimulatedTurn, usage: JsonObject
) -> tuple[Piece, ...]:
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
        if fragments and style.last_detail is not None:
            pieces.append(chunk({"reasoning_details": [style.last_detail]}))
    if style.fails:
        failed: JsonObject = {
            "index": 0,
            "delta": {"content": ""},
            "finish_reason": "error",
            "native_finish_reason": None,
        }
        pieces.append(Piece(data_event(envelope | {"error": UPSTREAM_ERROR, "choices": [failed]}), role=Role.TERMINAL))
        return (*pieces, Piece(DONE, role=Role.TERMINAL))
    field = "refusal" if call.refused else "content"
    said = "".join(turn.fragments(filtered=call.filtered))
    content = style.content_deltas("" if asked.hidden else turn.thinking_text, said)
    content_s = turn.answer_s if style.has_fields or style.chunked else turn.thinking_s + turn.answer_s
    if calls := chat_calls(call, indexed=True):
        pieces.append(chunk({"tool_calls": calls}, after_s=content_s, role=Role.ANSWER))
    else:
        pieces += [chunk({field: text}, after_s=content_s / len(content), role=Role.ANSWER) for text in content]
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
