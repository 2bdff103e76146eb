"""The limits that hold for a batch."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from ..runs.money import found_limits

if TYPE_CHECKING:
    from ...profiles.config import Config
    from ..costs.budget.limits import Limits
    from ..runs.money import CostOptions
    from .options import BatchOptions

LONGEST_CALL_S = 3600.0
"""For how long money is held back for a call, should whoever makes it be killed."""


def is_limited(cost: CostOptions, config: Config) -> bool:
    """Whether anything limits what a batch may cost."""
    return cost.max_cost_usd is not None or config.budget.limits_anything


def batch_limits(options: BatchOptions, config: Config, profiles: Collection[str]) -> Limits:
    """The limits for calls of `profiles`, with what is left of those that all runs share.

    Raises `BudgetError` when one of them cannot be checked.
    """
    from ..costs.budget.limits import Limits, today

    cost = options.cost
    if not is_limited(cost, config):
        return Limits()
    from .provider.budgets import settle_open_jobs

    return found_limits(
        config,
        cost.max_cost_usd,
        profiles,
        today(),
        settle=settle_open_jobs,
        spent_usd=cost.spent_usd,
        names=options.names,
    )


def profiles_of(names: Collection[str], config: Config) -> list[str]:
    """The profiles whose budgets may matter: rows can name others than those of the command."""
    return [*(name.partition("@")[0] for name in names), *config.budget.profiles]
