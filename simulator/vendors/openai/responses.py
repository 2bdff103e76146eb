"""OpenAI Responses: `POST /v1/responses`, whole and as server-sent events.

Sources: https://developers.openai.com/api/docs/api-reference/responses/create,
https://developers.openai.com/api/docs/api-reference/responses-streaming, https://developers.openai.com/api/docs/guides/reasoning
"""

from __future__ import annotations

from ...answers.texts import REFUSAL
from ...answers.thinking import Dial
from ...answers.turns import SimulatedTurn, take_turn
from ...calls.call import ApiCall
from ...calls.faults import FILLER_MARK
from ...calls.fields import JsonObject, as_int, as_object, as_text, objects, words
from ...calls.functions import FunctionCall, calls_text, function_calls
from ...calls.reply import HttpReply, stream
from ...calls.served_tools import response_items
from ...calls.shapes import shaped_answer
from ...state.caches import Cached
from ...state.prompts import SectionedPrompt
from . import replies, rules
from .models import Gpt
from .replay import Party, Recalled, encrypted, message_id, reasoning_id, recall
from .responses_events import Script, events
from .responses_rules import (
    FIELDS,
    check_options,
    check_sampling,
    compaction_threshold,
    includes_ciphertext,
    reasoning_options,
)
from .schema_rules import check_format

COUNTED_FIELDS = words(
    "model conversation input instructions parallel_tool_calls personality previous_response_id reasoning text "
    "tool_choice tools truncation"
)
COMPACTED_FIELDS = words("model input instructions previous_response_id prompt_cache_key")
COMPACTED_TOKENS = 120
"""What a compacted conversation weighs, whatever its length."""
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
    party = _party(model, reasoning)
    recalled = recall(call, party)
    turn = take_turn(
        recalled.prompt.text,
        Dial("none" if call.refused else str(reasoning["effort"] or "none")),
        key=(call.seed, "openai", model.id),
        speed=rules.SPEED,
        output_limit=limit,
        forced_answer=_forced(call, recalled, model.id),
        thinking_share=PRO_MODE_SHARE if reasoning.get("mode") == "pro" else 1.0,
    )
    return answer_as(call, script_of(call, model, turn, reasoning, recalled, party))


def _forced(call: ApiCall, recalled: Recalled, model: str) -> str | None:
    """What is said whatever was asked; None where the model says what it will."""
    check_format(call, (as_object(call.body.get("text")) or {}).get("format"), "text.format", recalled.prompt.text)
    if "huge_event" in call.faults:
        return FILLER_MARK
    return (
        REFUSAL
        if call.refused
        else calls_text(call) or shaped_answer(call.body, recalled.prompt.text, call.seed, model)
    )


def compact(call: ApiCall) -> HttpReply:
    """The user's messages, and one item that stands for all the rest."""
    rules.check_key(call)
    rules.check_fields(call, COMPACTED_FIELDS, ("model",))
    model = rules.check_model(call)
    party = Party("openai", model.id, replies.invalid)
    body = compacted(call, party, recall(call, party))
    cached = rules.use_cache(call, model, recall(call, party).prompt)
    return replies.ok(call, body | {"usage": _counted(as_object(body["usage"]) or {}, cached)})


def input_tokens(call: ApiCall) -> HttpReply:
    """How many input tokens a response would be charged for, after the checks that creating it would make."""
    rules.check_key(call)
    rules.check_fields(call, COUNTED_FIELDS, ("model",))
    model = rules.check_model(call)
    reasoning = reasoning_options(call, model)
    check_options(call)
    check_sampling(call, reasoning["effort"])
    size = recall(call, _party(model, reasoning)).prompt.size
    body: JsonObject = {"object": "response.input_tokens", "input_tokens": size}
    return replies.ok(call, body)


def answer_as(call: ApiCall, script: Script) -> HttpReply:
    """The response of a script, or the stream of it."""
    turn = script.turn
    if call.streams:
        return stream(events(script), replies.request_headers(call))
    return replies.ok(call, script.finished, after_s=turn.total_s)


