"""Every price that is known of a model: the user's own, and the table's, at whoever serves it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from ....profiles import facts
from ....profiles.cards.vendors import vendors
from ....profiles.config import Config
from ....profiles.price_corrections import corrections
from ....profiles.price_list import price_for
from ....profiles.profile import Price, Profile
from ....profiles.provider import Provider
from ....profiles.published import published_price, stored
from ....providers.errors import UsageError, did_you_mean
from ...targets.target import select
from .price_card import PriceCard, PriceRow, own_rows, price_card
from .price_table import PriceData, price_data
from .pricing import host_of


class ModelPrices(Struct, frozen=True):
    """What is known about the price of `model` at `provider`: the user's own rows, what the provider itself `listed` on
    the day `listed_on`, and the table's."""

    provider: str
    model: str
    card: PriceCard | None
    own: tuple[PriceRow, ...]
    own_source: str
    listed: tuple[PriceRow, ...] = ()
    listed_on: str | None = None


class KnownPrices(Struct, frozen=True):
    """The prices that go before all others, and who else has some. `data` is the table in use, and `checked_on` the day
    on which its corrections were."""

    first: ModelPrices
    others: tuple[str, ...]
    data: PriceData
    checked_on: str


def known_prices(model: str | None, profile: str | None, config: Config, at: datetime) -> KnownPrices:
    """The prices of `model` (or `provider/model`), or of what `profile` calls, as they hold from `at` on.

    Raises `UsageError` when neither is given, or nothing is known.
    """
    chosen = select([profile], config)[0].profile if profile is not None else None
    if model is None and chosen is None:
        raise UsageError("no model was given", hint="for instance: thinkdial prices show gpt-6-sol, or -p PROFILE")
    found = _found(model, chosen, config, at)
    if not found:
        raise UsageError(
            f"no price of {model or (chosen.model if chosen else '')!r} is known{_why(model, chosen, config)}",
            hint="write one into your configuration, in USD per million tokens: "
            "prices: {provider/model: {input: 1, output: 4}}",
        )
    others = tuple(one.provider for one in found[1:])
    return KnownPrices(found[0], others, price_data(at.date()), corrections().checked_on)


def _why(model: str | None, chosen: Profile | None, config: Config) -> str:
    """What a provider without prices says about it, where one was named."""
    name = chosen.provider if chosen is not None else (model or "").partition("/")[0]
    unpriced = config.providers[name].unpriced if name in config.providers else None
    if unpriced:
        return f": {unpriced}"
    known = (card.example for one in config.providers.values() for file in one.models for card in facts.cards(file))
    return did_you_mean((model or "").rpartition("/")[2], dict.fromkeys(known))


def _found(model: str | None, chosen: Profile | None, config: Config, at: datetime) -> list[ModelPrices]:
    """The price lists that fit, the best first."""
    if chosen is not None:
        name = model or chosen.known_as or chosen.model
        found = [_prices(config.provider(chosen.provider), name, config, at, chosen)]
    elif model is None:
        found = []
    else:
        provider, slash, rest = model.partition("/")
        if slash and provider in config.providers:
            found = [_prices(config.provider(provider), rest, config, at, None)]
        else:
            everyone = [_prices(config.providers[name], model, config, at, None) for name in config.providers]
            found = _vendor_first((one for one in everyone if one is not None), config, model)
    return [one for one in found if one is not None]


def _vendor_first(found: Iterable[ModelPrices], config: Config, model: str) -> list[ModelPrices]:
    """Those that are known to serve the model first, and of them the vendor itself before the clouds."""

    def rank(prices: ModelPrices) -> tuple[bool, int, bool]:
        provider = config.providers[prices.provider]
        far = vendors().distance(provider.name, model)
        return facts.card_named(provider, model) is None, far, provider.name not in provider.models

    return sorted(found, key=rank)


def _prices(provider: Provider, model: str, config: Config, at: datetime, chosen: Profile | None) -> ModelPrices | None:
    model = model.removeprefix("models/")
    price, where = _own(provider, model, config, chosen)
    url = (chosen and chosen.base_url) or ""
    card = price_card(provider.prices, model, at, host=host_of(url)) if provider.prices else None
    published = stored(provider.name)
    said = published_price(model, published)
    if card is None and price is None and said is None:
        return None
    return ModelPrices(
        provider=provider.name,
        model=model,
        card=card,
        own=own_rows(price) if price is not None else (),
        own_source=where,
        listed=own_rows(said) if said is not None else (),
        listed_on=published.read_on if published is not None and said is not None else None,
    )


def _own(provider: Provider, model: str, config: Config, chosen: Profile | None) -> tuple[Price | None, str]:
    """The user's own price, and where it is written."""
    if chosen is not None and chosen.price is not None and model == (chosen.known_as or chosen.model):
        return chosen.price, f"profiles.{chosen.name}.price ({chosen.place})"
    found = price_for(config.prices, provider.name, model)
    return found, "prices in your configuration" if found is not None else ""
