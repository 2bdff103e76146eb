"""The errors of Cohere in its own words.

Source: https://docs.cohere.com/reference/errors
"""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.fields import JsonObject
from ...calls.reply import Headers, HttpReply, Piece, RejectedError, named_event, whole
from ...calls.vendor import Vendor


def request_headers(call: ApiCall) -> Headers:
    """Headers that every answer of this vendor carries."""
    return (("x-debug-trace-id", call.id("", length=32)),)


def ok(call: ApiCall, body: object, *, after_s: float = 0.0) -> HttpReply:
    """A 200 with this body."""
    return whole(200, body, request_headers(call), after_s=after_s)


def error(call: ApiCall, status: int, message: str) -> HttpReply:
    """An error body: an id and a message."""
    return whole(status, {"id": call.id("", length=32), "message": message}, request_headers(call))


def invalid(call: ApiCall, message: str) -> RejectedError:
    """A 400 that no retry helps."""
    return RejectedError(error(call, 400, message))


def unknown_field(call: ApiCall, name: str) -> RejectedError:
    """The refusal of a field that the API does not have."""
    return RejectedError(error(call, 422, f"unknown field: parameter '{name}' is not a valid field"))


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit":
            text = "You are past the per minute request limit, please wait and try again later."
            return error(call, 429, text)
        case "quota":
            return error(call, 402, "Please add or update your payment method to continue")
        case "overloaded":
            return error(call, 503, "the model is overloaded, please try again later")
        case _:
            return error(call, 500, "internal server error, this has been reported to our developers")


def broken_off(call: ApiCall, sent: int) -> tuple[Piece, ...]:
    """What ends a stream when the vendor runs out of capacity after `sent` events."""
    ends: JsonObject = {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "the model is overloaded"}}
    return (Piece(named_event("message-end", ends)),)


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return error(call, 404, "resource not found")


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return error(call, 400, "invalid request: invalid JSON")


COHERE = Vendor("cohere", failure, broken_off, not_found, bad_json)
