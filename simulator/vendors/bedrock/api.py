"""`InvokeModel` and `InvokeModelWithResponseStream` for Claude: what Anthropic would say, in Bedrock's envelope.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import as_list, as_object, as_text, decode_object
from ...calls.reply import HttpReply, Piece, RejectedError, stream
from ..anthropic import api as anthropic
from ..anthropic.models import find_claude
from . import frames
from .replies import error, request_headers

VERSIONS = ("bedrock-2023-05-31", "2026-10-21")
WITH_STREAM = "invoke-with-response-stream"

_MODEL = re.compile(r"(?:(?:global|us|eu|jp|au|apac|us-gov)\.)?anthropic\.(?P<claude>[a-z0-9-]+?)(?:-v\d+(?::\d+)?)?")
_DATA = re.compile(rb"^data: (.*)$", re.MULTILINE)


def answer(call: ApiCall) -> HttpReply:
    """A message, or the stream of one."""
    asked = as_anthropic(call)
    try:
        reply = anthropic.answer(asked)
    except RejectedError as rejected:
        raise in_own_words(call, rejected.reply) from None
    if not reply.streamed:
        headers = (("content-type", "application/json"), *request_headers(call))
        return replace(reply, headers=headers)
    pieces = tuple(_framed(piece) for piece in reply.pieces)
    return stream(pieces, request_headers(call), content_type=frames.CONTENT_TYPE)


def check_key(call: ApiCall) -> None:
    """Refuse a request without a key, or with a wrong one."""
    if not call.bearer:
        raise RejectedError(error(call, 403, "MissingAuthenticationTokenException", "Missing Authentication Token"))
    if call.bearer == WRONG_KEY:
        raise RejectedError(error(call, 403, "AccessDeniedException", "Authentication failed: API key is invalid"))


def as_anthropic(call: ApiCall) -> ApiCall:
    """The call as Anthropic gets it: the model, the version and the stream are said elsewhere there."""
    check_key(call)
    found = _MODEL.fullmatch(call.model)
    if found is None or find_claude(found["claude"]) is None:
        raise RejectedError(error(call, 400, "ValidationException", "The provided model identifier is invalid."))
    if as_text(call.body.get("anthropic_version")) not in VERSIONS:
        raise RejectedError(error(call, 400, "ValidationException", "Invalid API version"))
    for name in ("model", "stream"):
        if name in call.body:
            raise RejectedError(error(call, 400, "ValidationException", f"{name}: Extra inputs are not permitted"))
    body = {name: value for name, value in call.body.items() if name not in ("anthropic_version", "anthropic_beta")}
    betas = ",".join(filter(None, map(as_text, as_list(call.body.get("anthropic_beta")) or [])))
    headers = {"x-api-key": call.bearer, "anthropic-version": "2023-06-01", "anthropic-beta": betas}
    claude, streams = found["claude"], call.request.path.endswith(WITH_STREAM)
    request = replace(call.request, headers=call.request.headers | headers)
    return replace(call, request=request, model=claude, body=body | {"model": claude, "stream": streams})


def in_own_words(call: ApiCall, reply: HttpReply) -> RejectedError:
    """What Anthropic refuses, as Bedrock says it."""
    said = as_object((decode_object(reply.body) or {}).get("error")) or {}
    text = as_text(said.get("message")) or "Malformed input request"
    if text.startswith("prompt is too long"):
        text = "Input is too long for requested model."
    return RejectedError(error(call, 400, "ValidationException", text))


def _framed(piece: Piece) -> Piece:
    return replace(piece, payload=b"".join(frames.chunk(found) for found in _DATA.findall(piece.payload)))
