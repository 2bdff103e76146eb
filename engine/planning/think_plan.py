"""What a plan depends on, and what it is. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...profiles.card import ModelCard, Spelling
from ...profiles.profile import Reference
from ...providers.schema import Json, Notice
from ...providers.think import Level

Fidelity = Literal["exact", "assumed", "mapped", "clamped", "emulated", "unsupported", "default"]
"""How well a wish is met. `assumed`: sent as asked or mapped, but no cited fact covers this model on this route."""

OF_THE_MODEL = frozenset(("unknown_model", "think_assumed", "model_ends", "model_ended"))
"""Notices that are about the model, and the same for each of its plans: said once in a run."""

MEASURED_FIDELITY: tuple[Fidelity, ...] = ("exact", "mapped", "default")
"""Fidelities that `--strict-think` accepts."""


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What a plan depends on besides the wish: the card, the route's spelling and refusals, and the output limit.

    `max_output_tokens` is what the profile or an option asks for; `limit_required` says that the dialect cannot do
    without a limit, so that the card's most is sent when nothing is asked for.
    """

    card: ModelCard
    spelling: Spelling | None
    reference: Reference
    model: str
    max_output_tokens: int | None = None
    limit_required: bool = False
    refuses_levels: tuple[str, ...] = ()
    params: Json | None = None

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that this model takes on this route, rising."""
        taken = self.card.levels or (self.spelling.levels if self.spelling else ())
        return tuple(level for level in taken if level.value not in self.refuses_levels)

    @property
    def output_limit(self) -> int | None:
        """The output limit that holds: what is asked for, within the model's bounds, else the model's most."""
        limit = self.max_output_tokens or self.card.max_output_tokens
        return None if limit is None else self.bounded(limit)

    def bounded(self, limit: int) -> int:
        """The legal output limit that is nearest to `limit`."""
        return max(min(limit, self.card.max_output_tokens or limit), self.card.min_output_limit or 0)


@dataclass(frozen=True, slots=True)
class ThinkPlan:
    """What will be sent for one wish.

    `native` are the thinking fields as they go into the body. `thinks` is whether the model is expected to think: None
    when the provider's default is unknown. `level` and `budget_tokens` are what was really decided, in our words.
    `params` are the user's native fields without those that the model refuses; `notices` name what was left out.
    """

    requested: str
    native: Json
    fidelity: Fidelity
    note: str | None
    thinks: bool | None
    level: Level | None = None
    budget_tokens: int | None = None
    max_output_tokens: int | None = None
    params: Json | None = None
    optional: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def is_strict(self) -> bool:
        """Whether `--strict-think` lets it pass."""
        return self.fidelity in MEASURED_FIDELITY
