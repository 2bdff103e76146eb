"""The models of Mistral: `GET /v1/models`."""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.reply import HttpReply
from ...openai_family.catalogue import entry, listed
from . import replies, rules
from .models import MISTRALS


def models(call: ApiCall) -> HttpReply:
    """All models of Mistral."""
    rules.check_key(call)
    entries = (
        entry(model.id, "mistralai") | {"capabilities": {"completion_chat": True, "reasoning": bool(model.efforts)}}
        for model in MISTRALS
    )
    return listed(entries, replies.request_headers(call))
