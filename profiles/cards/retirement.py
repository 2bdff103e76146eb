"""When a model ends at a provider, what the provider does then, and how that is told.

`data/retirements/PROVIDER.yaml` lists it; it goes before what a card says, and only for its provider: clouds have dates
of their own. Of an entry `match` are the ids as a regular expression (any way to write one that means the same is
found), `retires` the announced day, `retired` the day since when it is gone, or the year where nobody says more, `then`
is refused (the default) or rerouted: the successor answers under the old name, at its own price. With `unverified:
[date]` the provider itself does not say so: that is told, and never a reason to refuse.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import cast, get_args

from msgspec import Struct
from msgspec.structs import replace

from ...providers.errors import ConfigError
from .. import facts
from ..card import AfterEnd, ModelCard
from ..sections.section import Section
from ..updates.stored import stored_facts
from .card_file import check_end
from .id_pattern import fits
from .resolution import names_of

TOLD_DAYS = 180
"""Calls tell of an end that is no more than so many days away; lists of models tell of all."""


class Retirement(Struct, frozen=True):
    """The end of a model at one provider: `on` a day, or in a year, as ISO text.

    `confirmed` is False where the provider itself does not say so; nothing is refused then.
    """

    on: str
    successor: str | None = None
    then: AfterEnd = "refused"
    confirmed: bool = True
    sources: tuple[str, ...] = ()

    def has_ended(self, today: date) -> bool:
        """Whether the last day is over."""
        return self.on < today.isoformat()

    def days_left(self, today: date) -> int:
        """Days until the end, negative afterwards; until the end of the year where only that is known."""
        return (date.fromisoformat(self.on if len(self.on) > 4 else f"{self.on}-12-31") - today).days

    @property
    def answers(self) -> str | None:
        """The model that answers under the old name once it has ended; None where nothing does."""
        return self.successor if self.then == "rerouted" and self.confirmed else None

    def is_refused(self, today: date) -> bool:
        """Whether a call is sure to fail."""
        return self.then == "refused" and self.confirmed and self.has_ended(today)

    def words(self, model: str, today: date) -> str:
        """What people should know of it."""
        when = f"on {self.on}" if len(self.on) > 4 else f"in {self.on}"
        left = self.days_left(today)
        soon = "today" if left == 0 else "tomorrow" if left == 1 else f"in {left} days"
        ended = self.has_ended(today)
        if self.then == "rerouted" and self.successor:
            if ended:
                return f"{model} ended {when}: {self.successor} answers in its place, at its own price"
            return f"{model} ends {when} ({soon}): then {self.successor} answers in its place, at its own price"
        said = f"stopped answering {when}" if ended else f"stops answering {when} ({soon})"
        if not self.confirmed:
            said = said.replace("stopped", "is said to have stopped").replace("stops", "is said to stop")
            said += "; its provider does not confirm the date"
        return f"{model} {said}{f'; use {self.successor}' if self.successor else ''}"


class ListedEnd(Struct, frozen=True):
    """A retirement at `provider`, and the ids of the models that it is about."""

    provider: str
    match: str
    retirement: Retirement


class ListedEnds(Struct, frozen=True):
    """Those of one provider, and the day on which they were checked, empty where there are none."""

    checked_on: str = ""
    listed: tuple[ListedEnd, ...] = ()


@cache
def listed_ends(provider: str) -> ListedEnds:
    """The shipped ones of `provider`, behind those of a newer fact file."""
    try:
        shipped = facts.read_packaged(
            f"retirements/{provider}.yaml", ListedEnds, lambda root: read_ends(root, provider)
        )
    except OSError:
        shipped = ListedEnds()
    newer = tuple(end for end in _newer() if end.provider == provider)
    return replace(shipped, listed=(*newer, *shipped.listed)) if newer else shipped


def _newer() -> tuple[ListedEnd, ...]:
    """Those of the fact file in use; none where this version cannot read them."""
    found = stored_facts()
    try:
        return () if found is None else tuple(read_end(one) for one in found.root.sections("retirements"))
    except ConfigError:
        return ()


def read_ends(root: Section, provider: str) -> ListedEnds:
    """The retirements of `provider` from YAML. Raises `ConfigError` with the place of what is wrong."""
    root.only(("checked_on", "retirements"))
    listed = tuple(read_end(section, provider) for section in root.sections("retirements"))
    return ListedEnds(root.text("checked_on") or "", listed)


def retirement_of(provider: str, model: str, card: ModelCard) -> Retirement | None:
    """What is known of the end of `model` at this provider; None where nothing is."""
    if card.is_users and (own := _of_card(card)) is not None:
        return own
    if listed := listed_ends(provider).listed:
        name = model.removeprefix("models/")
        is_its = card.known and (name == card.example or card.matches(name))
        names = (name,) if is_its else names_of(model)
        for end in listed:
            if any(fits(end.match, name) for name in names):
                return end.retirement
    return _of_card(card) if card.home == provider else None


def _of_card(card: ModelCard) -> Retirement | None:
    on = card.retired or card.retires
    if on is None:
        return None
    confirmed = not {"retirement date", "retired", "retires"} & set(card.unverified)
    return Retirement(on, card.successor, card.then, confirmed, card.sources)


def read_end(section: Section, provider: str | None = None) -> ListedEnd:
    """One retirement; without `provider` it names its own. Raises `ConfigError` for one that is not whole."""
    named = () if provider else ("provider",)
    section.only((*named, "match", "retires", "retired", "successor", "then", "unverified", "sources"))
    provider, match, sources = provider or section.text("provider"), section.text("match"), section.texts("sources")
    on = check_end(section, "retired") or check_end(section, "retires")
    if not provider or not match or on is None or not sources:
        raise section.bad("match", "a retirement needs a provider, match, a day and sources")
    then = cast("AfterEnd", section.choice("then", get_args(AfterEnd)) or "refused")
    successor = section.text("successor")
    if then == "rerouted" and successor is None:
        raise section.bad("then", "rerouted needs the successor that answers")
    confirmed = "date" not in section.texts("unverified")
    return ListedEnd(provider, match, Retirement(on, successor, then, confirmed, sources))
