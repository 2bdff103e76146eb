"""Usage x price -> cost. Exact decimals; what is not known is None, never 0."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from ....profiles.profile import Price
from ....providers.schema import Usage
from ...results.result import Cost, CostSource
from .rates import Charge, charge, rates_of

if TYPE_CHECKING:
    from ....providers.fold import Reply
    from ...targets.target import Target
    from .quote import Quote

DISAGREEMENT = Decimal("0.05")
_STANDARD_TIERS = ("standard", "default", "auto", "on_demand", "unspecified")
_warmed = threading.Event()
_SUMMED = ("usd", "input_usd", "output_usd", "reasoning_usd", "cache_saved_usd")
_CONTRADICTION = "the reported token counts contradict each other"
_NO_BATCH_PRICE = "your price has no batch price; priced as usual"


class Bought(Struct, frozen=True):
    """What was bought, for the price table: tokens, from whom, which model, on which terms and when.

    `provider` is the table's id. `cache_write_1h_tokens` are those of the cache writes that are kept longer than
    usual: for an hour, with OpenAI for twelve. `apart` is the part of the output that is no text, by its kind.
    `is_batch` prices a result of a batch, whatever tier it reports. `host` is where the request went, and `region`
    where the provider says that it was processed.
    """

    usage: Usage
    provider: str | None
    models: tuple[str, ...]
    service_tier: str | None = None
    speed: str | None = None
    cache_write_1h_tokens: int | None = None
    at: datetime | None = None
    is_batch: bool = False
    host: str | None = None
    region: str | None = None
    apart: Mapping[str, int] = {}


def warm() -> None:
    """Import the price table, which takes a while. Called while a request is on the wire."""
    from . import price_table

    price_table.warm()
    _warmed.set()


def is_warm() -> bool:
    """Whether prices can be looked up at once."""
    return _warmed.is_set()


def own_price(target: Target, *models: str) -> Price | None:
    """The user's own price: the profile's, else that of the configuration's `prices` for the first model that has one.

    Without `models` it is looked up for the model that the profile asks for.
    """
    profile = target.profile
    if profile.price is not None or not target.prices:
        return profile.price
    from ....profiles.price_list import price_for

    for model in models or (profile.known_as or profile.model,):
        if (price := price_for(target.prices, target.provider.name, model.removeprefix("models/"))) is not None:
            return price
    return None


@lru_cache(maxsize=64)
def host_of(url: str) -> str | None:
    """The host of a base URL, which may be a regional one with prices of its own."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def price_of(reply: Reply, target: Target, at: datetime) -> Cost:
    """What `reply` cost at the prices of `at`. Raises nothing: an answer that was paid for is not lost to its price."""
    try:
        asked, answered = target.profile.model, reply.model
        models = (answered or asked, asked) if answered and asked and answered != asked else (answered or asked,)
        bought = Bought(
            usage=reply.billed or reply.usage,
            provider=target.provider.prices,
            models=tuple([model.removeprefix("models/") for model in models if model]),
            service_tier=reply.service_tier,
            speed=reply.speed,
            cache_write_1h_tokens=reply.cache_write_1h_tokens,
            at=at,
            host=host_of(target.base_url),
            region=reply.region,
            apart=reply.apart,
        )
        return cost_of(reply, bought, own_price(target, *bought.models), listed_price(target, bought))
    except Exception as error:
        return Cost(note=f"the cost could not be worked out: {type(error).__name__}: {error}")


def listed_price(target: Target, bought: Bought) -> Price | None:
    """What the provider's own list says of the model that was asked for: on standard terms, which are all it has."""
    if target.listed_price is None:
        return None
    asked = (target.profile.known_as or target.profile.model).removeprefix("models/")
    if asked not in bought.models or _terms(bought) or bought.apart:
        return None
    return target.listed_price


