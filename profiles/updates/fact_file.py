"""The text of a fact file -> its cards, prices and retirements, checked as the shipped ones are and more.

It holds no address, header, key or native field beyond the spellings that are shipped: what it says decides how a call
is spoken to and priced, never where it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from ...providers.errors import did_you_mean
from .. import facts
from ..card import ModelCard
from ..cards.card_file import CARD_KEYS, check_pattern, read_card
from ..cards.retirement import ListedEnd, read_end
from ..price_corrections import Correction, read_newer
from ..sections.section import Section
from ..yaml_file import read_yaml

FORMAT = "1"
NO_CARD_KEYS = frozenset({"off"})
PRICE_KEYS = ("models", "since", "table_says", "like", "price", "terms", "why", "sources", "checked_on")
LONGEST_PATTERN = 300
DEAREST = Decimal(100_000)
_BACKTRACKING = re.compile(r"\)[*+{]|\\[1-9]|[*+}][*+{]")
"""What can make a short expression run for ever: a repeated group, a back reference, a repeated repetition."""


class FactFile(Struct, frozen=True):
    """What a fact file says, as of the ISO day `date`. Cards are by provider."""

    date: str
    cards: Mapping[str, tuple[ModelCard, ...]]
    prices: tuple[Correction, ...]
    ends: tuple[ListedEnd, ...]


def read_fact_file(text: str, name: str) -> FactFile:
    """Check the text of a fact file, which is not to be trusted. Raises `ConfigError` with the place of a mistake."""
    root = read_yaml(text, name)
    root.only(("thinkdial_facts", "date", "cards", "prices", "retirements"))
    if str(root.plain("thinkdial_facts")) != FORMAT:
        raise root.bad("thinkdial_facts", "is not 1: this is no fact file that this version can read")
    day = root.text("date") or ""
    try:
        date.fromisoformat(day)
    except ValueError:
        raise root.bad("date", "must be a day, as 2026-12-05") from None
    prices = tuple(_price(section, day) for section in root.sections("prices"))
    ends = tuple(map(_end, root.sections("retirements")))
    return FactFile(day, dict(_cards(root)), prices, ends)


def _end(section: Section) -> ListedEnd:
    _check_ids(section)
    return read_end(section)


def _check_ids(section: Section) -> None:
    """Raise `ConfigError` for ids that are no expression, or one that could take long."""
    pattern = section.text("match") or ""
    if not pattern or len(pattern) > LONGEST_PATTERN or _BACKTRACKING.search(pattern):
        raise section.bad("match", "is no simple pattern of ids")
    check_pattern(section)


def cards_of(root: Section, provider: str) -> tuple[ModelCard, ...]:
    """The cards of one provider in a fact file."""
    listed = root.section("cards")
    return () if listed is None else tuple(_card(one, provider, root) for one in listed.sections(provider))


def _cards(root: Section) -> Iterator[tuple[str, tuple[ModelCard, ...]]]:
    listed = root.section("cards")
    for provider in listed or ():
        if provider not in facts.provider_names() and listed is not None:
            known = facts.provider_names()
            raise listed.bad(provider, f"is no provider that is shipped{did_you_mean(provider, known)}")
        yield provider, cards_of(root, provider)


def _card(section: Section, provider: str, root: Section) -> ModelCard:
    section.only([key for key in CARD_KEYS if key not in NO_CARD_KEYS])
    _check_ids(section)
    if not section.texts("sources"):
        raise section.bad("sources", "are missing")
    card = read_card(section, root.text("date"), known_spellings=facts.spellings())
    return replace(card, home=provider)


def _price(section: Section, day: str) -> Correction:
    section.only(PRICE_KEYS)
    one = read_newer(section, day)
    price = one.price
    amounts = [] if price is None else [price.input, price.output, price.cached_input or Decimal(0)]
    if any(amount > DEAREST for amount in amounts):
        raise section.bad("price", "is dearer than anything is")
    return one
