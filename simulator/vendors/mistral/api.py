"""Mistral: `POST /v1/chat/completions`, the thought in chunks of the content; `POST /v1/responses/input_tokens`.

Sources: https://docs.mistral.ai/api/endpoint/chat, https://docs.mistral.ai/studio/conversations/reasoning
"""

from __future__ import annotations

from dataclasses import replace

from ...answers.thinking import OFF, Dial
from ...answers.turns import input_tokens as count
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import JsonObject, as_text, joined_text, objects, words
from ...calls.replies import Headers, HttpReply, RejectedError, whole
from ...openai_family.chat import answer_as, broken_off
from ...openai_family.chat_request import read_request
from ...openai_family.hosted_model import HostedModel
from ...openai_family.styles import Style
from .models import find_mistral

__all__ = [
    "answer",
    "bad_json",
    "broken_off",
    "check_key",
    "check_model",
    "failure",
    "input_tokens",
    "missing",
    "not_found",
    "refusal",
    "request_headers",
]

STYLE = Style(chunked=True, counts_reasoning=False, always_usage=True)
FIELDS = words(
    "model messages temperature top_p max_tokens stream stop random_seed metadata response_format tools tool_choice "
    "presence_penalty frequency_penalty n prediction parallel_tool_calls reasoning_effort prompt_mode guardrails "
    "prompt_cache_key service_tier safe_prompt"
)


def answer(call: ApiCall) -> HttpReply:
    """A completion, or the stream of one."""
    check_key(call)
    for name in ("model", "messages"):
        if name not in call.body:
            raise RejectedError(_missing(name))
    for name in call.body:
        if name not in FIELDS:
            raise RejectedError(_detail(name, "Extra inputs are not permitted", "extra_forbidden"))
    model = check_model(call)
    if call.body.get("prompt_mode") is not None:
        raise RejectedError(refusal(call, 400, "prompt_mode is not supported for this model"))
    dial = _dial(call, model)
    asked = read_request(call)
    if isinstance(asked, str):
        raise RejectedError(_detail("messages", "List should have at least 1 item after validation", "too_short"))
    return answer_as(call, STYLE, replace(asked, dial=dial), vendor="mistral", headers=request_headers(call))


def input_tokens(call: ApiCall) -> HttpReply:
    """How many input tokens a prompt has."""
    check_key(call)
    for name in ("model", "input"):
        if name not in call.body:
            raise RejectedError(_missing(name))
    check_model(call)
    given = call.body["input"]
    texts = [given] if isinstance(given, str) else [joined_text(item.get("content")) for item in objects(given)]
    instructions = joined_text(call.body.get("instructions"))
    size = count("\n".join([*([instructions] if instructions else []), *texts]))
    return whole(200, {"object": "response.input_tokens", "input_tokens": size}, request_headers(call))


def request_headers(call: ApiCall) -> Headers:
    """Headers that every answer of this vendor carries."""
    return (("mistral-correlation-id", call.id("", length=32)),)


def refusal(
    call: ApiCall,
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    kind: str = "invalid_request_invalid_args",
    headers: Headers = (),
) -> HttpReply:
    """An error body, which is flat; its code is a string of digits."""
    body: JsonObject = {
        "object": "error",
        "message": message,
        "type": kind,
        "param": param,
        "code": code or "3051",
        "raw_status_code": status,
    }
    return whole(status, body, (*request_headers(call), *headers))


def check_key(call: ApiCall) -> None:
    """Refuse a request without a key, or with a wrong one."""
    if not call.bearer or call.bearer == WRONG_KEY:
        raise RejectedError(whole(401, {"detail": "Unauthorized"}, request_headers(call)))


def check_model(call: ApiCall) -> HostedModel:
    """The model, unless it is unknown or retired."""
    model = find_mistral(call.model)
    if model is None:
        raise RejectedError(refusal(call, 400, f"Invalid model: {call.model}", code="1500", kind="invalid_model"))
    return model


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit":
            waits = (("retry-after", str(call.whole_retry_after_s)),)
            return refusal(call, 429, "Rate limit exceeded", code="1300", kind="rate_limited", headers=waits)
        case "quota":
            return refusal(call, 402, "Payment required: no credit left", code="1400", kind="payment_required")
        case "overloaded":
            text = "Service tier capacity exceeded for this model."
            return refusal(call, 429, text, code="3505", kind="service_tier_capacity_exceeded")
        case _:
            return refusal(call, 500, "Service unavailable.", code="3000", kind="unreachable_backend")


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return whole(404, {"detail": "Not Found"}, request_headers(call))


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return refusal(call, 400, "Input should be a valid JSON object")


def missing(name: str) -> RejectedError:
    """The refusal of a body without a field."""
    return RejectedError(_missing(name))


def _missing(name: str) -> HttpReply:
    return _detail(name, "Field required", "missing")


def _detail(name: str, message: str, kind: str) -> HttpReply:
    return whole(422, {"detail": [{"loc": ["body", name], "msg": message, "type": kind}]})


def _dial(call: ApiCall, model: HostedModel) -> Dial:
    effort = call.body.get("reasoning_effort")
    if effort is None:
        return OFF if model.default == "none" else Dial(model.default)
    if not model.efforts:
        raise RejectedError(refusal(call, 400, "reasoning_effort is not enabled for this model"))
    if as_text(effort) not in model.efforts:
        listed = ", ".join(f"'{level}'" for level in model.efforts)
        text = f"reasoning_effort {effort} is not supported for this model, supported values: [{listed}]"
        raise RejectedError(refusal(call, 400, text))
    return OFF if effort == "none" else Dial(str(effort))