def cost_of(reply: Reply, bought: Bought, own_price: Price | None, listed: Price | None = None) -> Cost:
    """The provider's own bill, else the user's own price, else what the provider `listed`, else the table.

    A bill that disagrees with them is noted.
    """
    estimate = _estimate(bought, own_price, listed)
    if reply.portions and reply.billed is None:
        estimate = _added_up([_estimate(one, price) for one, price in _portions(reply, bought, own_price)])
    if reply.tools and bought.models:
        from .fees import fees_of

        fees = fees_of(reply.tools, bought.provider, bought.models[0])
        estimate = replace(estimate, fees_usd=fees.known_usd)
        if estimate.usd is not None:
            notes = "; ".join(note for note in (estimate.note, fees.note) if note) or None
            estimate = replace(estimate, usd=estimate.usd + fees.usd, note=notes)
    if reply.bill is None:
        return estimate
    from .bills import most_billed

    if reply.bill > (most := most_billed(bought.usage, estimate.usd)):
        words = (
            f"the provider billed {reply.bill:f}, which this call cannot cost (at most {most:f}); it is not believed"
        )
        return replace(estimate, note=f"{words}; {estimate.note}" if estimate.note else words)
    billed = replace(estimate, usd=reply.bill, source="provider", note=None, listed_usd=estimate.usd)
    if estimate.usd is None:
        return billed
    if abs(estimate.usd - reply.bill) > DISAGREEMENT * max(estimate.usd, reply.bill):
        note = f"the provider billed {reply.bill:f}; by the {estimate.source} it would be {estimate.usd:f}"
        # The parts no longer add up to the bill, so they are unknown.
        return Cost(
            usd=reply.bill, source="provider", note=note, listed_usd=estimate.usd, fees_usd=estimate.fees_usd
        )  # fmt: skip
    return billed


def _estimate(bought: Bought, own_price: Price | None, listed: Price | None = None) -> Cost:
    if own_price is not None:
        written_1h = bought.cache_write_1h_tokens
        if bought.apart:
            return Cost(note=_no_rate(next(iter(bought.apart)), "your price"))
        return priced_by_profile(bought.usage, own_price, written_1h=written_1h, is_batch=_is_batch(bought))
    if bought.usage.input_tokens is None or bought.usage.output_tokens is None:
        return Cost()
    return priced_by_table(bought) if listed is None else priced_by_list(bought, listed)


def priced_by_list(bought: Bought, price: Price) -> Cost:
    """The cost by the provider's own list; where the table differs by more than 5 %, the note has both.

    Such a list has one price for all sizes; a prompt that the table prices as a long one is priced by the table.
    """
    entered, table = bought.usage.input_tokens or 0, priced_by_table(bought)
    if table.usd is not None and _is_long(bought, entered):
        return table
    charged = charge(bought.usage, rates_of(price, entered), bought.cache_write_1h_tokens)
    cost = _cost(charged, "catalogue", None)
    if cost.usd is None or table.usd is None or abs(cost.usd - table.usd) <= DISAGREEMENT * max(cost.usd, table.usd):
        return cost
    return replace(cost, note=f"by the provider's own list; by the price table it would be {table.usd:f}")


def _portions(reply: Reply, bought: Bought, own_price: Price | None) -> Iterator[tuple[Bought, Price | None]]:
    """Each part as if it were bought alone; a part of another model is not priced as the one that was asked for."""
    for part in reply.portions:
        one = replace(bought, usage=part.usage, cache_write_1h_tokens=part.cache_write_1h_tokens)
        if part.model is None or part.model in bought.models:
            yield one, own_price
        else:
            yield replace(one, models=(part.model,)), None


def _added_up(costs: list[Cost]) -> Cost:
    """The sum; unknown where one of them is."""
    unknown = next((cost for cost in costs if cost.usd is None), None)
    if unknown is not None:
        return Cost(note=unknown.note or "a part of the call has no known price")
    first = costs[0]
    notes = tuple(dict.fromkeys(cost.note for cost in costs if cost.note))
    sums = {name: [getattr(cost, name) for cost in costs] for name in _SUMMED}
    known = {name: sum(values, Decimal(0)) for name, values in sums.items() if None not in values}
    usd, entered, output, reasoning, saved = map(known.get, _SUMMED)
    return Cost(usd, entered, output, reasoning, first.source, "; ".join(notes) or None, saved)


