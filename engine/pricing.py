"""Usage x price -> cost. Exact decimals; what is not known is None, never 0."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ..profiles.profile import Price
from ..providers.fold import Reply
from ..providers.schema import Cost, Usage

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

MILLION = Decimal(1_000_000)
DISAGREEMENT = Decimal("0.05")
_STANDARD_TIERS = ("standard", "default", "auto", "on_demand", "unspecified")
_CONTRADICTION = "the reported token counts contradict each other"


@dataclass(frozen=True, slots=True)
class Bought:
    """What was bought, for the price table: tokens, from whom, which model, on which terms and when."""

    usage: Usage
    provider: str | None
    models: tuple[str, ...]
    service_tier: str | None = None
    speed: str | None = None
    cache_write_1h_tokens: int | None = None
    at: datetime | None = None


def warm() -> None:
    """Import the price table, which takes a while. Called while a request is on the wire."""
    import genai_prices.data_snapshot

    genai_prices.data_snapshot.get_snapshot()


def cost_of(reply: Reply, bought: Bought, own_price: Price | None) -> Cost:
    """The provider's own bill, else the profile's price, else the table. A bill and a price that disagree are noted."""
    estimate = Cost()
    if own_price is not None:
        estimate = priced_by_profile(bought.usage, own_price)
    elif bought.usage.input_tokens is not None and bought.usage.output_tokens is not None:
        estimate = priced_by_table(bought)
    if reply.bill is None:
        return estimate
    billed = replace(estimate, usd=reply.bill, source="provider", note=None)
    if estimate.usd is None:
        return billed
    if abs(estimate.usd - reply.bill) > DISAGREEMENT * max(estimate.usd, reply.bill):
        note = f"the provider billed {reply.bill:f}; by the {estimate.source} it would be {estimate.usd:f}"
        # The parts no longer add up to the bill, so they are unknown.
        return Cost(usd=reply.bill, source="provider", note=note)
    return billed


def priced_by_profile(usage: Usage, price: Price) -> Cost:
    """The cost by the profile's own price per million tokens."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return Cost()
    cached, written = usage.cached_input_tokens or 0, usage.cache_write_tokens or 0
    plain = usage.input_tokens - cached - written
    if plain < 0:
        return Cost(note=_CONTRADICTION)
    cached_price = price.input if price.cached_input is None else price.cached_input
    write_price = price.input if price.cache_write is None else price.cache_write
    entered = (plain * price.input + cached * cached_price + written * write_price) / MILLION
    output = usage.output_tokens * price.output / MILLION
    part = _reasoning_part(usage)
    reasoning = None if part is None else part * price.output / MILLION
    return Cost(entered + output, entered, output, reasoning, "profile")


def priced_by_table(bought: Bought) -> Cost:
    """The cost by the price table: of the model that answered, at its tier, with long-prompt and cache prices."""
    if bought.provider is None:
        return Cost()
    for model in bought.models:
        try:
            calculation = _calculate(bought, model, bought.usage.output_tokens or 0)
            reasoning = _reasoning_part(bought.usage)
            part = None if reasoning is None else _calculate(bought, model, reasoning)
        except LookupError:
            continue
        except ValueError:
            return Cost(note=_CONTRADICTION)
        if not _has_prices(calculation, bought.usage):
            return Cost(note=f"the price table lists {model} without a price")
        if not _knows_terms(calculation, bought):
            return Cost(note=f"the price table does not know {bought.service_tier or bought.speed} prices of {model}")
        return Cost(
            usd=calculation.total_price,
            input_usd=calculation.input_price,
            output_usd=calculation.output_price,
            reasoning_usd=None if part is None else part.output_price,
            source="table",
            note=None if model == bought.models[0] else f"priced as {model}: the table has no {bought.models[0]}",
        )
    return Cost()


def _calculate(bought: Bought, model: str, output_tokens: int) -> PriceCalculation:
    from genai_prices import Usage as PricedUsage
    from genai_prices import calc_price

    usage = bought.usage
    reasoning = min(usage.reasoning_tokens or 0, output_tokens)
    counts = {
        "input_tokens": usage.input_tokens,
        "cache_read_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cache_write_1h_tokens": bought.cache_write_1h_tokens,
        "output_tokens": output_tokens,
        "output_reasoning_tokens": reasoning,
    }
    return calc_price(
        PricedUsage(**{name: tokens for name, tokens in counts.items() if tokens}),
        model,
        provider_id=bought.provider,
        genai_request_timestamp=bought.at,
        price_context=_terms(bought),
    )


def _reasoning_part(usage: Usage) -> int | None:
    """The reasoning tokens, where they can be a part of the output tokens at all."""
    output, reasoning = usage.output_tokens, usage.reasoning_tokens
    return None if output is None or reasoning is None or reasoning > output else reasoning


def _has_prices(calculation: PriceCalculation, usage: Usage) -> bool:
    """Whether the table has a price for what was used: where it has none it would quietly answer 0."""
    price = calculation.model_price
    return (price.input_mtok is not None or not usage.input_tokens) and (
        price.output_mtok is not None or not usage.output_tokens
    )


def _terms(bought: Bought) -> dict[str, str]:
    """The terms that have prices of their own, in the table's words. Standard terms are none."""
    terms: dict[str, str] = {}
    tier, speed = (bought.service_tier or "").lower(), (bought.speed or "").lower()
    if tier == "batch":
        terms["processing"] = "batch"
    elif tier not in ("", *_STANDARD_TIERS):
        terms["service_tier"] = tier
    if speed not in ("", "standard"):
        terms["speed"] = speed
    return terms


def _knows_terms(calculation: PriceCalculation, bought: Bought) -> bool:
    """Whether the table has a price for these terms: without one it would quietly answer with the standard price."""
    at = bought.at or datetime.now(UTC)
    variants = calculation.model.price_variants or ()
    known = [variant.when for variant in variants if variant.constraint is None or variant.constraint.active(at)]
    return all(any(when.get(key) == value for when in known) for key, value in _terms(bought).items())
