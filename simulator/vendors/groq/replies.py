"""The errors of Groq in its own words, and the headers of its answers."""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.fields import JsonObject
from ...calls.reply import Headers, HttpReply, RejectedError, whole
from ...calls.vendor import Vendor
from ...openai_family.chat import broken_off


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


def error(
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
            text = f"Rate limit reached for model `{call.model}` on requests per minute (RPM): Limit 30, Used 30."
            return error(call, 429, text, code="rate_limit_exceeded", kind="requests", headers=waits)
        case "quota":
            return error(call, 400, "Spend limit reached for this organization.", code="blocked_api_access")
        case "overloaded":
            return error(call, 498, "Flex tier capacity exceeded", code="capacity_exceeded", kind="capacity_exceeded")
        case _:
            return error(call, 500, "Internal Server Error", kind="internal_server_error")


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return error(call, 404, f"Unknown request URL: {call.request.method} {call.request.path}", code="unknown_url")


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return error(call, 400, "could not parse JSON body")


GROQ = Vendor("groq", failure, broken_off, not_found, bad_json)
