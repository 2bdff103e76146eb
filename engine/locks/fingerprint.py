"""A prepared call -> what a lock keeps of its request and of its price. Pure but for the price table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from ...providers.json_values import obj, parse_json
from ...providers.schema import Usage
from ..costs.forecast import cost_at
from ..exchange.secrets import masked_headers
from ..planning.prepare import Prepared
from ..results.documents import plain
from .lock import LockedPrice, LockedRequest

HASH_CHARACTERS = 16
"""Of a part; nobody forges these, and nothing is kept apart by them but before and after."""

_A_FEW = 1000
"""Tokens of a prompt that is short in every price list."""


def request_print(prepared: Prepared) -> LockedRequest:
    """What is kept of the request: hashes, and the native fields of the dial. No key, header value or text is in it."""
    request, decided = prepared.request, prepared.plan
    parts = {"address": _hash([request.method, request.url])}
    # A header of the user's own may hold anything, such as a name of an account.
    own = {name.lower() for name in prepared.target.profile.headers}
    headers = {name: None if name in own else value for name, value in masked_headers(prepared, None).items()}
    parts["headers"] = _hash(headers)
    body = parse_json(request.body)
    if isinstance(body, Mapping):
        parts |= {f"body.{name}": _hash(value) for name, value in obj(body).items()}
    else:
        parts["body"] = _hash(request.body.decode("utf-8", "replace"))
    return LockedRequest(_hash(parts, 64), prepared.target.dialect, decided.fidelity, plain(decided.native), parts)


def price_now(prepared: Prepared, at: datetime) -> LockedPrice | None:
    """The price of a short prompt at `at`, per million tokens; None where it is not known."""
    cost = cost_at(prepared, Usage(input_tokens=_A_FEW, output_tokens=_A_FEW), at)
    if cost.input_usd is None or cost.output_usd is None or cost.source is None:
        return None
    cached = cost_at(prepared, Usage(input_tokens=_A_FEW, cached_input_tokens=_A_FEW, output_tokens=0), at).input_usd
    return LockedPrice(
        _per_million(cost.input_usd), _per_million(cost.output_usd),
        None if cached is None or cached == cost.input_usd else _per_million(cached), cost.source,
    )  # fmt: skip


def _per_million(usd: Decimal) -> Decimal:
    return usd * (1_000_000 // _A_FEW)


def _hash(value: Any, characters: int = HASH_CHARACTERS) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:characters]
