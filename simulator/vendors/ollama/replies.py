"""What Ollama says when something goes wrong: one field with words.

Source: https://docs.ollama.com/api/errors
"""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.fields import encode
from ...calls.reply import HttpReply, Piece, RejectedError, whole
from ...calls.vendor import Vendor


def error(status: int, message: str) -> HttpReply:
    """An error body."""
    return whole(status, {"error": message})


def invalid(message: str, status: int = 400) -> RejectedError:
    """A refusal that no retry helps."""
    return RejectedError(error(status, message))


def failure(name: str, call: ApiCall) -> HttpReply:
    """What the server says for one of the status faults."""
    match name:
        case "rate_limit" | "quota":
            return error(429, "too many requests")
        case "overloaded":
            return error(503, "server busy, please try again.  maximum pending requests exceeded")
        case _:
            return error(500, "internal server error")


def broken_off(call: ApiCall, sent: int) -> tuple[Piece, ...]:
    """What ends a stream when the runner dies after `sent` lines."""
    return (Piece(encode({"error": "an error was encountered while running the model"}) + b"\n"),)


def not_found(call: ApiCall) -> HttpReply:
    """The answer to a path that this server does not have."""
    return error(404, "404 page not found")


def bad_json(call: ApiCall) -> HttpReply:
    """The answer to a body that is not a JSON object."""
    return error(400, "invalid JSON")


OLLAMA = Vendor("ollama", failure, broken_off, not_found, bad_json)
