"""Vertex AI: Gemini and Claude as their own APIs answer, behind Google Cloud's tokens, paths and words.

Sources: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures,
https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
"""

from __future__ import annotations

from msgspec.structs import replace

from ...calls.call import WRONG_KEY, ApiCall
from ...calls.fields import as_object, as_text, decode_object
from ...calls.reply import HttpReply, RejectedError, whole
from ..anthropic import api as claude
from ..google import api as gemini
from ..google import rules
from ..google.replies import CONTENT_TYPE, error

VERSION = "vertex-2023-10-16"
STREAMED = "streamRawPredict"


def answer_gemini(call: ApiCall) -> HttpReply:
    """One answer of Gemini, or the stream of one. What AI Studio has signed is not read here, and the reverse."""
    _check_token(call)
    headers = {name: value for name, value in call.request.headers.items() if name != "authorization"}
    path = f"/vertex/v1/models/{call.model}:{call.request.path.rpartition(':')[2]}"
    request = replace(call.request, path=path, headers=headers | {"x-goog-api-key": call.bearer})
    asked = replace(call, request=request, parameters=call.parameters | {rules.BACKEND: "vertex"})
    answer = gemini.count_tokens if path.endswith(gemini.COUNT) else gemini.answer
    try:
        return answer(asked)
    except RejectedError as rejected:
        said = as_text((as_object((decode_object(rejected.reply.body) or {}).get("error")) or {}).get("message")) or ""
        if said != rules.CORRUPTED:
            raise
        raise RejectedError(error(call, 400, "INVALID_ARGUMENT", "Invalid thought signature.")) from None


def answer_claude(call: ApiCall) -> HttpReply:
    """One answer of Claude, or the stream of one: the model stands in the path, the version in the body."""
    _check_token(call)
    if call.body.get("anthropic_version") != VERSION:
        text = f"anthropic_version: Input should be '{VERSION}'"
        said = {"type": "error", "error": {"type": "invalid_request_error", "message": text}}
        raise RejectedError(whole(400, said, content_type=CONTENT_TYPE))
    body = {name: value for name, value in call.body.items() if name != "anthropic_version"}
    body |= {"model": call.model, "stream": call.request.path.endswith(STREAMED)}
    headers = call.request.headers | {"x-api-key": call.bearer, "anthropic-version": "2023-06-01"}
    return claude.answer(replace(call, body=body, request=replace(call.request, headers=headers)))


def _check_token(call: ApiCall) -> None:
    if call.bearer and call.bearer != WRONG_KEY:
        return
    text = (
        "Request had invalid authentication credentials. "
        "Expected OAuth 2 access token, login cookie or other valid authentication credential."
    )
    raise RejectedError(error(call, 401, "UNAUTHENTICATED", text))
