"""Plans that are worse than was asked for, where nothing worse is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...providers.errors import StrictPlanError
from ..planning.option_names import OptionNames

if TYPE_CHECKING:
    from ..planning.plan import ThinkPlan


def refuse_unless_strict(plans: Iterable[tuple[str, ThinkPlan]], names: OptionNames) -> None:
    """Raise `StrictPlanError` when a plan, which stands beside its profile's name, is worse than `mapped`."""
    worse = [
        f"{profile}: {names.strict_think}: {decided.requested} would be {decided.fidelity}: {decided.note}"
        for profile, decided in plans
        if not decided.is_strict
    ]
    if worse:
        raise StrictPlanError(worse)
