"""An id -> its card: the host's own, else what its parts say about it, spoken in the words of the host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from msgspec.structs import replace

from ...providers.errors import ConfigError
from ...providers.think import Level
from .. import facts
from ..card import Control, ModelCard, Spelling
from ..provider import Provider, VendorWords
from ..updates.stored import stored_facts
from .card_file import read_card, read_pattern
from .id_pattern import fits
from .model_id import IdReading, is_opaque, readings
from .vendors import Maker, vendors

_ELSEWHERE = "*"
"""In `speaks`: every vendor that has no entry of its own."""


def card_for(provider: Provider, model: str, spellings: Mapping[str, Spelling] | None = None) -> ModelCard:
    """The card of `model` at this provider.

    Where no card there covers it (`known` is False), it is what the parts of the id say, `basis` says which, and the
    provider's stand-in where they say nothing.
    """
    name = model.removeprefix("models/")
    if (card := _newer(provider, name) or facts.card_named(provider, name)) is not None:
        return card
    for reading in _read(name):
        if (card := facts.card_named(provider, reading.name)) is not None:
            if reading.why is None:
                return card
            return replace(card, known=False, basis=f"taken for {reading.name} ({reading.why})")
    if is_opaque(name):
        why = "its id does not say which model it is; known_as in a profile does"
        return replace(provider.unknown_model, basis=why)
    return _of_vendor(provider, name, facts.spellings() if spellings is None else spellings)


def _newer(provider: Provider, name: str) -> ModelCard | None:
    """The card of the fact file in use; None where it has none, or one that this version cannot read."""
    found = stored_facts()
    listed = None if found is None else found.root.section("cards")
    if found is None or listed is None or provider.name not in listed or not facts.is_shipped(provider):
        return None
    try:
        for section in listed.sections(provider.name):
            if fits(read_pattern(section), name):
                card = read_card(section, found.date, known_spellings=facts.spellings())
                return replace(card, home=provider.name)
    except ConfigError:
        return None
    return None


def names_of(model: str) -> tuple[str, ...]:
    """The names under which `model` may be listed, the nearest to what is written first."""
    name = model.removeprefix("models/")
    return (name, *(reading.name for reading in _read(name) if reading.why is None))


@cache
def _read(name: str) -> tuple[IdReading, ...]:
    return readings(name, vendors().words)


def _of_vendor(provider: Provider, name: str, spellings: Mapping[str, Spelling]) -> ModelCard:
    """What is known of the vendor's model, or of its models in general, as this host would steer it."""
    found = vendors()
    vendor: Maker | None = None
    for reading in (*_read(name), IdReading(name)):
        made_by = found.listed.get(reading.vendor or "") or found.maker_of(reading.name)
        vendor = vendor or made_by
        for spelled in _spellings_of(reading.name):
            card = _vendor_card(made_by, spelled)
            if card is not None:
                whose = f"{made_by.name}'s {spelled}" if made_by is not None else spelled
                why = f" ({reading.why})" if reading.why else ""
                return _spoken(card, provider, made_by, f"taken for {whose}{why}", spellings)
    if vendor is None or vendor.cards is None:
        return _spoken_or_stand_in(provider, vendor)
    if vendor.cards == provider.name:
        return provider.unknown_model
    general = facts.shipped_provider(vendor.cards).unknown_model
    return _spoken(general, provider, vendor, f"taken for one of {vendor.name}'s usual models", spellings)


def _spellings_of(name: str) -> Iterator[str]:
    """A name as different hosts write it: in lower case, versions with a dot, a dash or a `p` between their numbers."""
    seen = {name: None}
    for form in (name.lower(), _between_digits(name.lower(), ".", "-"), _between_digits(name.lower(), "-", ".", most=1),
                 _between_digits(name.lower(), "p", ".")):  # fmt: skip
        seen.setdefault(form)
    yield from seen


def _between_digits(name: str, old: str, new: str, *, most: int = 99) -> str:
    written = list(name)
    for index in range(1, len(name) - 1):
        if most and name[index] == old and name[index - 1].isdigit() and name[index + 1].isdigit():
            written[index], most = new, most - 1
    return "".join(written)


def _vendor_card(vendor: Maker | None, name: str) -> ModelCard | None:
    """The vendor's own card, else that of a line of models that nobody's API has."""
    found = vendors()
    if (line := found.line_of(name)) is not None:
        return line
    if vendor is None or vendor.cards is None:
        return None
    return facts.card_named(facts.shipped_provider(vendor.cards), name, any_case=True)