def priced_by_profile(usage: Usage, price: Price, *, written_1h: int | None = None, is_batch: bool = False) -> Cost:
    """The cost by the user's own price per million tokens."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return Cost()
    charged = charge(usage, rates_of(price, usage.input_tokens, is_batch=is_batch), written_1h)
    return _cost(charged, "profile", _NO_BATCH_PRICE if is_batch and price.batch is None else None)


def priced_by_table(bought: Bought) -> Cost:
    """The cost by the price table: of the model that answered, at its tier, with long-prompt and cache prices."""
    if bought.provider is None:
        return Cost()
    from .quote import Unpriced, Wanted
    from .quote_cache import quick_quote

    usage, at = bought.usage, bought.at or datetime.now(UTC)
    for model in bought.models:
        entered, output = usage.input_tokens or 0, usage.output_tokens or 0
        wanted = Wanted(bought.provider, model, at, _terms(bought), entered, output, bought.host, bought.region)
        found = quick_quote(wanted)
        if found is None:
            continue
        if isinstance(found, Unpriced):
            return Cost(note=found.why)
        if bought.apart and (lacking := [kind for kind in bought.apart if kind not in dict(found.rates.apart)]):
            return Cost(note=_no_rate(lacking[0], f"the price table's {model}"))
        first = bought.models[0]
        notes = [] if model == first else [f"priced as {model}: the table has no {first}"]
        notes += [] if wanted.terms else disputes(found)
        charged = charge(usage, found.rates, bought.cache_write_1h_tokens, bought.apart)
        return _cost(charged, "table", "; ".join(notes) or None)
    return Cost()


def _is_long(bought: Bought, entered: int) -> bool:
    """Whether the table has other prices for a prompt of this size than for a short one."""
    from .quote import Quote, Wanted
    from .quote_cache import quick_quote

    at = bought.at or datetime.now(UTC)
    wanted = Wanted(bought.provider or "", bought.models[0], at, {}, entered, 1, bought.host, bought.region)
    found = quick_quote(wanted)
    return isinstance(found, Quote) and any(entered > step for step in found.above_tokens)


def disputes(found: Quote) -> list[str]:
    """The other lists that differ from these rates by more than 5 %, in words."""
    return [
        f"{other.source} lists {other.input:f} and {other.output:f} per million"
        for other in found.elsewhere
        if any(
            abs(theirs - ours) > DISAGREEMENT * max(theirs, ours)
            for theirs, ours in ((other.input, found.rates.input), (other.output, found.rates.output))
        )
    ]


def _cost(charged: Charge | None, source: CostSource, note: str | None) -> Cost:
    if charged is None:
        return Cost(note=_CONTRADICTION)
    return Cost(
        usd=charged.usd,
        input_usd=charged.input_usd,
        output_usd=charged.output_usd,
        reasoning_usd=charged.reasoning_usd,
        source=source,
        note=note,
        cache_saved_usd=charged.cache_saved_usd,
        cache_pays_after=charged.cache_pays_after,
    )


def _no_rate(kind: str, where: str) -> str:
    return f"a part of the output is {kind}, for which {where} has no rate"


def _is_batch(bought: Bought) -> bool:
    return bought.is_batch or (bought.service_tier or "").lower() == "batch"


def _terms(bought: Bought) -> dict[str, str]:
    """The terms that have prices of their own, in the table's words. Standard terms are none."""
    terms: dict[str, str] = {}
    tier, speed = (bought.service_tier or "").lower(), (bought.speed or "").lower()
    if _is_batch(bought):
        terms["processing"] = "batch"
    elif tier not in ("", *_STANDARD_TIERS):
        terms["service_tier"] = tier
    if speed not in ("", "standard"):
        terms["speed"] = speed
    return terms
