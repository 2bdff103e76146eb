"""`models` of the configuration: cards of one's own, and corrections of the shipped ones, field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ...providers.errors import ConfigError, did_you_mean
from .. import facts
from ..card import ModelCard, Spelling
from ..price_list import read_price
from ..profile import Price
from ..provider import Provider
from ..sections.section import Section
from .card_file import CARD_KEYS, contradiction, read_card
from .id_pattern import fits_glob
from .resolution import card_for

OWN_KEYS = ("like", "price", *(key for key in CARD_KEYS if key not in ("match", "example")))
_STEERING = ("control", "levels", "can_be_off", "budget")


class OwnModel(Struct, frozen=True):
    """What the configuration says of the models that fit its name, `provider/model` or a pattern in lower case.

    `model` is the part behind the provider as it is written, `changes` are the fields of a card that it gives. The card
    of `like`, another model of the provider, is begun with.
    """

    place: str
    model: str
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    like: str | None = None
    price: Price | None = None

    def followed_by(self, later: OwnModel) -> OwnModel:
        """Both together: what a later file gives goes before."""
        changes = {**self.changes, **later.changes}
        return OwnModel(later.place, later.model, changes, later.like or self.like, later.price or self.price)


def read_models(
    section: Section,
    base: Mapping[str, OwnModel],
    providers: Callable[[str], Mapping[str, Provider]],
    spellings: Mapping[str, Spelling],
) -> Mapping[str, OwnModel]:
    """`models` of one file, laid over `base`. `providers` gives the known providers, asked for one by its name.

    Raises `ConfigError` for what no card could say.
    """
    found = dict(base)
    for name in section:
        provider, slash, model = name.partition("/")
        if not slash or not provider or not model:
            raise section.bad(name, "must be provider/model", "for instance openai/gpt-7, or xai/grok-5*")
        if provider not in (known_providers := providers(provider)):
            raise section.bad(name, f"{provider!r} is not a provider{did_you_mean(provider, known_providers)}")
        said = section.section(name)
        if said is None or not list(said):
            raise section.bad(name, "is empty; say what the model takes, or what it costs")
        one = _read(said, model, spellings)
        known = found.get(name.lower())
        found[name.lower()] = one if known is None else known.followed_by(one)
    return found


def with_own_prices(prices: Mapping[str, Price], models: Mapping[str, OwnModel]) -> Mapping[str, Price]:
    """`prices` and those that stand in `models`."""
    return {**prices, **{name: own.price for name, own in models.items() if own.price is not None}}


def corrected(
    card: ModelCard,
    provider: Provider,
    model: str,
    models: Mapping[str, OwnModel],
    spellings: Mapping[str, Spelling],
) -> ModelCard:
    """`card` of `model` as the configuration has it. Raises `ConfigError` where the two contradict each other."""
    for name in fitting(f"{provider.name}/{model}".lower(), models):
        own = models[name]
        if own.like is not None:
            others = {other: one for other, one in models.items() if other != name}
            begun = card_for(provider, own.like, spellings)
            card = corrected(begun, provider, own.like, others, spellings)
            if not card.known:
                raise ConfigError(f"{own.place}: models.{name}.like: {own.like!r} is not a known model here")
        if own.changes or own.like is not None:
            card = _changed(card, own, provider, model, spellings)
    return card


def own_names(provider: str, models: Mapping[str, OwnModel]) -> list[str]:
    """The models of the provider that the configuration names, patterns left out."""
    begins = f"{provider.lower()}/"
    return [own.model for name, own in models.items() if name.startswith(begins) and not set(own.model) & set("*?[")]


def fitting(name: str, patterns: Iterable[str]) -> list[str]:
    """The patterns that fit `name`, the nearest last."""
    found = [pattern for pattern in patterns if pattern == name or fits_glob(pattern, name)]
    return sorted(found, key=lambda pattern: (pattern == name, len(pattern)))


def spelled_out(card: ModelCard, routes: Iterable[str], provider: Provider, spellings: Mapping[str, Spelling]) -> (
    ModelCard
):  # fmt: skip
    """The card with the usual spelling on each of `routes` where it names none of its own."""
    if card.control not in ("effort", "budget", "switch"):
        return card
    missing = [
        route for route in routes if route not in card.spelling and (not card.dialects or route in card.dialects)
    ]
    usual = {route: name for route in missing if (name := _usual(card, route, provider, spellings)) is not None}
    return replace(card, spelling={**card.spelling, **usual}) if usual else card


def _usual(card: ModelCard, route: str, provider: Provider, spellings: Mapping[str, Spelling]) -> str | None:
    for name in (provider.unknown_model.spelling.get(route), _usual_spellings().get(route, {}).get(card.control)):
        if name is not None and _can_say(spellings[name], card):
            return name
    return None


def _can_say(spelling: Spelling, card: ModelCard) -> bool:
    return bool({"effort": spelling.level, "budget": spelling.budget, "switch": spelling.on}[card.control])


@cache
def _usual_spellings() -> Mapping[str, Mapping[str, str]]:
    root = facts.packaged("usual_spellings.yaml")
    return {route: {key: str(value) for key, value in root.mapping(route).items()} for route in root}


def _read(section: Section, model: str, spellings: Mapping[str, Spelling]) -> OwnModel:
    section.only(OWN_KEYS)
    place = f"{section.place.file}:{section.place.line}"
    card = read_card(section, None, known_spellings=spellings, more_keys=("like", "price"), partial=True)
    changes = {key: getattr(card, key) for key in CARD_KEYS if key in section}
    return OwnModel(place, model, changes, section.text("like"), read_price(section.section("price")))


def _changed(
    card: ModelCard, own: OwnModel, provider: Provider, model: str, spellings: Mapping[str, Spelling]
) -> ModelCard:
    given = dict(own.changes)
    if "control" not in given:
        given |= _implied(card, given)
    stated = {*given, *(() if own.like is None else _STEERING)}
    if given.get("levels") or given.get("budget"):
        stated.add("control")
    sources = (*own.changes.get("sources", ()), own.place)
    made = replace(
        card,
        **{
            **_cleared(given.get("control", card.control), card),
            **given,
            "sources": sources,
            "example": model,
            "known": True,
            "basis": None,
            "is_users": True,
        },
    )
    if "absent" not in given and made.levels and made.absent not in (None, "on", "off", *made.levels):
        made = replace(made, absent=None)
    if "unverified" not in given:
        doubts = card.unverified if card.known else _STEERING
        left = [fact for fact in doubts if fact.partition(".")[0] not in stated and _matters(fact, made)]
        made = replace(made, unverified=tuple(left))
    made = spelled_out(made, provider.dialects, provider, spellings)
    usual = provider.dialect if not made.dialects or provider.dialect in made.dialects else made.dialects[0]
    problem = contradiction(made)
    if problem is None and made.control in ("effort", "budget") and usual not in made.spelling:
        problem = f"it needs spelling: {{{usual}: NAME}}, how the wish is written on {usual}"
    if problem is not None:
        raise ConfigError(f"{own.place}: models.{provider.name}/{model}: {problem}")
    return made


def _matters(fact: str, card: ModelCard) -> bool:
    """Whether a fact says something of a model that is steered as this one."""
    return not (
        (fact == "levels" and not card.levels)
        or (fact.startswith("budget") and card.budget is None)
        or (fact == "can_be_off" and card.control in ("none", "fixed"))
    )


def _implied(card: ModelCard, given: Mapping[str, Any]) -> dict[str, str]:
    """How a model is steered of which only levels, or only a range of budgets, are said."""
    if given.get("levels") and card.control != "effort":
        return {"control": "effort"}
    if given.get("budget") and card.control not in ("budget", "effort"):
        return {"control": "budget"}
    return {}


def _cleared(control: str, card: ModelCard) -> dict[str, Any]:
    """What a card must not keep when it is steered in another way than before."""
    if control == card.control:
        return {}
    none: dict[str, Any] = {"budget": None, "levels": (), "spelling": {}, "absent": None}
    match control:
        case "none":
            return {**none, "visibility": "none", "can_be_off": True, "absent": "off", "off": None}
        case "fixed":
            return {**none, "can_be_off": False, "off": None}
        case "effort":
            return {"absent": None} if card.absent == "on" else {}
        case _:
            return {**none, "budget": card.budget if control == "budget" else None}
