"""Whether a provider's own bill can be one. `bills.yaml` is read when a bill comes."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from msgspec import Struct

from ....profiles.facts import packaged
from ....providers.schema import Usage
from .rates import MILLION

TIMES_THE_LIST = 10
"""Where the price is known and dear, a bill may be this many times as much."""


class BillLimits(Struct, frozen=True):
    """USD per million tokens and per request, and the tokens that stand in for counts that are not known."""

    input: Decimal
    output: Decimal
    request_usd: Decimal
    input_tokens: int
    output_tokens: int


@cache
def bill_limits() -> BillLimits:
    """What the data says. Raises `ConfigError` where it says nothing."""
    root = packaged("bills.yaml")
    root.only(("ceiling", "sources"))
    section = root.section("ceiling")
    if section is None:
        raise root.bad("ceiling", "is missing")
    section.only(BillLimits.__struct_fields__)
    return BillLimits(
        section.dollars("input") or Decimal(0),
        section.dollars("output") or Decimal(0),
        section.dollars("request_usd") or Decimal(0),
        section.whole("input_tokens") or 0,
        section.whole("output_tokens") or 0,
    )


def most_billed(usage: Usage, estimate_usd: Decimal | None) -> Decimal:
    """The most that a call with these counts can cost, in USD."""
    most = bill_limits()
    entered = most.input_tokens if usage.input_tokens is None else usage.input_tokens
    output = most.output_tokens if usage.output_tokens is None else usage.output_tokens
    ceiling = (entered * most.input + output * most.output) / MILLION + most.request_usd
    return ceiling if estimate_usd is None else max(ceiling, TIMES_THE_LIST * estimate_usd)