def _spoken_or_stand_in(provider: Provider, vendor: Maker | None) -> ModelCard:
    words = None if vendor is None else _words(provider, vendor)
    if words is not None and not words.dialects:
        return _unsteered(replace(provider.unknown_model, basis=None))
    return provider.unknown_model


def _unsteered(card: ModelCard) -> ModelCard:
    """The card of a model that this host has no words for, as far as anybody knows."""
    return replace(
        card,
        control="unknown",
        levels=(),
        can_be_off=False,
        off=None,
        absent=None,
        budget=None,
        spelling={},
        basis=f"{card.basis}; nothing is known about how it is steered here" if card.basis else None,
    )


def _words(provider: Provider, vendor: Maker | None) -> VendorWords | None:
    if vendor is None:
        return None
    return provider.speaks.get(vendor.name) or provider.speaks.get(_ELSEWHERE)


def _spoken(
    card: ModelCard, provider: Provider, vendor: Maker | None, basis: str, spellings: Mapping[str, Spelling]
) -> ModelCard:
    """The vendor's card, on the routes and in the words of the host; limits and defaults are the vendor's alone."""
    stand_in, words = provider.unknown_model, _words(provider, vendor)
    own = vendor is not None and vendor.cards is not None and vendor.cards in (provider.name, *provider.models)
    routes = tuple(words.dialects) if words is not None else (card.dialects if own else stand_in.dialects)
    if provider.dialect in routes:
        routes = (provider.dialect, *(route for route in routes if route != provider.dialect))
    kept = replace(
        card,
        match=stand_in.match,
        example=stand_in.example,
        dialects=routes,
        output_limit_covers_thinking=(card if own else stand_in).output_limit_covers_thinking,
        retires=None,
        retired=None,
        home=None,
        known=False,
        basis=basis,
        unverified=(),
        refuses_always=_refused(card.refuses_always, words, own),
        refuses_thinking=_refused(card.refuses_thinking, words, own),
        absent=card.absent if own or words is not None else None,
        min_output_limit=stand_in.min_output_limit,
        inline_think=None,
    )
    if card.control == "none":
        return replace(kept, absent="off", spelling={})
    if card.control in ("fixed", "unknown"):
        return replace(kept, spelling={})
    if own and words is None:
        return kept
    if words is not None:
        spelled = {route: by.get(card.control) or next(iter(by.values())) for route, by in words.dialects.items() if by}
    else:
        spelled = dict(stand_in.spelling)
    usual = spelled.get(provider.dialect) or next(iter(spelled.values()), None)
    if usual is None:
        return _unsteered(kept)
    return _steered(kept, stand_in, spelled, spellings[usual], cited=words is not None)


def _steered(
    card: ModelCard, stand_in: ModelCard, spelled: Mapping[str, str], spelling: Spelling, *, cited: bool
) -> ModelCard:
    """The card by the means that the host's spelling has: its own, else the nearest that the host is known to take."""
    control: Control = card.control
    levels, budget = card.levels, card.budget if spelling.budget else None
    if control == "effort" and spelling.level:
        levels = card.levels if cited else _common(card.levels, stand_in.levels)
    elif control == "budget" and budget is not None:
        levels = ()
    elif spelling.on and not spelling.level:
        control, levels, budget = "switch", (), None
    elif spelling.level and stand_in.levels:
        control, levels = "effort", stand_in.levels
    elif spelling.budget and stand_in.budget is not None:
        control, levels, budget = "budget", (), stand_in.budget
    else:
        return _unsteered(card)
    return replace(
        card,
        control=control,
        levels=levels,
        budget=budget,
        can_be_off=card.can_be_off and bool(spelling.off),
        off=card.off if set(spelled.values()) <= set(card.spelling.values()) else None,
        spelling=spelled,
    )


def _common(levels: tuple[Level, ...], usual: tuple[Level, ...]) -> tuple[Level, ...]:
    return tuple(level for level in levels if level in usual) or levels


def _refused(paths: tuple[str, ...], words: VendorWords | None, own: bool) -> tuple[str, ...]:
    if words is None:
        return paths if own else ()
    return (*paths, *(words.refuses[path] for path in paths if path in words.refuses))
