"""The models of xAI: `GET /v1/models`."""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.reply import HttpReply
from ...openai_family.catalogue import entry, listed
from . import replies, rules
from .models import GROKS


def models(call: ApiCall) -> HttpReply:
    """All models of xAI; prices are in cents for 100 million tokens."""
    rules.check_key(call)
    entries = (
        entry(model.id, "xai")
        | {
            "prompt_text_token_price": model.input_ticks,
            "completion_text_token_price": model.output_ticks,
            "capabilities": {"reasoning_effort": list(model.efforts)},
        }
        for model in GROKS
    )
    return listed(entries, replies.request_headers(call))
