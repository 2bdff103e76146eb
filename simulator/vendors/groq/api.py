"""Groq: `POST /openai/v1/chat/completions`; reasoning in a field or in tags, times of the run in the usage.

Sources: https://console.groq.com/docs/reasoning, https://console.groq.com/docs/api-reference
"""

from __future__ import annotations

from dataclasses import replace

from ...answers.thinking import OFF, Dial
from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import JsonObject, as_text, objects
from ...calls.replies import Headers, HttpReply, RejectedError, whole
from ...openai_family.chat import answer_as, broken_off
from ...openai_family.chat_request import read_request
from ...openai_family.hosted_model import HostedModel
from ...openai_family.styles import Style
from .models import find_groq

__all__ = [
    "answer",
    "bad_json",
    "broken_off",
    "check_key",
    "failure",
    "not_found",
    "refusal",
    "request_headers",
    "window_s",
]

FORMATS = ("hidden", "raw", "parsed")


def answer(call: ApiCall) -> HttpReply:
    """A completion, or the stream of one."""
    check_key(call)
    model = check_model(call)
    dial = _dial(call, model)
    shown_as = _format(call, model)
    if call.body.get("n") not in (None, 1):
        raise RejectedError(refusal(call, 400, "'n' : number must be at most 1", param="n"))
    for place, message in enumerate(objects(call.body.get("messages"))):
        if "reasoning_content" in message:
            text = f"'messages.{place}' : property 'reasoning_content' is unsupported"
            raise RejectedError(refusal(call, 400, text))
    asked = read_request(call)
    if isinstance(asked, str):
        raise RejectedError(refusal(call, 400, "'messages' : property 'messages' is missing", param="messages"))
    style = Style(field_names=("reasoning",), x_groq=True, bill=_seconds)
    if shown_as == "raw":
        style = replace(style, field_names=(), opens=True, closes=True)
    asked = replace(asked, dial=dial, hidden=shown_as == "hidden")
    return answer_as(call, style, asked, vendor="groq", headers=request_headers(call))


def request_headers(call: ApiCall) -> Headers:
    """Headers that every answer of this vendor carries."""
    return (
        ("x-request-id", call.id("req_", length=26)),
        ("x-ratelimit-limit-requests", "86400000"),
        ("x-ratelimit-remaining-requests", "86399999"),
        ("x-ratelimit-reset-requests", "1ms"),
        ("x-ratelimit-limit-tokens", "1000000000"),
        ("x-ratelimit-remaining-tokens", "999999000"),
        ("x-ratelimit-reset-tokens", "1ms"),
    )


def refusal(
    call: ApiCall,
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    kind: str = "invalid_request_error",
    headers: Headers = (),
) -> HttpReply:
    """An error body: `{"error":{"message","type","code"}}`, the code and the parameter only where there is one."""
    body: JsonObject = {"message": message, "type": kind}
    if code is not None:
        body["code"] = code
    if param is not None:
        body["param"] = param
    return whole(status, {"error": body}, (*request_headers(call), *headers))


def check_key(call: ApiCall) -> None:
    """Refuse a request without a key, or with a wrong one."""
    if not call.bearer or call.bearer == WRONG_KEY:
        raise RejectedError(refusal(call, 401, "Invalid API Key", code="invalid_api_key"))


def check_model(call: ApiCall) -> HostedModel:
    """The model, unless it is unknown or retired."""
    model = find_groq(call.model)
    if model is None:
        text = f"The model `{call.model}` does not exist or you do not have access to it."
        raise RejectedError(refusal(call, 404, text, code="model_not_found"))
    return model


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit":
            waits = (("retry-after", str(call.whole_retry_after_s)),)
            text = f"Rate limit reached for model `{call.model}` on requests per minute (RPM): Limit 30, Used 30."
            return refusal(call, 429, text, code="rate_limit_exceeded", kind="requests", headers=waits)
        case "quota":
            return refusal(call, 400, "Spend limit reached for this organization.", code="blocked_api_access")
        case "overloaded":
            return refusal(call, 498, "Flex tier capacity exceeded", code="capacity_exceeded", kind="capacity_exceeded")
        case _:
            return refusal(call, 500, "Internal Server Error", kind="internal_server_error")


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return refusal(call, 404, f"Unknown request URL: {call.request.method} {call.request.path}", code="unknown_url")


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return refusal(call, 400, "could not parse JSON body")


def window_s(text: str) -> int | None:
    """The seconds of a completion window: from a day to a week."""
    number = text[:-1]
    if not number.isdecimal() or text[-1:] not in ("h", "d"):
        return None
    seconds = int(number) * (3600 if text.endswith("h") else 86_400)
    return seconds if 86_400 <= seconds <= 7 * 86_400 else None


def _seconds(size: int, thinking: int, said: int) -> JsonObject:
    prompt_s, completion_s = size / 10_000, (thinking + said) / 500
    times: JsonObject = {"queue_time": 0.01, "prompt_time": prompt_s, "completion_time": completion_s}
    return times | {"total_time": prompt_s + completion_s}


def _format(call: ApiCall, model: HostedModel) -> str:
    """How the thought is shown: hidden, raw (in tags) or parsed (in a field)."""
    given = call.body.get("reasoning_format")
    if given is not None and "include_reasoning" in call.body:
        text = "cannot specify both reasoning_format and include_reasoning"
        raise RejectedError(refusal(call, 400, text, param="reasoning_format"))
    if given is not None and given not in FORMATS:
        raise RejectedError(refusal(call, 400, "'reasoning_format' : value must be one of 'hidden', 'raw', 'parsed'"))
    structured = bool(call.body.get("tools")) or call.body.get("response_format") is not None
    if given == "raw" and structured:
        raise RejectedError(refusal(call, 400, "reasoning_format raw is not supported with tools or JSON mode"))
    if call.body.get("include_reasoning") is False:
        return "hidden"
    return str(given) if given is not None else "raw" if model.tagged and not structured else "parsed"


def _dial(call: ApiCall, model: HostedModel) -> Dial:
    effort = call.body.get("reasoning_effort")
    if effort is None:
        return OFF if model.default == "none" else Dial(model.default)
    if not model.efforts:
        raise RejectedError(refusal(call, 400, "`reasoning_effort` is not supported with this model"))
    if as_text(effort) not in model.efforts:
        listed = ", ".join(f"`{level}`" for level in model.efforts)
        raise RejectedError(refusal(call, 400, f"`reasoning_effort` must be one of {listed}", param="reasoning_effort"))
    return OFF if effort == "none" else Dial(model.default if effort == "default" else str(effort))
