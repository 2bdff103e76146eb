"""What was looked up as JSON documents: which profiles are ready, what models are known, what was fetched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...profiles.profile import Profile
    from .catalogues import Refreshed
    from .fact_update import NewFacts
    from .known_models import KnownModel
    from .price_update import PriceUpdate
    from .probe import Online
    from .profile_check import CheckedProfile

MODELS_SCHEMA = "thinkdial.models/1"
REFRESH_SCHEMA = "thinkdial.refresh/1"
FACTS_STATUS_SCHEMA = "thinkdial.facts-status/1"
NEW_FACTS_SCHEMA = "thinkdial.facts-diff/1"
PRICE_UPDATE_SCHEMA = "thinkdial.prices-update/1"
CHECK_SCHEMA = "thinkdial.profiles.check/1"


def models_document(models: Iterable[KnownModel]) -> dict[str, Any]:
    """`thinkdial.models/1`: what the cards say of each model."""
    return {"schema": MODELS_SCHEMA, "models": [_model(one) for one in models]}


def refresh_document(asked: Iterable[Refreshed]) -> dict[str, Any]:
    """`thinkdial.refresh/1`: what came of each provider that was asked."""
    return {"schema": REFRESH_SCHEMA, "providers": [_refreshed(one) for one in asked]}


def price_update_document(done: PriceUpdate) -> dict[str, Any]:
    """`thinkdial.prices-update/1`: the table before and after."""
    return {
        "schema": PRICE_UPDATE_SCHEMA,
        "before": done.before.words,
        "after": done.after.words,
        "fetched_at": done.after.fetched_at,
        "path": str(done.path),
    }


def facts_status_document() -> dict[str, Any]:
    """`thinkdial.facts-status/1`: the days of the shipped facts, and the fact file in use."""
    from ...profiles import facts
    from ...profiles.cards.retirement import listed_ends
    from ...profiles.price_corrections import corrections
    from ...profiles.updates.stored import facts_file, stored_facts, stored_problem

    files = {name for provider in facts.providers().values() for name in provider.models}
    days = [card.checked_on or "" for name in files for card in facts.cards(name)]
    used = stored_facts()
    cards = used.root.section("cards") if used is not None else None
    return {
        "schema": FACTS_STATUS_SCHEMA,
        "shipped_checked_on": max(days),
        "prices_checked_on": corrections().checked_on,
        "retirements_checked_on": max(listed_ends(name).checked_on for name in facts.provider_names()),
        "in_use": None
        if used is None
        else {
            "date": used.date,
            "source": used.source,
            "sha256": used.sha256,
            "stored_at": used.stored_at,
            "path": str(facts_file()),
            "cards": sum(len(cards.sections(name)) for name in cards) if cards is not None else 0,
            "prices": len(used.root.sections("prices")),
            "retirements": len(used.root.sections("retirements")),
        },
        "problem": stored_problem(),
    }


def new_facts_document(new: NewFacts) -> dict[str, Any]:
    """`thinkdial.facts-diff/1`: what a newer fact file changes, in words."""
    return {
        "schema": NEW_FACTS_SCHEMA,
        "date": new.file.date,
        "source": new.source,
        "sha256": new.sha256,
        "hashed": new.hashed,
        "changes": list(new.changes),
        "falls_by_half": list(new.falls),
    }


def check_document(checked: Iterable[CheckedProfile], *, online: bool, rest: Iterable[Profile] = ()) -> dict[str, Any]:
    """`thinkdial.profiles.check/1`: with `online` also what each provider answered. `rest` was not looked at."""
    return {
        "schema": CHECK_SCHEMA,
        "profiles": [_checked(one, online=online) for one in checked],
        "not_configured": [profile.name for profile in rest],
    }


def _checked(one: CheckedProfile, *, online: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "profile": one.profile.name,
        "provider": one.profile.provider,
        "model": one.profile.model,
        "ready": one.is_ready,
        "state": one.state,
        "key": one.candidate.source,
        "problem": one.problem,
        "hint": one.hint,
        "model_ends": one.ending,
    }
    if online:
        document["online"] = None if one.online is None else _answered(one.online)
    return document


def _answered(answer: Online) -> dict[str, Any]:
    return {
        "host": answer.host,
        "answers": answer.answers,
        "key": answer.key,
        "model_listed": answer.listed,
        "did_you_mean": answer.near,
        "answered_s": None if answer.answered_s is None else round(answer.answered_s, 3),
        "note": answer.note,
    }


def _model(one: KnownModel) -> dict[str, Any]:
    card, end = one.card, one.retirement
    return {
        "provider": one.provider.name,
        "model": card.example,
        "match": card.match,
        "control": card.control,
        "levels": [level.value for level in card.levels],
        "budget": None if card.budget is None else {"min": card.budget.min, "max": card.budget.max},
        "can_be_off": card.can_be_off,
        "when_absent": card.absent,
        "visibility": card.visibility,
        "context_tokens": card.context_tokens,
        "max_output_tokens": card.max_output_tokens,
        "retired": None if end is None else end.on,
        "ends": None
        if end is None
        else {"on": end.on, "then": end.then, "successor": end.successor, "confirmed": end.confirmed},
        "notes": card.notes,
        "unverified": list(card.unverified),
        "sources": list(card.sources),
        "checked_on": card.checked_on,
    }


def _refreshed(one: Refreshed) -> dict[str, Any]:
    document: dict[str, Any] = {"provider": one.provider, "models": one.models, "error": one.error}
    return document if one.path is None else document | {"path": str(one.path)}
