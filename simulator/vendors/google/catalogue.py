"""The models of Google: `GET /models`, and one of them.

Source: https://ai.google.dev/api/models
"""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.fields import JsonObject, number_in
from ...calls.reply import HttpReply
from . import replies, rules
from .models import GEMINIS, Gemini

PAGE = 50


def models(call: ApiCall) -> HttpReply:
    """All Geminis, paged by `pageSize` and `pageToken`, or the one that the path names."""
    rules.check_key(call)
    if call.model:
        return replies.ok(call, _gemini(rules.check_model(call, replies.version_of(call), "getModel")))
    token = call.request.query.get("pageToken", "")
    start = int(token) if token.isdecimal() else 0
    page = GEMINIS[start : start + number_in(call.request.query.get("pageSize"), PAGE)]
    body: JsonObject = {"models": [_gemini(model) for model in page]}
    if start + len(page) < len(GEMINIS):
        body["nextPageToken"] = str(start + len(page))
    return replies.ok(call, body)


def _gemini(model: Gemini) -> JsonObject:
    return {
        "name": f"models/{model.id}",
        "version": "001",
        "displayName": model.id.replace("-", " ").title(),
        "description": "Simulated model",
        "inputTokenLimit": model.context_tokens,
        "outputTokenLimit": model.max_output_tokens,
        "supportedGenerationMethods": ["generateContent", "countTokens", "batchGenerateContent"],
        "thinking": model.thinks,
    }
