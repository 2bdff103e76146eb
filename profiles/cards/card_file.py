"""The YAML of model cards, with every complaint at its place."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import cast, get_args

from msgspec import Struct
from msgspec.structs import replace

from ...providers import registry
from ...providers.errors import did_you_mean
from ...providers.schema import Visibility
from ...providers.think import Level
from ..card import AfterEnd, BudgetRange, Control, ModelCard
from ..sections.section import Section
from .id_pattern import beginnings

CARD_KEYS = (
    "match", "example", "control", "levels", "can_be_off", "off", "absent", "budget", "visibility", "spelling",
    "refuses_always", "refuses_thinking", "dialects", "context_tokens", "max_output_tokens", "min_output_limit",
    "output_limit_covers_thinking", "token_percent", "retires", "retired", "successor",
    "then", "notes", "unverified", "sources",
    "inline_think",
)  # fmt: skip


class CardFile(Struct, frozen=True):
    """The cards of one file, and what the ids begin with that each of them names."""

    cards: tuple[ModelCard, ...]
    begins: tuple[tuple[str, ...], ...]


def read_cards(root: Section, known_spellings: Collection[str]) -> CardFile:
    """All cards of a file. Raises `ConfigError` with the place of what is wrong."""
    root.only(("provider", "checked_on", "models", "inline_think"))
    day, said, home = root.text("checked_on"), root.flag("inline_think"), root.text("provider")
    cards = tuple(
        replace(read_card(section, day, known_spellings=known_spellings, inline_think=said), home=home)
        for section in root.sections("models")
    )
    return CardFile(cards, tuple(beginnings(card.match) for card in cards))


def read_card(
    section: Section,
    checked_on: str | None,
    *,
    known_spellings: Collection[str],
    known: bool = True,
    inline_think: bool | None = None,
    more_keys: tuple[str, ...] = (),
    partial: bool = False,
) -> ModelCard:
    """One card. A `partial` one need not say how the model is steered.

    Raises `ConfigError` with the place of what is wrong.
    """
    section.only((*CARD_KEYS, *more_keys))
    control = section.choice("control", get_args(Control))
    if control is None and not partial:
        raise section.bad("control", "is missing")
    spelled = {key: str(name) for key, name in section.mapping("spelling").items()}
    for spoken, name in spelled.items():
        if name not in known_spellings:
            raise section.bad("spelling", f"{name!r} is not a spelling{did_you_mean(name, known_spellings)}")
        check_dialect(section, "spelling", spoken)
    return ModelCard(
        match=read_pattern(section),
        example=section.text("example") or "",
        control=cast("Control", control or "effort"),
        levels=read_levels(section),
        can_be_off=section.flag("can_be_off") or False,
        off=section.mapping("off") or None,
        absent=section.choice("absent", ("on", *Level)),
        budget=_budget(section.section("budget")),
        visibility=cast("Visibility", section.choice("visibility", get_args(Visibility)) or "none"),
        spelling=spelled,
        refuses_always=section.texts("refuses_always"),
        refuses_thinking=section.texts("refuses_thinking"),
        dialects=section.texts("dialects"),
        context_tokens=section.whole("context_tokens"),
        max_output_tokens=section.whole("max_output_tokens"),
        min_output_limit=section.whole("min_output_limit"),
        output_limit_covers_thinking=section.flag("output_limit_covers_thinking") is not False,
        token_percent=section.whole("token_percent", least=1) or 100,
        retires=check_end(section, "retires"),
        retired=check_end(section, "retired"),
        successor=section.text("successor"),
        then=cast("AfterEnd", section.choice("then", get_args(AfterEnd)) or "refused"),
        notes=section.text("notes"),
        unverified=section.texts("unverified"),
        sources=section.texts("sources"),
        checked_on=checked_on,
        inline_think=inline_think if (said := section.flag("inline_think")) is None else said,
        known=known,
    )


def contradiction(card: ModelCard) -> str | None:
    """Why these facts cannot all be true of a model, in words; None where they can."""
    levels, budget = card.levels, card.budget
    problems = {
        "effort needs levels": card.control == "effort" and not levels,
        "budget needs a budget with min and max, and has no levels": card.control == "budget"
        and (budget is None or bool(levels)),
        f"{card.control} takes no levels and no budget": card.control in ("fixed", "none", "switch")
        and (bool(levels) or budget is not None),
        "fixed cannot be off": card.control == "fixed" and card.can_be_off,
        "it needs spelling: {DIALECT: SPELLING}": card.control in ("effort", "budget") and not card.spelling,
        "absent is off, so can_be_off must be true": card.absent == "off" and not card.can_be_off,
        f"absent is {card.absent}, which is none of its levels": card.absent not in (None, "on", "off", *levels),
        "budget.max must be below max_output_tokens": budget is not None
        and budget.below_output_limit
        and card.max_output_tokens is not None
        and budget.max >= card.max_output_tokens,
        "max_output_tokens is more than context_tokens": (card.max_output_tokens or 0) > (card.context_tokens or 10**9),
    }
    return next((words for words, is_so in problems.items() if is_so), None)


def read_pattern(section: Section) -> str:
    """The ids that a card is about, as a regular expression. One from outside needs `check_pattern` as well."""
    return section.text("match") or ".*"


def check_pattern(section: Section) -> None:
    """Raise `ConfigError` where the ids of a card are no regular expression."""
    try:
        re.compile(read_pattern(section))
    except re.error as error:
        raise section.bad("match", f"is no regular expression: {error}") from None


def read_levels(section: Section) -> tuple[Level, ...]:
    """The thinking levels under `levels`, in rising order. Raises `ConfigError`."""
    listed = section.texts("levels")
    for word in listed:
        if word not in list(Level):
            raise section.bad("levels", f"{word!r} is not a level{did_you_mean(word, list(Level))}")
    levels = tuple(Level(word) for word in listed)
    if list(levels) != sorted(levels, key=list(Level).index) or Level.OFF in levels:
        raise section.bad("levels", "must be thinking levels in rising order")
    return levels


def _budget(section: Section | None) -> BudgetRange | None:
    if section is None:
        return None
    section.only(("min", "max", "below_output_limit"))
    least, most = section.whole("min"), section.whole("max")
    if least is None or most is None or least > most:
        raise section.bad("min", "a budget needs min and max, min not above max")
    return BudgetRange(least, most, section.flag("below_output_limit") or False)


def check_end(section: Section, key: str) -> str | None:
    """The day, or the year, at `key`. Raises `ConfigError` for anything else."""
    written = section.text(key)
    if written is None or re.fullmatch(r"20\d\d", written):
        return written
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        raise section.bad(key, "must be a day such as 2027-01-31, or a year") from None


def check_dialect(section: Section, key: str, name: str) -> None:
    """Raise `ConfigError` at `key` when nobody speaks the dialect `name`."""
    if not registry.is_known(name):
        known = registry.names()
        raise section.bad(key, f"{name!r} is not a dialect{did_you_mean(name, known)}", f"use {', '.join(known)}")
