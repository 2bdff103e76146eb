"""xAI: `POST /v1/responses` and `POST /v1/chat/completions`, which count reasoning differently, and bill in ticks.

Sources: https://docs.x.ai/docs/api-reference, https://docs.x.ai/docs/guides/reasoning
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...answers.thinking import OFF, Dial
from ...answers.turns import Speed, take_turn
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import JsonObject, as_int, as_object, as_text, joined_text, objects
from ...calls.replies import Headers, HttpReply, RejectedError, whole
from ...openai_family.chat import answer_as, broken_off
from ...openai_family.chat_request import read_request
from ...openai_family.hosted_model import HostedModel
from ...openai_family.styles import Style
from ..openai import responses as openai_responses
from ..openai.models import Gpt
from .models import find_grok

__all__ = [
    "bad_json",
    "broken_off",
    "chat",
    "check_key",
    "failure",
    "not_found",
    "refusal",
    "request_headers",
    "responses",
]

SPEED = Speed(first_s=0.7, thinking_per_s=120.0, answer_per_s=90.0)
UNSUPPORTED = ("background", "metadata", "truncation")
REFUSED_WHILE_REASONING = ("presence_penalty", "frequency_penalty", "stop")


def chat(call: ApiCall) -> HttpReply:
    """A completion, or the stream of one: the reasoning is shown, and counted beside the completion."""
    check_key(call)
    _required(call, "messages")
    model = check_model(call)
    dial = _dial(call, model, call.body.get("reasoning_effort"))
    for name in REFUSED_WHILE_REASONING:
        if dial != OFF and call.body.get(name) is not None:
            text = f"Model {model.id} does not support parameter {name}."
            raise RejectedError(refusal(call, 400, text, code="invalid-argument"))
    asked = read_request(call)
    if isinstance(asked, str):
        raise RejectedError(refusal(call, 422, "Failed to deserialize the JSON body: missing field `messages`"))
    style = Style(field_names=("reasoning_content",), additive=True, bill=_bill_of(model), limit_covers_thinking=False)
    return answer_as(call, style, replace(asked, dial=dial), vendor="xai", headers=request_headers(call))


def responses(call: ApiCall) -> HttpReply:
    """A response, or the stream of one: the reasoning is summarized, and counted inside the output."""
    check_key(call)
    _required(call, "input")
    model = check_model(call)
    for name in UNSUPPORTED:
        if call.body.get(name) is not None:
            text = f"Argument not supported: {name}"
            raise RejectedError(refusal(call, 400, text, code="invalid-argument"))
    reasoning = as_object(call.body.get("reasoning"))
    effort = reasoning.get("effort") if reasoning is not None else call.body.get("reasoning_effort")
    dial = _dial(call, model, effort)
    given = call.body["input"]
    texts = [given] if isinstance(given, str) else [joined_text(item.get("content")) for item in objects(given)]
    prompt = "\n".join([joined_text(call.body.get("instructions")), *texts])
    if not prompt.strip():
        raise RejectedError(refusal(call, 422, "Failed to deserialize the JSON body: `input` is empty"))
    turn = take_turn(
        prompt,
        dial,
        key=(call.seed, "xai", model.id),
        speed=SPEED,
        output_limit=as_int(call.body.get("max_output_tokens")),
        limit_covers_thinking=False,
    )
    options: JsonObject = {"effort": dial.level, "summary": "detailed"}
    script = openai_responses.script_of(call, Gpt(model.id, model.efforts, model.default, 4.0), turn, options, prompt)
    usage = as_object(script.finished["usage"]) or {}
    billed = _bill_of(model)(as_int(usage.get("input_tokens")) or 0, turn.thinking_tokens, turn.answer_tokens)
    script = replace(script, finished=script.finished | {"usage": usage | billed})
    return openai_responses.answer_as(call, script)


def request_headers(call: ApiCall) -> Headers:
    """Headers that every answer of this vendor carries."""
    return (("x-request-id", call.id("", length=32)),)


def refusal(
    call: ApiCall,
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    headers: Headers = (),
) -> HttpReply:
    """An error body, in the flat shape: `{"code","error"}`."""
    body: JsonObject = {"code": code or "invalid-argument", "error": message}
    return whole(status, body, (*request_headers(call), *headers))


def check_key(call: ApiCall) -> None:
    """Refuse a request without a key (401), or with a wrong one, which is a 400 here."""
    if not call.bearer:
        raise RejectedError(refusal(call, 401, "No API key provided.", code="unauthenticated"))
    if call.bearer == WRONG_KEY:
        text = "Incorrect API key provided. You can obtain an API key from https://console.x.ai."
        raise RejectedError(refusal(call, 400, text, code="invalid-argument"))


def check_model(call: ApiCall) -> HostedModel:
    """The model, unless it is unknown or retired."""
    model = find_grok(call.model)
    if model is None:
        text = f"The model {call.model} does not exist or your team does not have access to it."
        raise RejectedError(refusal(call, 404, text, code="not-found"))
    return model


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit":
            waits = (("retry-after", str(call.whole_retry_after_s)),)
            text = f"Too many requests for team and model {call.model}."
            return refusal(call, 429, text, code="resource-exhausted", headers=waits)
        case "quota":
            text = "Your team has used all available credits or reached its monthly spending limit."
            return refusal(call, 403, text, code="permission-denied")
        case "overloaded":
            return refusal(call, 529, "The model is overloaded.", code="unavailable")
        case _:
            return refusal(call, 500, "Internal error.", code="internal")


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return refusal(call, 404, f"Not found: {call.request.method} {call.request.path}", code="not-found")


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return refusal(call, 400, "Failed to parse the request body as JSON")


def _required(call: ApiCall, name: str) -> None:
    for field in ("model", name):
        if field not in call.body:
            text = f"Failed to deserialize the JSON body into the target type: missing field `{field}`"
            raise RejectedError(refusal(call, 422, text))


def _dial(call: ApiCall, model: HostedModel, effort: object) -> Dial:
    if effort is None:
        return OFF if model.default == "none" else Dial(model.default)
    if as_text(effort) not in model.efforts:
        name = "does not support parameter reasoningEffort."
        if model.efforts:
            name = f"does not support reasoning effort {effort}. Supported: {', '.join(model.efforts)}."
        raise RejectedError(refusal(call, 400, f"Model {model.id} {name}", code="invalid-argument"))
    if effort == "xhigh" and model.id == "grok-4.5":
        return Dial("high")
    return OFF if effort == "none" else Dial(str(effort))


def _bill_of(model: HostedModel) -> Callable[[int, int, int], JsonObject]:
    def bill(size: int, thinking: int, said: int) -> JsonObject:
        ticks = size * model.input_ticks + (thinking + said) * model.output_ticks
        return {"cost_in_usd_ticks": ticks, "num_sources_used": 0}

    return bill
