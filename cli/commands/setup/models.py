"""`thinkdial models`: what is known about the models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...options import AsJson, ConfigFile

if TYPE_CHECKING:
    from ....profiles.card import ModelCard
    from ....profiles.config import Config
    from ....profiles.provider import Provider

    Known = tuple[Provider, ModelCard]


def models(
    pattern: Annotated[
        str | None,
        typer.Argument(metavar="PATTERN", help="Part of a name, or a whole model id; or the word refresh."),
    ] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", "-p", metavar="NAME", help="Only this provider.")
    ] = None,
    can: Annotated[
        str | None, typer.Option("--can", metavar="VALUE", help="Only models that take this think value as it is.")
    ] = None,
    budget: Annotated[bool, typer.Option("--budget", help="Only models that take a token budget.")] = False,
    max_price: Annotated[
        float | None,
        typer.Option(
            "--max-price",
            metavar="USD",
            min=0,
            help="Only models whose output costs at most this per million.",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Retired models too.")] = False,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List known models: levels, budgets, default, can it be off, visibility, context, price.

    For the whole id of a model it shows how every value of the dial would be translated. `thinkdial models refresh`
    asks the providers (-p for one) what their models take, remembers it with its date, and plans by it from then on.

    Example:  thinkdial models claude-opus-5-5
    """
    from ....profiles.config import load
    from ....profiles.published import laid_over, stored
    from ....providers.errors import UsageError
    from ...formats import json_text
    from ...output import console, emit, rendered, say
    from ...views.setup.model_cards import model_table, model_view

    settings = load(config)
    if provider is not None:
        settings.provider(provider)
    if pattern == "refresh":
        from .models_refresh import refresh_models

        refresh_models(settings, provider, json=json)
        return
    found = _matching(settings.providers, pattern, provider, everything=everything)
    found = _filtered(found, settings, can=can, budget=budget, max_price=max_price)
    if not found:
        raise UsageError(
            f"no known model matches {pattern!r}" if pattern else "no model is known here",
            hint="a model that is not listed can still be called; its provider's usual fields are used then",
        )
    if json:
        emit(json_text({"schema": "thinkdial.models/1", "models": [_document(entry) for entry in found]}))
        return
    width = console().width
    if len(found) > 1 and not all(pattern is not None and card.matches(pattern) for _, card in found):
        emit(rendered(model_table(found, width)))
        return
    shown, card = found[0]
    card, published = laid_over(card, pattern or card.example, stored(shown.name))
    emit(rendered(model_view(shown, card, settings.reference, width, pattern)))
    if published:
        say(f"note: {published}")
    if others := [provider.name for provider, _ in found[1:]]:
        say(f"also served by {', '.join(others)}: pass -p {others[0]} to see it there")


def _matching(providers: Any, pattern: str | None, only: str | None, *, everything: bool) -> list[Known]:
    from datetime import UTC, datetime

    from ....profiles import facts

    today = datetime.now(UTC).date().isoformat()
    found: list[Known] = []
    exact: list[Known] = []
    for name, provider in providers.items():
        if only is not None and name != only:
            continue
        for file in provider.models:
            for card in facts.cards(file):
                if pattern is not None and card.matches(pattern):
                    exact.append((provider, card))
                gone = card.retired is not None and card.retired <= today
                if (pattern is None or pattern.lower() in card.example.lower()) and (everything or not gone):
                    found.append((provider, card))
    # The vendor itself before the clouds that serve its models as well.
    exact.sort(key=lambda entry: entry[0].name not in entry[0].models)
    return exact or found


def _filtered(
    found: list[Known], settings: Config, *, can: str | None, budget: bool, max_price: float | None
) -> list[Known]:
    """The models that take a think value as it is, that take budgets, and that cost no more than asked."""
    from datetime import UTC, datetime
    from decimal import Decimal

    from ....engine.costs.prices.list_price import list_price
    from ....engine.planning.capability import takes
    from ....providers.think import parse_think

    if can is not None:
        think = parse_think(can)
        found = [(provider, card) for provider, card in found if takes(think, provider, card, settings)]
    if budget:
        found = [(provider, card) for provider, card in found if card.budget is not None]
    if max_price is not None:
        most, now = Decimal(str(max_price)), datetime.now(UTC)
        priced = [(entry, list_price(entry[0].prices, entry[1].example, now)) for entry in found]
        found = [entry for entry, price in priced if price is not None and price.output_usd <= most]
    return found


def _document(entry: Known) -> dict[str, Any]:
    provider, card = entry
    return {
        "provider": provider.name,
        "model": card.example,
        "match": card.match.pattern,
        "control": card.control,
        "levels": [level.value for level in card.levels],
        "budget": None if card.budget is None else {"min": card.budget.min, "max": card.budget.max},
        "can_be_off": card.can_be_off,
        "when_absent": card.absent,
        "visibility": card.visibility,
        "context_tokens": card.context_tokens,
        "max_output_tokens": card.max_output_tokens,
        "retired": card.retired,
        "notes": card.notes,
        "unverified": list(card.unverified),
        "sources": list(card.sources),
        "checked_on": card.checked_on,
    }
