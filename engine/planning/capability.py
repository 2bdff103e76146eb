"""What a model takes: the planner's answer for one value of the dial, or for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ...profiles.card import ModelCard
from ...profiles.config import Config
from ...profiles.provider import DialectUse, Provider
from ...providers.registry import dialect
from ...providers.think import AUTO, Level, Think
from .plan import Fidelity, PlanContext, plan

SHOWN_BUDGET = Think(budget_tokens=4000)
"""The budget that stands for all of them in a list of what the dial becomes."""

DIAL = (AUTO, *(Think(level) for level in Level), SHOWN_BUDGET)


class DialRow(Struct, frozen=True):
    """What one value of the dial becomes: how well it is met, which fields are sent, and why."""

    think: Think
    fidelity: Fidelity
    native: Mapping[str, Any]
    note: str | None


class DialTable(Struct, frozen=True):
    """All values of the dial on one dialect."""

    dialect: str
    rows: tuple[DialRow, ...]


def takes(think: Think, provider: Provider, card: ModelCard, config: Config) -> bool:
    """Whether the model takes `think` as it is, on the dialect that it is usually called on, as far as is known."""
    usual = provider.dialect if not card.dialects or provider.dialect in card.dialects else card.dialects[0]
    confirmed = replace(card, unverified=())
    return plan(think, _context(provider, confirmed, card.example, usual, config)).fidelity == "exact"


def dials(provider: Provider, card: ModelCard, model: str, config: Config) -> tuple[DialTable, ...]:
    """What every value of the dial becomes for `model`, on each dialect that it is served on."""
    return tuple(
        DialTable(spoken, tuple(_row(think, _context(provider, card, model, spoken, config)) for think in DIAL))
        for spoken in provider.dialects
        if not card.dialects or spoken in card.dialects
    )


def _row(think: Think, context: PlanContext) -> DialRow:
    decided = plan(think, context)
    return DialRow(think, decided.fidelity, decided.native, decided.note)


def _context(provider: Provider, card: ModelCard, model: str, spoken: str, config: Config) -> PlanContext:
    spelling = card.spelling.get(spoken)
    return PlanContext(
        card=card,
        spelling=config.spellings[spelling] if spelling else None,
        reference=config.reference,
        model=model,
        limit_required=dialect(spoken).NEEDS_OUTPUT_LIMIT,
        refuses_levels=provider.dialects.get(spoken, DialectUse()).refuses_levels,
    )
