"""The model lists of the family: `GET /v1/models`."""

from __future__ import annotations

from collections.abc import Iterable

from ..calls.call import EPOCH_S
from ..calls.fields import JsonObject
from ..calls.reply import Headers, HttpReply, whole


def entry(model_id: str, owner: str) -> JsonObject:
    """One model of a list."""
    return {"id": model_id, "object": "model", "created": EPOCH_S, "owned_by": owner}


def listed(entries: Iterable[JsonObject], headers: Headers = ()) -> HttpReply:
    """The list of them."""
    return whole(200, {"object": "list", "data": list(entries)}, headers)
