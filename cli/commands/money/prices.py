"""`thinkdial prices`: what a model costs and where that is known from, and newer price data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...light import LightCommand, LightGroup
from ...options import AsJson, ConfigFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ....engine.costs.prices.price_card import PriceCard, PriceRow
    from ....profiles.config import Config
    from ....profiles.profile import Price, Profile
    from ....profiles.provider import Provider
    from ...views.money.prices import PriceView

app = typer.Typer(
    cls=LightGroup, help="What models cost, and newer price data.", no_args_is_help=True, rich_markup_mode=None
)


@app.command(cls=LightCommand, short_help="Show every price of a model, and where it comes from.")
def show(
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="A model, or provider/model. With -p it may be left out.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", "-p", metavar="NAME", help="As this profile calls it, with its own price."),
    ] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Show every price of a model: tiers, batch, cache, long prompts, times of day, coming changes, source and date.

    Prices in your configuration are shown first, because they go before the table.

    Example:  thinkdial prices show gpt-6-sol
    """
    from datetime import UTC, datetime

    from ....engine.costs.prices.price_table import price_data
    from ....profiles.config import load
    from ....profiles.price_corrections import corrections
    from ....providers.errors import UsageError
    from ...formats import json_text
    from ...output import console, emit, rendered, say
    from ...views.money.prices import price_view

    settings, now = load(config), datetime.now(UTC)
    chosen = _profile(profile, settings) if profile is not None else None
    if model is None and chosen is None:
        raise UsageError("no model was given", hint="for instance: thinkdial prices show gpt-6-sol, or -p PROFILE")
    views = _views(model, chosen, settings, now)
    if not views:
        raise UsageError(
            f"no price of {model or (chosen.model if chosen else '')!r} is known",
            hint="write one into your configuration, in USD per million tokens: "
            "prices: {provider/model: {input: 1, output: 4}}",
        )
    data, first = price_data(now.date()), views[0]
    checked_on = corrections().checked_on
    if json:
        emit(json_text(_document(first, data.words, data.fetched_at, checked_on, views[1:])))
    else:
        emit(rendered(price_view(first, data.words, checked_on, console().width)))
        if others := [view.provider for view in views[1:]]:
            say(f"also priced for {', '.join(others)}: thinkdial prices show {others[0]}/{first.model}")
    if data.problem:
        say(f"note: {data.problem}")


@app.command(cls=LightCommand, short_help="Fetch newer price data; the only command that does.")
def update(
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="From here instead of where genai-prices publishes it.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Fetch the price table as genai-prices publishes it today, check it, and use it from then on.

    Nothing else fetches prices. What was there before stays when anything goes wrong.

    Example:  thinkdial prices update
    """
    import asyncio
    from datetime import UTC, datetime

    from ....engine.costs.prices.price_table import price_data
    from ....engine.exchange.transport import Transport
    from ....engine.lookups.price_update import default_url, update_prices
    from ...formats import json_text
    from ...output import emit
    from ...views.untrusted import harmless

    now = datetime.now(UTC)
    before = price_data(now.date())

    async def fetch() -> str:
        async with Transport() as transport:
            return str(await update_prices(transport, url or default_url(), now))

    path = asyncio.run(fetch())
    after = price_data(now.date())
    if json:
        emit(json_text({"schema": "thinkdial.prices-update/1", "before": before.words, "after": after.words,
                        "fetched_at": after.fetched_at, "path": path}))  # fmt: skip
        return
    emit(harmless(f"before: {before.words}\nafter:  {after.words}\nkept in {path}\n"))


def _profile(name: str, settings: Config) -> Profile:
    from ....engine.targets.target import select

    return select([name], settings)[0].profile


def _views(model: str | None, chosen: Profile | None, settings: Config, now: datetime) -> list[PriceView]:
    """The price lists that fit, the best first."""
    if chosen is not None:
        name = model or chosen.known_as or chosen.model
        found = [_view(settings.provider(chosen.provider), name, settings, now, chosen)]
    elif model is None:
        found = []
    else:
        provider, slash, rest = model.partition("/")
        if slash and provider in settings.providers:
            found = [_view(settings.provider(provider), rest, settings, now, None)]
        else:
            everyone = [settings.providers[name] for name in settings.providers]
            found = [_view(one, model, settings, now, None) for one in _vendor_first(everyone, model)]
    return [view for view in found if view is not None]


def _vendor_first(providers: Iterable[Provider], model: str) -> list[Provider]:
    """Those that are known to serve the model first, and of them the vendor itself before the clouds."""
    from ....profiles import facts

    def rank(provider: Provider) -> tuple[bool, bool]:
        return not facts.card_for(provider, model).known, provider.name not in provider.models

    return sorted(providers, key=rank)


def _view(provider: Provider, model: str, settings: Config, now: datetime, chosen: Profile | None) -> PriceView | None:
    from ....engine.costs.prices.price_card import own_rows, price_card
    from ....engine.costs.prices.pricing import host_of
    from ...views.money.prices import PriceView

    model = model.removeprefix("models/")
    price, where = _own(provider, model, settings, chosen)
    url = (chosen and chosen.base_url) or ""
    card: PriceCard | None = price_card(provider.prices, model, now, host=host_of(url)) if provider.prices else None
    if card is None and price is None:
        return None
    return PriceView(provider.name, model, card, own_rows(price) if price is not None else (), where)


def _own(provider: Provider, model: str, settings: Config, chosen: Profile | None) -> tuple[Price | None, str]:
    from ....profiles.price_list import price_for

    if chosen is not None and chosen.price is not None and model == (chosen.known_as or chosen.model):
        return chosen.price, f"profiles.{chosen.name}.price ({chosen.place})"
    found = price_for(settings.prices, provider.name, model)
    return found, "prices in your configuration" if found is not None else ""


def _document(
    view: PriceView, data: str, fetched_at: str | None, checked_on: str, others: list[PriceView]
) -> dict[str, Any]:
    return {
        "schema": "thinkdial.prices/1",
        "provider": view.provider,
        "model": view.model,
        "unit": "USD per million tokens",
        "own": [_row(row) for row in view.own],
        "own_source": view.own_source or None,
        "listed_as": view.card.listed_as if view.card else None,
        "table": [_row(row) for row in view.card.rows] if view.card else [],
        "table_data": data,
        "table_sources": list(view.card.sources) if view.card else [],
        "table_fetched_at": fetched_at,
        "corrections": [
            {"why": one.why, "sources": list(one.sources), "checked_on": one.checked_on}
            for one in (view.card.corrected if view.card else ())
        ],
        "uplifts": [
            {
                "factor": f"{one.uplift:f}",
                "hosts": list(one.hosts),
                "regions": list(one.regions),
                "why": one.why,
                "sources": list(one.sources),
                "checked_on": one.checked_on,
            }
            for one in (view.card.uplifts if view.card else ())
        ],
        "corrections_checked_on": checked_on,
        "also_priced_for": [other.provider for other in others],
    }


def _row(row: PriceRow) -> dict[str, Any]:
    """A row with every rate as it is applied; `published` names those that the list itself has."""
    from dataclasses import fields

    rates = {field.name: f"{getattr(row.rates, field.name):f}" for field in fields(row.rates)}
    return {
        "tier": row.tier,
        "above_tokens": row.above_tokens,
        "up_to_tokens": row.up_to_tokens,
        "hours_utc": row.hours,
        "since": row.since,
        **rates,
        "published": sorted(row.published),
    }
