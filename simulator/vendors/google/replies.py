"""The errors of the Gemini API in its own words, and what all its answers have in common.

Sources: https://ai.google.dev/gemini-api/docs/troubleshooting, https://ai.google.dev/gemini-api/docs/rate-limits
"""

from __future__ import annotations

import json

from ...calls.call import ApiCall
from ...calls.fields import JsonObject
from ...calls.reply import Headers, HttpReply, Piece, RejectedError, google_event, whole
from ...calls.vendor import Vendor

CONTENT_TYPE = "application/json; charset=UTF-8"
TYPE_PREFIX = "type.googleapis.com/google.rpc."


def version_of(call: ApiCall) -> str:
    """The version in a call's path."""
    return "v1beta" if "/v1beta/" in call.request.path else "v1"


def request_headers(call: ApiCall) -> Headers:
    """Headers that every answer of this vendor carries."""
    return (("x-gemini-service-tier", "standard"), ("server-timing", f"gfet4t7; dur={300 + call.number % 100}"))


def error(call: ApiCall, code: int, status: str, message: str, details: tuple[JsonObject, ...] = ()) -> HttpReply:
    """An error body: `{"error":{"code","message","status","details"}}`."""
    body: JsonObject = {"code": code, "message": message, "status": status}
    if details:
        body["details"] = list(details)
    return whole(code, {"error": body}, request_headers(call), content_type=CONTENT_TYPE)


def invalid(call: ApiCall, message: str) -> RejectedError:
    """A 400 that no retry helps."""
    return RejectedError(error(call, 400, "INVALID_ARGUMENT", message))


def ok(call: ApiCall, body: JsonObject, headers: Headers = (), *, after_s: float = 0.0) -> HttpReply:
    """A 200 with this body."""
    return whole(200, body, (*request_headers(call), *headers), after_s=after_s, content_type=CONTENT_TYPE)


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit" | "quota":
            period, value = ("Day", "250") if name == "quota" else ("Minute", "10")
            violation: JsonObject = {
                "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                "quotaId": f"GenerateRequestsPer{period}PerProjectPerModel-FreeTier",
                "quotaDimensions": {"location": "global", "model": call.model},
                "quotaValue": value,
            }
            text = "You exceeded your current quota, please check your plan and billing details."
            details: list[JsonObject] = [{"@type": TYPE_PREFIX + "QuotaFailure", "violations": [violation]}]
            if name == "rate_limit":
                text += f" Please retry in {call.retry_after_s:g}s."
                details.append({"@type": TYPE_PREFIX + "RetryInfo", "retryDelay": f"{call.retry_after_s:g}s"})
            return error(call, 429, "RESOURCE_EXHAUSTED", text, tuple(details))
        case "overloaded":
            return error(call, 503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
        case _:
            text = "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting"
            return error(call, 500, "INTERNAL", text)


def broken_off(call: ApiCall, sent: int) -> tuple[Piece, ...]:
    """What ends a stream when the vendor runs out of capacity after `sent` events.

    Both forms seen in the field: a chunk with `error` on v1beta, bare JSON without `data: ` on v1.
    """
    error = {
        "error": {"code": 503, "message": "The model is overloaded. Please try again later.", "status": "UNAVAILABLE"}
    }
    if call.request.query.get("alt") != "sse":
        return (Piece((",\r\n" + json.dumps(error) + "]").encode()),)
    if version_of(call) == "v1":
        return (Piece(json.dumps(error, indent=2).encode() + b"\n"),)
    return (Piece(google_event(error)),)


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return error(call, 404, "NOT_FOUND", f"Method not found: {call.request.method} {call.request.path}")


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return error(call, 400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unexpected end of string.")


GOOGLE = Vendor("google", failure, broken_off, not_found, bad_json)
