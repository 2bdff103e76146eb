"""xAI: `POST /v1/responses` and `POST /v1/chat/completions`, which count reasoning differently, and bill in ticks.

Sources: https://docs.x.ai/docs/api-reference, https://docs.x.ai/docs/guides/reasoning
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ...answers.thinking import OFF
from ...answers.turns import Speed, take_turn
from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_int, as_object
from ...calls.functions import calls_text
from ...calls.reply import HttpReply, RejectedError
from ...calls.served_tools import types_asked, uses
from ...calls.shapes import shaped_answer
from ...openai_family.chat import answer_as
from ...openai_family.chat_request import read_request
from ...openai_family.hosted_model import HostedModel
from ...openai_family.styles import ChatStyle
from ...state.caches import CacheTerms
from ..openai import responses as openai_responses
from ..openai.models import Gpt
from ..openai.replay import Party, recall
from . import replies, rules

SPEED = Speed(first_s=0.7, thinking_per_s=120.0, answer_per_s=90.0)
SEALS_UNASKED = "grok-4.7"
UNSUPPORTED = ("background", "metadata", "truncation")
TOOLS, TICKS_FOR_TOOL = ("web_search", "x_search", "code_interpreter"), 50_000_000
REFUSED_WHILE_REASONING = ("presence_penalty", "frequency_penalty", "stop")


def chat(call: ApiCall) -> HttpReply:
    """A completion, or the stream of one: the reasoning is shown, and counted beside the completion."""
    rules.check_key(call)
    rules.check_fields(call, "messages")
    model = rules.check_model(call)
    dial = rules.dial_of(call, model, call.body.get("reasoning_effort"))
    for name in REFUSED_WHILE_REASONING:
        if dial != OFF and call.body.get(name) is not None:
            text = f"Model {model.id} does not support parameter {name}."
            raise replies.invalid(call, text)
    asked = read_request(call)
    if isinstance(asked, str):
        raise replies.invalid(call, "Failed to deserialize the JSON body: missing field `messages`", status=422)
    style = ChatStyle(
        field_names=("reasoning_content",),
        additive=True,
        bill=_bill_of(model),
        limit_covers_thinking=False,
        caches=CacheTerms(),
    )
    return answer_as(call, style, replace(asked, dial=dial), vendor="xai", headers=replies.request_headers(call))


def responses(call: ApiCall) -> HttpReply:
    """A response, or the stream of one: the reasoning is summarized, and counted inside the output."""
    rules.check_key(call)
    rules.check_fields(call, "input")
    model = rules.check_model(call)
    for name in UNSUPPORTED:
        if call.body.get(name) is not None:
            text = f"Argument not supported: {name}"
            raise replies.invalid(call, text)
    reasoning = as_object(call.body.get("reasoning"))
    effort = reasoning.get("effort") if reasoning is not None else call.body.get("reasoning_effort")
    dial = rules.dial_of(call, model, effort)
    party = Party("xai", model.id, _refusal)
    recalled = recall(call, party)
    if not recalled.prompt.text.strip():
        raise replies.invalid(call, "Failed to deserialize the JSON body: `input` is empty", status=422)
    turn = take_turn(
        recalled.prompt.text,
        dial,
        key=(call.seed, "xai", model.id),
        speed=SPEED,
        output_limit=as_int(call.body.get("max_output_tokens")),
        forced_answer=calls_text(call) or shaped_answer(call.body, recalled.prompt.text, call.seed, model.id),
        limit_covers_thinking=False,
    )
    options: JsonObject = {"effort": dial.level, "summary": "detailed"}
    script = openai_responses.script_of(
        call, _as_gpt(model), turn, options, recalled, party, sealed=model.id == SEALS_UNASKED
    )
    usage = as_object(script.finished["usage"]) or {}
    details = as_object(usage.get("input_tokens_details")) or {}
    size, cached = as_int(usage.get("input_tokens")) or 0, as_int(details.get("cached_tokens")) or 0
    billed = _bill_of(model)(size, cached, turn.thinking_tokens, turn.answer_tokens)
    ran = [tool for tool in types_asked(call) if tool in TOOLS]
    counts: JsonObject = {f"{tool}_calls": uses(call, tool) for tool in ran}
    if ran:
        fees = sum(uses(call, tool) for tool in ran) * TICKS_FOR_TOOL
        billed["cost_in_usd_ticks"] = (as_int(billed["cost_in_usd_ticks"]) or 0) + fees
        billed["server_side_tool_usage_details"] = counts
    script = replace(script, finished=script.finished | {"usage": usage | billed})
    return openai_responses.answer_as(call, script)


def compact(call: ApiCall) -> HttpReply:
    """One opaque item that stands for the whole conversation."""
    rules.check_key(call)
    rules.check_fields(call, "input")
    model = rules.check_model(call)
    party = Party("xai", model.id, _refusal)
    body = openai_responses.compacted(call, party, recall(call, party))
    counted = as_object(body["usage"]) or {}
    billed = _bill_of(model)(as_int(counted.get("input_tokens")) or 0, 0, 0, openai_responses.COMPACTED_TOKENS)
    item = openai_responses.compaction_item(call, party)
    return replies.ok(call, body | {"output": [item], "usage": counted | billed})


def _as_gpt(model: HostedModel) -> Gpt:
    return Gpt(model.id, model.efforts, model.default, 4.0)


def _refusal(
    call: ApiCall, message: str, param: str | None = None, code: str | None = None, *, status: int = 400
) -> RejectedError:
    return replies.invalid(call, message, param, None, status=status)


def _bill_of(model: HostedModel) -> Callable[[int, int, int, int], JsonObject]:
    def bill(size: int, cached: int, thinking: int, said: int) -> JsonObject:
        # What came from the cache costs a quarter. Source: https://docs.x.ai/developers/pricing
        ticks = size * model.input_ticks - cached * model.input_ticks * 3 // 4
        ticks += (thinking + said) * model.output_ticks
        return {"cost_in_usd_ticks": ticks, "num_sources_used": 0}

    return bill