def script_of(
    call: ApiCall,
    model: Gpt,
    turn: SimulatedTurn,
    reasoning: JsonObject,
    recalled: Recalled,
    party: Party,
    *,
    sealed: bool = False,
) -> Script:
    """Everything about a response to a request that is in order. `sealed`: ciphertext comes unasked."""
    said = "".join(turn.fragments(filtered=call.filtered))
    reason = "content_filter" if call.filtered else "max_output_tokens" if turn.cut else None
    summary = (
        tuple(f"**{passage.heading}**\n\n{passage.text}" for passage in turn.summary) if reasoning["summary"] else ()
    )
    told: JsonObject = {"input_transformations": list(recalled.changes)} if recalled.changes else {}
    sealed = sealed or includes_ciphertext(call)
    thought = _reasoning_item(call, party, summary, turn, sealed=sealed) if turn.thinking_tokens else None
    message = _message_item(call, model, said, reason, after_reasoning=thought is not None) if said else None
    threshold = compaction_threshold(call)
    compaction = compaction_item(call, party) if threshold is not None and recalled.prompt.size >= threshold else None
    calls = () if turn.cut else function_calls(call)
    message = None if calls else message
    served = (*response_items(call), *(_call_item(call, one) for one in calls))
    started = _response(call, model, reasoning) | told
    finished = started | {
        "status": "incomplete" if reason else "completed",
        "completed_at": None if reason else call.created_s + round(turn.total_s),
        "incomplete_details": {"reason": reason} if reason else None,
        "output": [item for item in (compaction, thought, *served, message) if item is not None],
        "service_tier": "default",
        "usage": _usage(call, model, turn, recalled.prompt),
    }
    padded = (as_object(call.body.get("stream_options")) or {}).get("include_obfuscation") is not False
    return Script(started, finished, compaction, thought, message, summary, said, call.refused, padded, turn, served)


def _call_item(call: ApiCall, made: FunctionCall) -> JsonObject:
    """A call of a function as an item of its own."""
    return {
        "id": call.id("fc_", str(made.at), length=48),
        "type": "function_call",
        "status": "completed",
        "call_id": call.id("call_", str(made.at), length=24),
        "name": made.name,
        "arguments": made.written,
    }


def compaction_item(call: ApiCall, party: Party) -> JsonObject:
    """One opaque item that stands for everything before it."""
    content = encrypted(call, party, "compaction", COMPACTED_TOKENS)
    return {"id": call.id("cmp_", length=48), "type": "compaction", "encrypted_content": content}


def compacted(call: ApiCall, party: Party, recalled: Recalled) -> JsonObject:
    """The body of a compaction: what the user said in full, then the item; what it cost."""
    items = objects(call.body.get("input")) or [{"role": "user", "content": as_text(call.body.get("input"))}]
    asked = [item for item in items if item.get("role") == "user"]
    return {
        "id": call.id("resp_", length=48),
        "object": "response.compaction",
        "created_at": call.created_s,
        "output": [*asked, compaction_item(call, party)],
        "usage": {
            "input_tokens": recalled.prompt.size,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": COMPACTED_TOKENS,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": recalled.prompt.size + COMPACTED_TOKENS,
        },
    }


def _party(model: Gpt, reasoning: JsonObject) -> Party:
    return Party("openai", model.id, replies.invalid, all_turns=reasoning.get("context") == "all_turns")


def _counted(usage: JsonObject, cached: Cached) -> JsonObject:
    return usage | {"input_tokens_details": {"cached_tokens": cached.read, "cache_write_tokens": cached.written}}


def _reasoning_item(
    call: ApiCall, party: Party, summary: tuple[str, ...], turn: SimulatedTurn, *, sealed: bool
) -> JsonObject:
    content = encrypted(call, party, "reasoning", turn.thinking_tokens) if sealed else None
    return {
        "id": reasoning_id(call),
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": text} for text in summary],
        "content": [],
        "encrypted_content": content,
    }


def _message_item(call: ApiCall, model: Gpt, said: str, reason: str | None, *, after_reasoning: bool) -> JsonObject:
    part: JsonObject = {"type": "output_text", "text": said, "annotations": [], "logprobs": []}
    phase: JsonObject = {"phase": "final_answer"} if model.generation >= 5.3 else {}
    return {
        "id": message_id(call, after_reasoning=after_reasoning),
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


def _usage(call: ApiCall, model: Gpt, turn: SimulatedTurn, prompt: SectionedPrompt) -> JsonObject:
    usage: JsonObject = {
        "input_tokens": prompt.size,
        "output_tokens": turn.output_tokens,
        "output_tokens_details": {"reasoning_tokens": turn.thinking_tokens},
        "total_tokens": prompt.size + turn.output_tokens,
    }
    return _counted(usage, rules.use_cache(call, model, prompt))
