"""The errors of Anthropic in its own words, and the headers of all its answers.

Sources: https://platform.claude.com/docs/en/api/errors, https://platform.claude.com/docs/en/api/rate-limits
"""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.fields import JsonObject
from ...calls.reply import Headers, HttpReply, Piece, RejectedError, named_event, whole
from ...calls.vendor import Vendor

#: What nobody enforces must not slow anybody down who heeds it.
LIMITS = (
    ("requests", 1_000_000),
    ("input-tokens", 800_000_000),
    ("output-tokens", 200_000_000),
    ("tokens", 1_000_000_000),
)


def request_headers(call: ApiCall) -> Headers:
    """Headers that every answer of this vendor carries."""
    return (
        ("request-id", call.id("req_011C", length=20)),
        ("anthropic-organization-id", "00000000-0000-4000-8000-000000000000"),
    )


def ok(call: ApiCall, body: object, *, after_s: float = 0.0) -> HttpReply:
    """A 200 with this body."""
    return whole(200, body, request_headers(call), after_s=after_s)


def error(
    call: ApiCall, status: int, kind: str, message: str, headers: Headers = (), *, details: JsonObject | None = None
) -> HttpReply:
    """An error body: `{"type":"error","error":{"type","message"},"request_id"}`."""
    body: JsonObject = {"type": kind, "message": message}
    if details is not None:
        body["details"] = details
    request_id = request_headers(call)[0][1]
    return whole(status, {"type": "error", "error": body, "request_id": request_id}, (*request_headers(call), *headers))


def invalid(call: ApiCall, message: str) -> RejectedError:
    """A 400 that no retry helps."""
    return RejectedError(error(call, 400, "invalid_request_error", message, (("x-should-retry", "false"),)))


def unknown(call: ApiCall, message: str) -> HttpReply:
    """The 404 of an unknown path or model."""
    return error(call, 404, "not_found_error", message, (("x-should-retry", "false"),))


def rate_limit_headers(call: ApiCall, *, spent: bool = False) -> Headers:
    """What every message says of limits."""
    reset = f"2026-11-21T00:01:{call.number % 60:02d}Z"
    headers: list[tuple[str, str]] = []
    for bucket, limit in LIMITS:
        left = 0 if spent and bucket == "requests" else limit - 1 if bucket == "requests" else limit
        headers += [
            (f"anthropic-ratelimit-{bucket}-limit", str(limit)),
            (f"anthropic-ratelimit-{bucket}-remaining", str(left)),
            (f"anthropic-ratelimit-{bucket}-reset", reset),
        ]
    return tuple(headers)


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit":
            headers = (*rate_limit_headers(call, spent=True), ("retry-after", str(call.whole_retry_after_s)))
            text = "This request would exceed your organization’s rate limit of 50 requests per minute."
            return error(call, 429, "rate_limit_error", text, (*headers, ("x-should-retry", "true")))
        case "quota":
            details: JsonObject = {"error_code": "enforced_spend_limit_reached"}
            text = "You have reached your specified API usage limits. You will regain access next month."
            headers = (*rate_limit_headers(call), ("x-should-retry", "false"))
            return error(call, 429, "rate_limit_error", text, headers, details=details)
        case "overloaded":
            return error(call, 529, "overloaded_error", "Overloaded", (("x-should-retry", "true"),))
        case _:
            return error(call, 500, "api_error", "Internal server error", (("x-should-retry", "true"),))


def broken_off(call: ApiCall, sent: int) -> tuple[Piece, ...]:
    """What ends a stream when the vendor runs out of capacity after `sent` events."""
    body: JsonObject = {"details": None, "type": "overloaded_error", "message": "Overloaded"}
    request_id = request_headers(call)[0][1]
    return (Piece(named_event("error", {"type": "error", "error": body, "request_id": request_id})),)


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return unknown(call, f"Not found: {call.request.method} {call.request.path}")


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    text = "The request body is not valid JSON: unexpected end of data"
    return error(call, 400, "invalid_request_error", text, (("x-should-retry", "false"),))


ANTHROPIC = Vendor("anthropic", failure, broken_off, not_found, bad_json)
