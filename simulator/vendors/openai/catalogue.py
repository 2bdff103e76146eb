"""The models of OpenAI: `GET /v1/models`, and one of them.

Source: https://developers.openai.com/api/docs/api-reference/models/list
"""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.reply import HttpReply, whole
from ...openai_family.catalogue import entry, listed
from . import replies, rules
from .models import GPTS

OWNER = "system"


def models(call: ApiCall) -> HttpReply:
    """All OpenAI models, or the one that the path names."""
    rules.check_key(call)
    headers = replies.request_headers(call)
    if call.model:
        return whole(200, entry(rules.check_model(call).id, OWNER), headers)
    return listed((entry(model.id, OWNER) for model in GPTS), headers)
