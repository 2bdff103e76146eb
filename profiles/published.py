"""What providers published about their models, as `models refresh` stored it, laid over the shipped cards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ..providers.json_values import count, items, obj, parse_json, text
from ..providers.think import Level
from .card import ModelCard
from .disk import cache_place, read_bounded, save_private

if TYPE_CHECKING:
    from ..providers.catalogue import Published
    from .profile import Price

SCHEMA = "thinkdial.published/1"
_PRICES = ("input", "output", "cached_input", "cache_write")
MOST_BYTES = 64 * 1024 * 1024


class PublishedModels(Struct, frozen=True):
    """One provider's catalogue and the day it was read (ISO date)."""

    provider: str
    read_on: str
    models: Mapping[str, Published]


def cache_directory() -> Path:
    """Where this system keeps what can be fetched again."""
    return cache_place() / "models"


def catalogue_file(provider: str, host: str | None = None) -> Path:
    """Where a catalogue is kept: the provider's own, or that of another host that speaks for it."""
    name = provider if host is None else f"{provider}@{re.sub(r'[^a-z0-9._-]', '_', host)}"
    return cache_directory() / f"{name}.json"


def store(found: PublishedModels, host: str | None = None) -> Path:
    """Write the catalogue to the cache. Raises `ConfigError` when that fails."""
    path = catalogue_file(found.provider, host)
    document = {
        "schema": SCHEMA,
        "provider": found.provider,
        "host": host,
        "read_on": found.read_on,
        "models": [_document(model) for model in found.models.values()],
    }
    save_private(path, json.dumps(document, indent=1) + "\n")
    return path


def stored(provider: str, host: str | None = None) -> PublishedModels | None:
    """The cached catalogue of `provider`, or of a `host` that speaks for it; None when there is none to be read."""
    try:
        document = obj(parse_json(read_bounded(catalogue_file(provider, host), MOST_BYTES)))
    except (OSError, ValueError):
        return None
    if document.get("schema") != SCHEMA:
        return None
    models = {entry.model: entry for entry in _published(items(document.get("models")))}
    return PublishedModels(provider, text(document.get("read_on")) or "", models)


def laid_over(card: ModelCard, model: str, found: PublishedModels | None) -> tuple[ModelCard, str | None]:
    """The card as the provider published it, and a note on what differs; the card itself where it says nothing.

    Levels are taken over only for models that are steered by levels. An unknown model becomes a known one when its
    catalogue says how it is steered.
    """
    entry = found.models.get(model) if found is not None else None
    if entry is None or found is None:
        return card, None
    changes: dict[str, Any] = {}
    if entry.levels is not None and card.control == "effort":
        changes["levels"] = entry.levels
    if entry.can_be_off is not None and card.control in ("effort", "switch"):
        changes["can_be_off"] = entry.can_be_off
    if entry.absent is not None:
        changes["absent"] = entry.absent
    if entry.context_tokens is not None:
        changes["context_tokens"] = entry.context_tokens
    if entry.max_output_tokens is not None:
        changes["max_output_tokens"] = entry.max_output_tokens
    if entry.retires is not None:
        changes |= {"retires": entry.retires, "home": found.provider}
    if entry.successor is not None:
        changes["successor"] = entry.successor
    if entry.takes_budget is False and card.budget is not None:
        if card.control == "effort":
            changes["budget"] = None
        elif card.control == "budget" and entry.levels and not card.known:
            changes |= {"control": "effort", "levels": entry.levels, "budget": None}
    if entry.thinks is False and not card.known:
        changes |= {"control": "none", "visibility": "none"}
    different = {key: value for key, value in changes.items() if getattr(card, key) != value}
    if not card.known and (entry.levels is not None or entry.thinks is False):
        different |= {"known": True, "match": re.escape(model), "example": model}
    if (card.known or "known" in different) and (doubts := _doubts(card, entry)) != card.unverified:
        different["unverified"] = doubts
    if not different:
        return card, None
    steering = sorted({"levels", "can_be_off", "absent", "control", "budget"} & different.keys())
    note = None
    if steering:
        note = f"{', '.join(steering)} as {found.provider} published it on {found.read_on}"
    return replace(card, **different), note


def _doubts(card: ModelCard, entry: Published) -> tuple[str, ...]:
    """What of the card no source confirms once the provider has published `entry`. All of a stand-in is in doubt."""
    steering = () if card.known else ("control", "levels", "can_be_off", *(("budget",) if card.budget else ()))
    said: set[str] = set()
    if entry.levels is not None and card.control == "effort":
        said |= {"control", "levels", *(word for level in Level for word in (level.value, f"the level {level.value}"))}
    if entry.can_be_off is not None:
        said |= {"can_be_off", "off"}
    if entry.thinks is False:
        said |= {"control", "levels", "can_be_off", "off", "budget", "budget.min", "budget.max"}
    return tuple(fact for fact in dict.fromkeys((*card.unverified, *steering)) if fact not in said)


def _document(model: Published) -> dict[str, Any]:
    return {
        "model": model.model,
        "thinks": model.thinks,
        "levels": None if model.levels is None else [level.value for level in model.levels],
        "can_be_off": model.can_be_off,
        "absent": model.absent,
        "context_tokens": model.context_tokens,
        "max_output_tokens": model.max_output_tokens,
        "takes_budget": model.takes_budget,
        "price": None if model.price is None else {kind: f"{usd:f}" for kind, usd in model.price.items()},
        "retires": model.retires,
        "successor": model.successor,
    }


def _published(entries: Iterable[Mapping[str, Any]]) -> Iterable[Published]:
    from ..providers.catalogue import Published, day, price_in

    for entry in entries:
        listed = entry.get("levels")
        thinks, off = entry.get("thinks"), entry.get("can_be_off")
        if name := text(entry.get("model")):
            yield Published(
                model=name,
                thinks=thinks if isinstance(thinks, bool) else None,
                levels=tuple(level for level in Level if level.value in listed) if isinstance(listed, list) else None,
                can_be_off=off if isinstance(off, bool) else None,
                absent=text(entry.get("absent")),
                context_tokens=count(entry.get("context_tokens")),
                max_output_tokens=count(entry.get("max_output_tokens")),
                takes_budget=budget if isinstance(budget := entry.get("takes_budget"), bool) else None,
                price=price_in(obj(entry.get("price")), *_PRICES, per=Decimal(1)),
                retires=day(entry.get("retires")),
                successor=text(entry.get("successor")),
            )


def published_price(model: str, found: PublishedModels | None) -> Price | None:
    """What the provider's own list says of `model`, in USD per million tokens; None where it says nothing."""
    from .profile import Price

    entry = found.models.get(model) if found is not None else None
    if entry is None or entry.price is None:
        return None
    said = entry.price
    return Price(said["input"], said["output"], said.get("cached_input"), said.get("cache_write"))
