"""Doses are chosen by what is imported when there is one: most calls name none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...profiles.profile import Reference
    from ...providers.think import Think
    from ..planning.prepare import Prepared
    from ..planning.think_plan import AimReceipt
    from ..targets.target import Target


def choose_dose(
    target: Target, think: Think, reference: Reference, prepared_as: Callable[[Think], Prepared]
) -> tuple[Think, AimReceipt]:
    """A think value for a dose, by the user's own history (`choice.choose`)."""
    from .choice import choose

    return choose(target, think, reference, prepared_as)
