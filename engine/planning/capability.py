"""What a model takes as it is: the planner's answer, for one value of the dial."""

from __future__ import annotations

from ...profiles.card import ModelCard
from ...profiles.config import Config
from ...profiles.provider import Provider
from ...providers.registry import dialect
from ...providers.think import Think
from .plan import PlanContext, plan


def takes(think: Think, provider: Provider, card: ModelCard, config: Config) -> bool:
    """Whether the model takes `think` exactly, on the dialect that it is usually called on."""
    usual = provider.dialect if not card.dialects or provider.dialect in card.dialects else card.dialects[0]
    name = card.spelling.get(usual)
    context = PlanContext(
        card=card,
        spelling=config.spellings[name] if name else None,
        reference=config.reference,
        model=card.example,
        limit_required=dialect(usual).NEEDS_OUTPUT_LIMIT,
        refuses_levels=provider.dialects[usual].refuses_levels if usual in provider.dialects else (),
    )
    return plan(think, context).fidelity == "exact"
