"""The list price of a model: its base tier, for tables. What a call costs is `pricing`'s business."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from .quote import PriceSources, Quote, Wanted, quote


class ListPrice(Struct, frozen=True):
    """USD per million tokens, for short prompts at the standard tier."""

    input_usd: Decimal
    output_usd: Decimal


def list_price(provider: str | None, model: str, at: datetime, among: PriceSources | None = None) -> ListPrice | None:
    """The price of a thousand tokens each way: small enough to stay below any long-prompt tier."""
    if provider is None:
        return None
    found = quote(Wanted(provider, model, at, input_tokens=1000, output_tokens=1000), among)
    if not isinstance(found, Quote):
        return None
    return ListPrice(found.rates.input.normalize(), found.rates.output.normalize())
