"""The errors of xAI in its own words, and the headers of its answers."""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.fields import JsonObject
from ...calls.reply import Headers, HttpReply, RejectedError, whole
from ...calls.vendor import Vendor
from ...openai_family.chat import broken_off


def request_headers(call: ApiCall) -> Headers:
    """Headers that every answer of this vendor carries."""
    return (("x-request-id", call.id("", length=32)),)


def ok(call: ApiCall, body: object, *, after_s: float = 0.0) -> HttpReply:
    """A 200 with this body."""
    return whole(200, body, request_headers(call), after_s=after_s)


def error(
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


def invalid(
    call: ApiCall, message: str, param: str | None = None, code: str | None = None, *, status: int = 400
) -> RejectedError:
    """A refusal that no retry helps."""
    return RejectedError(error(call, status, message, param=param, code=code))


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit":
            waits = (("retry-after", str(call.whole_retry_after_s)),)
            text = f"Too many requests for team and model {call.model}."
            return error(call, 429, text, code="resource-exhausted", headers=waits)
        case "quota":
            text = "Your team has used all available credits or reached its monthly spending limit."
            return error(call, 403, text, code="permission-denied")
        case "overloaded":
            return error(call, 529, "The model is overloaded.", code="unavailable")
        case _:
            return error(call, 500, "Internal error.", code="internal")


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return error(call, 404, f"Not found: {call.request.method} {call.request.path}", code="not-found")


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return error(call, 400, "Failed to parse the request body as JSON")


XAI = Vendor("xai", failure, broken_off, not_found, bad_json)
