"""The errors of Mistral in its own words, and the headers of its answers."""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.fields import JsonObject
from ...calls.reply import Headers, HttpReply, RejectedError, whole
from ...calls.vendor import Vendor
from ...openai_family.chat import broken_off


def request_headers(call: ApiCall) -> Headers:
    """Headers that every answer of this vendor carries."""
    return (("mistral-correlation-id", call.id("", length=32)),)


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


def invalid(
    call: ApiCall, message: str, param: str | None = None, code: str | None = None, *, status: int = 400
) -> RejectedError:
    """A refusal that no retry helps."""
    return RejectedError(error(call, status, message, param=param, code=code))


def invalid_field(name: str, message: str, kind: str) -> RejectedError:
    """The refusal of one field of a body, in the shape of the validator's own errors."""
    body: JsonObject = {"detail": [{"loc": ["body", name], "msg": message, "type": kind}]}
    return RejectedError(whole(422, body))


def missing(name: str) -> RejectedError:
    """The refusal of a body without a field."""
    return invalid_field(name, "Field required", "missing")


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit":
            waits = (("retry-after", str(call.whole_retry_after_s)),)
            return error(call, 429, "Rate limit exceeded", code="1300", kind="rate_limited", headers=waits)
        case "quota":
            return error(call, 402, "Payment required: no credit left", code="1400", kind="payment_required")
        case "overloaded":
            text = "Service tier capacity exceeded for this model."
            return error(call, 429, text, code="3505", kind="service_tier_capacity_exceeded")
        case _:
            return error(call, 500, "Service unavailable.", code="3000", kind="unreachable_backend")


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return whole(404, {"detail": "Not Found"}, request_headers(call))


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return error(call, 400, "Input should be a valid JSON object")


MISTRAL = Vendor("mistral", failure, broken_off, not_found, bad_json)
