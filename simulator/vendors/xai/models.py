"""The models of xAI, as data. This table is the simulator's own and is shared with nobody.

State of the vendor's documentation in November 2026: https://docs.x.ai/docs/models,
https://docs.x.ai/developers/pricing
"""

from __future__ import annotations

from ...answers.thinking import LOW_TO_HIGH
from ...openai_family.hosted_model import HostedModel

GROKS = (
    HostedModel("grok-4.7", (*LOW_TO_HIGH, "xhigh"), "high", 20_000, 60_000, 0.8),
    HostedModel("grok-4.6", (*LOW_TO_HIGH, "xhigh"), "high", 20_000, 60_000, None),
    HostedModel("grok-4.5", (*LOW_TO_HIGH, "xhigh"), "high", 20_000, 60_000, 0.8),
    HostedModel("grok-4.3", ("none", *LOW_TO_HIGH), "low", 12_500, 25_000, 0.8),
    HostedModel("grok-4.20-reasoning", (), "medium", 12_500, 25_000, 0.8),
    HostedModel("grok-4.20-non-reasoning", (), "none", 12_500, 25_000, 0.8),
    HostedModel("grok-build-0.1", (), "medium", 10_000, 20_000, 0.8),
)

_GROK_NAMES = {model.id: model for model in GROKS}


def find_grok(model: str) -> HostedModel | None:
    """The xAI model with this id, or None."""
    return _GROK_NAMES.get(model)
