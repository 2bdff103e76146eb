"""The list price of a model: its base tier, for tables. What a call costs is `pricing`'s business."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from ....providers.schema import Usage
from .pricing import Bought, priced_by_table


class ListPrice(Struct, frozen=True):
    """USD per million tokens, for short prompts at the standard tier."""

    input_usd: Decimal
    output_usd: Decimal


def list_price(provider: str | None, model: str, at: datetime) -> ListPrice | None:
    """The price of a thousand tokens each way, scaled to a million: small enough to stay below any long-prompt tier."""
    usage = Usage(input_tokens=1000, output_tokens=1000)
    cost = priced_by_table(Bought(usage, provider, (model,), at=at))
    if cost.input_usd is None or cost.output_usd is None:
        return None
    return ListPrice((cost.input_usd * 1000).normalize(), (cost.output_usd * 1000).normalize())
