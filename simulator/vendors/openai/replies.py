"""The errors of OpenAI in its own words, and the headers of all its answers.

Sources: https://developers.openai.com/api/docs/guides/error-codes, https://developers.openai.com/api/docs/guides/rate-limits
"""

from __future__ import annotations

from collections.abc import Iterable

from ...calls.call import ApiCall
from ...calls.fields import JsonObject
from ...calls.reply import Headers, HttpReply, Piece, RejectedError, data_event, named_event, whole
from ...calls.vendor import Vendor


def request_headers(call: ApiCall, *, spent: bool = False) -> Headers:
    """Headers that every answer of this vendor carries; resets are durations, not moments."""
    return (
        ("x-request-id", call.id("req_", length=32)),
        ("openai-organization", "simulated"),
        ("openai-version", "2020-10-01"),
        ("openai-processing-ms", str(200 + call.number % 100)),
        ("x-ratelimit-limit-requests", "1000000"),
        ("x-ratelimit-limit-tokens", "1000000000"),
        ("x-ratelimit-remaining-requests", "0" if spent else "999999"),
        ("x-ratelimit-remaining-tokens", "999999000"),
        ("x-ratelimit-reset-requests", f"{call.retry_after_s:g}s" if spent else "1ms"),
        ("x-ratelimit-reset-tokens", "1ms"),
    )


def ok(call: ApiCall, body: object, *, after_s: float = 0.0) -> HttpReply:
    """A 200 with this body."""
    return whole(200, body, request_headers(call), after_s=after_s)


def error(
    call: ApiCall,
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
    headers: Headers = (),
) -> HttpReply:
    """An error body: `{"error":{"message","type","param","code"}}`."""
    spent = status == 429
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return whole(status, body, (*request_headers(call, spent=spent), *headers))


def invalid(
    call: ApiCall, message: str, param: str | None = None, code: str | None = None, *, status: int = 400
) -> RejectedError:
    """A refusal that no retry helps."""
    return RejectedError(error(call, status, message, param=param, code=code))


def unsupported_parameter(
    call: ApiCall, param: str, hint: str = "", *, code: str | None = "unsupported_parameter"
) -> RejectedError:
    """The refusal of a parameter that the model does not take at all."""
    return invalid(call, f"Unsupported parameter: '{param}' is not supported with this model.{hint}", param, code)


def quoted(values: Iterable[str]) -> str:
    """Values as the vendor lists them: 'a', 'b', and 'c'."""
    names = [f"'{value}'" for value in values]
    if len(names) < 3:
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit":
            text = f"Rate limit reached for {call.model} on requests per min (RPM): Limit 500, Used 500, Requested 1."
            waits = (
                ("retry-after", str(call.whole_retry_after_s)),
                ("retry-after-ms", str(round(call.retry_after_s * 1000))),
            )
            return error(call, 429, text, kind="requests", code="rate_limit_exceeded", headers=waits)
        case "quota":
            text = (
                "You exceeded your current quota, please check your plan and billing details. For more information on "
                "this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
            )
            return error(call, 429, text, kind="insufficient_quota", code="insufficient_quota")
        case "overloaded":
            text = "The server is currently overloaded. Please try again later."
            return error(call, 503, text, kind="service_unavailable_error", code="server_is_overloaded")
        case _:
            text = "The server had an error while processing your request. Sorry about that!"
            return error(call, 500, text, kind="server_error", code="server_error")


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return error(call, 404, f"Invalid URL ({call.request.method} {call.request.path})")


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return error(call, 400, "We could not parse the JSON body of your request.")


def chat_broken_off(call: ApiCall, sent: int) -> tuple[Piece, ...]:
    """What ends a stream when the vendor runs out of capacity after `sent` chunks of a completion."""
    error = {
        "message": "The server is currently overloaded. Please try again later.",
        "type": "service_unavailable_error",
        "param": None,
        "code": "server_is_overloaded",
    }
    return (Piece(data_event({"error": error})),)


def response_broken_off(call: ApiCall, sent: int) -> tuple[Piece, ...]:
    """What ends a stream when the vendor runs out of capacity after `sent` events: error, then response.failed."""
    text = "The server is currently overloaded. Please try again later."
    error: JsonObject = {
        "type": "service_unavailable_error",
        "code": "server_is_overloaded",
        "message": text,
        "param": None,
    }
    response: JsonObject = {
        "id": call.id("resp_", length=48),
        "object": "response",
        "created_at": call.created_s,
        "status": "failed",
        "error": {"code": "server_is_overloaded", "message": text},
        "incomplete_details": None,
        "model": call.model,
        "output": [],
        "usage": None,
    }
    return (
        Piece(named_event("error", {"type": "error", "sequence_number": sent, "error": error})),
        Piece(
            named_event(
                "response.failed", {"type": "response.failed", "sequence_number": sent + 1, "response": response}
            )
        ),
    )


OPENAI_CHAT = Vendor("openai", failure, chat_broken_off, not_found, bad_json)
OPENAI_RESPONSES = Vendor("openai", failure, response_broken_off, not_found, bad_json)
