"""The models of Anthropic: `GET /v1/models`, and one of them.

Source: https://platform.claude.com/docs/en/api/models-list
"""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.fields import JsonObject, number_in
from ...calls.reply import HttpReply, RejectedError, whole
from . import replies, rules
from .models import CLAUDES, Claude, find_claude

PAGE = 20
TYPES = ("adaptive", "enabled", "disabled", "between_tools")


def models(call: ApiCall) -> HttpReply:
    """All Claudes, paged by `limit` and `after_id`, or the one that the path names."""
    rules.check_key(call)
    rules.check_version(call)
    headers = replies.request_headers(call)
    if call.model:
        model = find_claude(call.model)
        if model is None:
            raise RejectedError(replies.unknown(call, f"model: {call.model}"))
        return whole(200, _claude(model), headers)
    listed = [_claude(model) for model in CLAUDES]
    after = call.request.query.get("after_id")
    start = next((place + 1 for place, item in enumerate(listed) if item["id"] == after), 0)
    page = listed[start : start + number_in(call.request.query.get("limit"), PAGE)]
    body = {
        "data": page,
        "has_more": start + len(page) < len(listed),
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
    }
    return whole(200, body, headers)


def _claude(model: Claude) -> JsonObject:
    def supported(value: bool) -> JsonObject:
        return {"supported": value}

    types = {name: supported(name in model.types) for name in TYPES}
    efforts = {name: supported(name in model.efforts) for name in rules.ALL_EFFORTS}
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
