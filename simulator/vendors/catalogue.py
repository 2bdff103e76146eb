"""The model lists: `GET /v1/models` of each vendor, and one model of it.

Sources: https://platform.claude.com/docs/en/api/models-list, https://developers.openai.com/api/docs/api-reference/models/list,
https://ai.google.dev/api/models
"""

from __future__ import annotations

from ..calls.call import EPOCH_S, ApiCall
from ..calls.fields import JsonObject
from ..calls.replies import HttpReply, RejectedError, whole
from ..openai_family.styles import STYLES
from .anthropic import rules as anthropic_rules
from .anthropic.models import CLAUDES, Claude, find_claude
from .google import rules as gemini_rules
from .google.models import GEMINIS, Gemini
from .groq import api as groq
from .groq.models import GROQS
from .mistral import api as mistral
from .mistral.models import MISTRALS
from .openai import rules as openai_rules
from .openai.models import GPTS, Gpt
from .xai import api as xai
from .xai.models import GROKS

ANTHROPIC_PAGE = 20
GOOGLE_PAGE = 50
CLAUDE_TYPES = ("adaptive", "enabled", "disabled", "between_tools")


def anthropic_models(call: ApiCall) -> HttpReply:
    """All Claudes, paged by `limit` and `after_id`, or the one that the path names."""
    anthropic_rules.check_key(call)
    anthropic_rules.check_version(call)
    headers = anthropic_rules.request_headers(call)
    if call.model:
        model = find_claude(call.model)
        if model is None:
            raise RejectedError(anthropic_rules.not_found(call, f"model: {call.model}"))
        return whole(200, _claude(model), headers)
    listed = [_claude(model) for model in CLAUDES]
    after = call.request.query.get("after_id")
    start = next((place + 1 for place, item in enumerate(listed) if item["id"] == after), 0)
    page = listed[start : start + _page_size(call.request.query.get("limit"), ANTHROPIC_PAGE)]
    body = {
        "data": page,
        "has_more": start + len(page) < len(listed),
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
    }
    return whole(200, body, headers)


def openai_models(call: ApiCall) -> HttpReply:
    """All OpenAI models, or the one that the path names."""
    openai_rules.check_key(call)
    headers = openai_rules.request_headers(call)
    if call.model:
        return whole(200, _gpt(openai_rules.check_model(call)), headers)
    return whole(200, {"object": "list", "data": [_gpt(model) for model in GPTS]}, headers)


def google_models(call: ApiCall) -> HttpReply:
    """All Geminis, paged by `pageSize` and `pageToken`, or the one that the path names."""
    gemini_rules.check_key(call)
    headers = gemini_rules.request_headers(call)
    if call.model:
        version = "v1beta" if "/v1beta/" in call.request.path else "v1"
        model = gemini_rules.check_model(call, version, "getModel")
        return whole(200, _gemini(model), headers, content_type=gemini_rules.CONTENT_TYPE)
    token = call.request.query.get("pageToken", "")
    start = int(token) if token.isdecimal() else 0
    page = GEMINIS[start : start + _page_size(call.request.query.get("pageSize"), GOOGLE_PAGE)]
    body: JsonObject = {"models": [_gemini(model) for model in page]}
    if start + len(page) < len(GEMINIS):
        body["nextPageToken"] = str(start + len(page))
    return whole(200, body, headers, content_type=gemini_rules.CONTENT_TYPE)


def compatible_models(call: ApiCall) -> HttpReply:
    """The reasoning styles of the compatible server; every other name works too."""
    data = [{"id": name, "object": "model", "created": EPOCH_S, "owned_by": "simulated"} for name in STYLES]
    return whole(200, {"object": "list", "data": data})


def mistral_models(call: ApiCall) -> HttpReply:
    """All models of Mistral."""
    mistral.check_key(call)
    data = [
        {
            "id": model.id,
            "object": "model",
            "created": EPOCH_S,
            "owned_by": "mistralai",
            "capabilities": {"completion_chat": True, "reasoning": bool(model.efforts)},
        }
        for model in MISTRALS
    ]
    return whole(200, {"object": "list", "data": data}, mistral.request_headers(call))


def xai_models(call: ApiCall) -> HttpReply:
    """All models of xAI; prices are in cents for 100 million tokens."""
    xai.check_key(call)
    data = [
        {
            "id": model.id,
            "object": "model",
            "created": EPOCH_S,
            "owned_by": "xai",
            "prompt_text_token_price": model.input_ticks,
            "completion_text_token_price": model.output_ticks,
            "capabilities": {"reasoning_effort": list(model.efforts)},
        }
        for model in GROKS
    ]
    return whole(200, {"object": "list", "data": data}, xai.request_headers(call))


def groq_models(call: ApiCall) -> HttpReply:
    """All models that Groq serves."""
    groq.check_key(call)
    data = [
        {"id": model.id, "object": "model", "created": EPOCH_S, "owned_by": "simulated", "active": True}
        for model in GROQS
    ]
    return whole(200, {"object": "list", "data": data}, groq.request_headers(call))


def _page_size(text: str | None, default: int) -> int:
    return max(1, int(text)) if text is not None and text.isdecimal() else default


def _claude(model: Claude) -> JsonObject:
    def supported(value: bool) -> JsonObject:
        return {"supported": value}

    types = {name: supported(name in model.types) for name in CLAUDE_TYPES}
    efforts = {name: supported(name in model.efforts) for name in anthropic_rules.ALL_EFFORTS}
    return {
        "type": "model",
        "id": model.dated or model.id,
        "display_name": model.name,
        "created_at": "2026-01-01T00:00:00Z",
        "max_input_tokens": model.context_tokens,
        "max_tokens": model.max_output_tokens,
        "lifecycle": "active",
        "deprecated_at": None,
        "retires_at": None,
        "line": None,
        "capabilities": {
            "batch": supported(True),
            "citations": supported(True),
            "code_execution": supported(False),
            "image_input": supported(True),
            "pdf_input": supported(True),
            "structured_outputs": supported(True),
            "effort": {**supported(bool(model.efforts)), **efforts},
            "thinking": {**supported(True), "types": types},
        },
    }


def _gpt(model: Gpt) -> JsonObject:
    return {"id": model.id, "object": "model", "created": EPOCH_S, "owned_by": "system"}


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
