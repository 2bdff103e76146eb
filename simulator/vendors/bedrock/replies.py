"""The errors of Bedrock in its own words: a message in the body, the kind of error in a header.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
"""

from __future__ import annotations

import uuid

from ...answers.thinking import digest
from ...calls.call import ApiCall
from ...calls.reply import Headers, HttpReply, Piece, whole
from ...calls.vendor import Vendor
from . import frames


def request_headers(call: ApiCall) -> Headers:
    """Headers that every answer of this vendor carries."""
    return (("x-amzn-requestid", str(uuid.UUID(digest(call.seed, "bedrock", call.number)[:32]))),)


def error(call: ApiCall, status: int, kind: str, text: str) -> HttpReply:
    """An error: `{"message"}` and the header `x-amzn-errortype`."""
    named = ("x-amzn-errortype", f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/")
    return whole(status, {"message": text}, (*request_headers(call), named))


def failure(name: str, call: ApiCall) -> HttpReply:
    """The vendor's own words for one of the status faults."""
    match name:
        case "rate_limit":
            text = "Too many requests, please wait before trying again."
            return error(call, 429, "ThrottlingException", text)
        case "quota":
            text = "Your account has reached a service quota."
            return error(call, 400, "ServiceQuotaExceededException", text)
        case "overloaded":
            return error(call, 503, "ServiceUnavailableException", "The service is currently unavailable.")
        case _:
            return error(call, 500, "InternalServerException", "The system encountered an unexpected error.")


def broken_off(call: ApiCall, sent: int) -> tuple[Piece, ...]:
    """What ends a stream when the vendor runs out of capacity after `sent` events."""
    return (Piece(frames.exception("serviceUnavailableException", "The service is currently unavailable.")),)


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this vendor does not have."""
    return error(call, 404, "UnknownOperationException", "Unable to determine service/operation name to be authorized")


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return error(call, 400, "ValidationException", "Malformed input request, please reformat your input and try again.")


BEDROCK = Vendor("bedrock", failure, broken_off, not_found, bad_json)
