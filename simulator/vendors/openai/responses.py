"""OpenAI Responses: `POST /v1/responses`, whole and as server-sent events.

Sources: https://developers.openai.com/api/docs/api-reference/responses/create,
https://developers.openai.com/api/docs/api-reference/responses-streaming, https://developers.openai.com/api/docs/guides/reasoning
"""

from __future__ import annotations

from ...answers.texts import REFUSAL
from ...answers.thinking import Dial
from ...answers.turns import SimulatedTurn, take_turn
from ...answers.turns import input_tokens as count
from ...calls.call import ApiCall
from ...calls.faults import FILLER_MARK
from ...calls.fields import JsonObject, as_int, as_object, words
from ...calls.reply import HttpReply, stream
from . import replies, rules
from .models import Gpt
from .responses_events import Script, events
from .responses_rules import ENCRYPTED_MARK, FIELDS, check_options, check_sampling, prompt_of, reasoning_options

COUNTED_FIELDS = words(
    "model conversation input instructions parallel_tool_calls personality previous_response_id reasoning text "
    "tool_choice tools truncation"
)
LEAST_OUTPUT_TOKENS = 16
PRO_MODE_SHARE = 3.0


def answer(call: ApiCall) -> HttpReply:
    """A response, or the stream of one."""
    rules.check_key(call)
    rules.check_fields(call, FIELDS, ("model",))
    model = rules.check_model(call)
    reasoning = reasoning_options(call, model)
    limit = rules.check_limit(call, model, "max_output_tokens", LEAST_OUTPUT_TOKENS)
    check_sampling(call, reasoning["effort"])
    check_options(call)
    prompt = prompt_of(call)
    turn = take_turn(
        prompt,
        Dial("none" if call.refused else str(reasoning["effort"] or "none")),
        key=(call.seed, "openai", model.id),
        speed=rules.SPEED,
        output_limit=limit,
        forced_answer=FILLER_MARK if "huge_event" in call.faults else REFUSAL if call.refused else None,
        thinking_share=PRO_MODE_SHARE if reasoning.get("mode") == "pro" else 1.0,
    )
    return answer_as(call, script_of(call, model, turn, reasoning, prompt))


def input_tokens(call: ApiCall) -> HttpReply:
    """How many input tokens a response would be charged for, after the checks that creating it would make."""
    rules.check_key(call)
    rules.check_fields(call, COUNTED_FIELDS, ("model",))
    model = rules.check_model(call)
    reasoning = reasoning_options(call, model)
    check_options(call)
    check_sampling(call, reasoning["effort"])
    body: JsonObject = {"object": "response.input_tokens", "input_tokens": count(prompt_of(call))}
    return replies.ok(call, body)


def answer_as(call: ApiCall, script: Script) -> HttpReply:
    """The response of a script, or the stream of it."""
    turn = script.turn
    if call.streams:
        return stream(events(script), replies.request_headers(call))
    return replies.ok(call, script.finished, after_s=turn.total_s)


def script_of(call: ApiCall, model: Gpt, turn: SimulatedTurn, reasoning: JsonObject, prompt: str) -> Script:
    """Everything about a response to a request that is in order."""
    said = "".join(turn.fragments(filtered=call.filtered))
    reason = "content_filter" if call.filtered else "max_output_tokens" if turn.cut else None
    summary = (
        tuple(f"**{passage.heading}**\n\n{passage.text}" for passage in turn.summary) if reasoning["summary"] else ()
    )
    thought = _reasoning_item(call, model, summary) if turn.thinking_tokens else None
    message = _message_item(call, model, said, reason) if said else None
    started = _response(call, model, reasoning)
    finished = started | {
        "status": "incomplete" if reason else "completed",
        "completed_at": None if reason else call.created_s + round(turn.total_s),
        "incomplete_details": {"reason": reason} if reason else None,
        "output": [item for item in (thought, message) if item is not None],
        "service_tier": "default",
        "usage": _usage(call, model, turn, prompt),
    }
    padded = (as_object(call.body.get("stream_options")) or {}).get("include_obfuscation") is not False
    return Script(started, finished, thought, message, summary, said, call.refused, padded, turn)


def _reasoning_item(call: ApiCall, model: Gpt, summary: tuple[str, ...]) -> JsonObject:
    return {
        "id": call.id("rs_", length=48),
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": text} for text in summary],
        "content": [],
        "encrypted_content": ENCRYPTED_MARK + call.id("", model.id, "thought", length=64),
    }


def _message_item(call: ApiCall, model: Gpt, said: str, reason: str | None) -> JsonObject:
    part: JsonObject = {"type": "output_text", "text": said, "annotations": [], "logprobs": []}
    phase: JsonObject = {"phase": "final_answer"} if model.generation >= 5.3 else {}
    return {
        "id": call.id("msg_", length=48),
        "type": "message",
        "role": "assistant",
        "status": "incomplete" if reason else "completed",
        "content": [{"type": "refusal", "refusal": said} if call.refused else part],
        **phase,
    }


def _response(call: ApiCall, model: Gpt, reasoning: JsonObject) -> JsonObject:
    """The response object before any output: status in_progress, usage null."""
    body = call.body
    text = as_object(body.get("text")) or {}
    return {
        "id": call.id("resp_", length=48),
        "object": "response",
        "created_at": call.created_s,
        "status": "in_progress",
        "background": body.get("background") is True,
        "billing": {"payer": "developer"},
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": as_int(body.get("max_output_tokens")),
        "max_tool_calls": None,
        "model": model.snapshot or model.id,
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": body.get("prompt_cache_key"),
        "reasoning": reasoning,
        "safety_identifier": None,
        "service_tier": body.get("service_tier") or "auto",
        "store": body.get("store") is not False,
        "temperature": 1.0 if body.get("temperature") is None else body["temperature"],
        "text": {"format": text.get("format") or {"type": "text"}, "verbosity": text.get("verbosity") or "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0 if body.get("top_p") is None else body["top_p"],
        "truncation": "disabled",
        "usage": None,
        "user": None,
        "metadata": as_object(body.get("metadata")) or {},
    }


def _usage(call: ApiCall, model: Gpt, turn: SimulatedTurn, prompt: str) -> JsonObject:
    size, read, written = rules.cached_tokens(call, model, prompt)
    return {
        "input_tokens": size,
        "input_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
        "output_tokens": turn.output_tokens,
        "output_tokens_details": {"reasoning_tokens": turn.thinking_tokens},
        "total_tokens": size + turn.output_tokens,
    }
