"""What is known about models: those that a question fits, as rows for a list, and one of them in full."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from ...profiles import facts
from ...profiles.card import ModelCard
from ...profiles.cards.own_models import corrected, own_names
from ...profiles.cards.resolution import card_for
from ...profiles.cards.retirement import Retirement, retirement_of
from ...profiles.cards.vendors import vendors
from ...profiles.config import Config
from ...profiles.price_list import price_for
from ...profiles.provider import Provider
from ...profiles.published import laid_over, stored
from ...providers.errors import UsageError, did_you_mean
from ...providers.think import Think
from ..costs.prices.list_price import ListPrice, list_price
from ..costs.prices.quote import price_sources
from ..planning.capability import DialTable, dials, takes


class ModelQuestion(Struct, frozen=True):
    """Which models are meant: a part of a name or a whole id, of one provider, with what they can and cost.

    `can` is a think value that they take as it is, `most_usd` the most a million tokens of output may cost.
    """

    pattern: str | None = None
    provider: str | None = None
    can: Think | None = None
    takes_budget: bool = False
    most_usd: Decimal | None = None
    with_retired: bool = False


class KnownModel(Struct, frozen=True):
    """A model and who serves it, and until when."""

    provider: Provider
    card: ModelCard
    retirement: Retirement | None = None


class ModelRow(Struct, frozen=True):
    """A model in a list."""

    provider: str
    card: ModelCard
    price: ListPrice | None
    retirement: Retirement | None = None


class ModelSheet(Struct, frozen=True):
    """One model in full. `card_note` says what of the card was published by the provider, and when, `ending` when and
    how the model ends there."""

    provider: str
    model: str
    card: ModelCard
    price: ListPrice | None
    dials: tuple[DialTable, ...]
    card_note: str | None
    also_served_by: tuple[str, ...]
    ending: str | None = None


def find_models(question: ModelQuestion, config: Config, at: datetime) -> list[KnownModel]:
    """The models that fit; for a whole id those alone that it names, the vendor before the clouds.

    Raises `UsageError` when none does.
    """
    prices = None if question.most_usd is None else _ListPrices(config, at)
    found = [one for one in _named(question, config, at) if _fits(one, question, config, prices)]
    if not found:
        raise UsageError(
            f"no known model matches {question.pattern!r}{_near(question, config, at)}"
            if question.pattern
            else "no model is known here",
            hint="a model that is not listed can still be called; its provider's usual fields are used then",
        )
    return found


def _near(question: ModelQuestion, config: Config, at: datetime) -> str:
    """The known id that is most like the one that was asked for."""
    every = _named(replace(question, pattern=None), config, at)
    return did_you_mean(question.pattern or "", dict.fromkeys(one.card.example for one in every if one.card.example))


def is_one_model(found: Sequence[KnownModel], pattern: str | None) -> bool:
    """Whether all that was found is one model, whoever serves it."""
    return len(found) == 1 or all(pattern is not None and one.card.matches(pattern) for one in found)


def model_rows(found: Sequence[KnownModel], config: Config, at: datetime) -> list[ModelRow]:
    prices = _ListPrices(config, at)
    return [
        ModelRow(one.provider.name, one.card, prices.of(one.provider, one.card.example), one.retirement)
        for one in found
    ]


def model_sheet(found: Sequence[KnownModel], pattern: str | None, config: Config, at: datetime) -> ModelSheet:
    """The first of `found` in full, as its provider published it where that is known."""
    provider, card = found[0].provider, found[0].card
    if not card.is_users:
        card, card_note = laid_over(card, pattern or card.example, stored(provider.name))
    else:
        card_note = None
    model = pattern if pattern is not None and card.matches(pattern) else card.example
    end = retirement_of(provider.name, model, card)
    return ModelSheet(
        provider=provider.name,
        model=model,
        card=card,
        price=_ListPrices(config, at).of(provider, model),
        dials=dials(provider, card, model, config),
        card_note=card_note,
        also_served_by=tuple(one.provider.name for one in found[1:]),
        ending=None if end is None else end.words(model, at.date()),
    )


def _named(question: ModelQuestion, config: Config, at: datetime) -> list[KnownModel]:
    """The models of that name: those whose whole id it is, else those that it is a part of."""
    pattern, today = question.pattern, at.date()
    partly: list[KnownModel] = []
    exactly: list[KnownModel] = []
    for name, provider in config.providers.items():
        if question.provider is not None and name != question.provider:
            continue
        for card in _cards(provider, config):
            if pattern is not None and card.matches(pattern):
                exactly.append(KnownModel(provider, card, retirement_of(name, pattern, card)))
            end = retirement_of(name, card.example, card)
            is_gone = end is not None and end.confirmed and end.has_ended(today)
            has_part = pattern is None or pattern.lower() in card.example.lower()
            if has_part and (question.with_retired or not is_gone):
                partly.append(KnownModel(provider, card, end))
    exactly.sort(key=lambda one: (_far(one, pattern), one.provider.name not in one.provider.models))
    return exactly or partly


def _cards(provider: Provider, config: Config) -> Iterator[ModelCard]:
    """The provider's cards as the configuration has them, and the user's own."""
    listed: set[str] = set()
    for card in (card for file in provider.models for card in facts.cards(file)):
        listed.add(card.example)
        yield corrected(card, provider, card.example, config.models, config.spellings)
    for model in own_names(provider.name, config.models):
        card = card_for(provider, model, config.spellings)
        if card.example not in listed:
            found = corrected(card, provider, model, config.models, config.spellings)
            yield replace(found, match=re.escape(model))


def _far(one: KnownModel, pattern: str | None) -> int:
    return vendors().distance(one.provider.name, pattern or one.card.example)


def _fits(one: KnownModel, question: ModelQuestion, config: Config, prices: _ListPrices | None) -> bool:
    if question.can is not None and not takes(question.can, one.provider, one.card, config):
        return False
    if question.takes_budget and one.card.budget is None:
        return False
    if prices is None or question.most_usd is None:
        return True
    price = prices.of(one.provider, one.card.example)
    return price is not None and price.output_usd <= question.most_usd


class _ListPrices:
    """The list prices of many models: the user's own, else those of the table, which is asked for once."""

    def __init__(self, config: Config, at: datetime) -> None:
        self._own, self._at, self._among = config.prices, at, price_sources()

    def of(self, provider: Provider, model: str) -> ListPrice | None:
        own = price_for(self._own, provider.name, model)
        if own is not None:
            return ListPrice(own.input, own.output)
        return list_price(provider.prices, model, self._at, self._among)
