"""The models that Groq serves: `GET /openai/v1/models`."""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.reply import HttpReply
from ...openai_family.catalogue import entry, listed
from . import replies, rules
from .models import GROQS


def models(call: ApiCall) -> HttpReply:
    """All models that Groq serves."""
    rules.check_key(call)
    entries = (entry(model.id, "simulated") | {"active": True} for model in GROQS)
    return listed(entries, replies.request_headers(call))
