"""What a small server says when something goes wrong."""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.reply import Headers, HttpReply, whole
from ...calls.vendor import Vendor
from ...openai_family.chat import broken_off


def error(status: int, message: str, kind: str, code: str | None, headers: Headers = ()) -> HttpReply:
    """An error body: `{"error":{"message","type","param","code"}}`."""
    return whole(status, {"error": {"message": message, "type": kind, "param": None, "code": code}}, headers)


def failure(name: str, call: ApiCall) -> HttpReply:
    """What a small server says for one of the status faults."""
    match name:
        case "rate_limit":
            headers = (("retry-after", str(call.whole_retry_after_s)),)
            return error(429, "Too many requests", "rate_limit_error", "rate_limit_exceeded", headers)
        case "quota":
            return error(429, "Insufficient balance", "insufficient_quota", "insufficient_quota")
        case "overloaded":
            return error(503, "Loading model", "unavailable_error", None)
        case _:
            return error(500, "Internal server error", "server_error", None)


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this server does not have."""
    return whole(404, {"detail": "Not Found"})


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return error(400, "JSON decode error", "invalid_request_error", None)


COMPATIBLE = Vendor("compatible", failure, broken_off, not_found, bad_json)
