"""Cited facts about one model, and how a thinking wish is spelled on the wire. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from ..providers.schema import Visibility
from ..providers.think import Level
from .cards.id_pattern import fits

Control = Literal["effort", "budget", "switch", "fixed", "none", "unknown"]
"""How a model's thinking is steered: by words, by a token budget, on or off, not at all; or it never thinks; or nobody
knows whether it does."""


AfterEnd = Literal["refused", "rerouted"]
"""What a provider does with a model that has ended: it refuses, or lets the successor answer under the old name."""


class BudgetRange(Struct, frozen=True):
    """Legal thinking budgets in tokens, both ends included. `below_output_limit`: it must stay under that limit."""

    min: int
    max: int
    below_output_limit: bool = False


class Spelling(Struct, frozen=True):
    """Native request fields for each kind of wish, with `$level` and `$budget` to fill in.

    `visible` is what asks for readable reasoning and nothing else; it is sent with `auto`. `on` is for a switch.
    `words` maps our levels to the provider's, where they differ. `owns` are the dotted paths that the dial decides.
    `optional` are dotted paths that may be dropped when the provider refuses them. `levels` are what this route takes
    of models whose own dial is a budget; `off_note` is what off means, where that has to be said.
    """

    name: str
    visible: Mapping[str, Any] = field(default_factory=dict[str, Any])
    level: Mapping[str, Any] = field(default_factory=dict[str, Any])
    budget: Mapping[str, Any] = field(default_factory=dict[str, Any])
    on: Mapping[str, Any] = field(default_factory=dict[str, Any])
    off: Mapping[str, Any] = field(default_factory=dict[str, Any])
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    owns: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    off_note: str | None = None


class ModelCard(Struct, frozen=True):
    """What a model accepts and does, with its source. Unknown facts are None.

    `levels` are the thinking levels that the model takes, rising. `can_be_off` is about this model; `absent` is what
    the provider does when the thinking field is not sent: `off`, a level, `on` (it thinks, how much is its own
    business), or None when nobody knows. `refuses_always` and `refuses_thinking` are dotted body paths that are
    rejected, always or only while thinking. `dialects` are the only dialects that serve the model, empty for all.
    `output_limit_covers_thinking` says whether the output limit bounds reasoning and answer together.
    `inline_think` says whether reasoning may be in the text of its answers, in tags; None leaves it to the provider.
    `token_percent` is how many tokens the model counts for a text of which most others count 100.
    `retires` is the announced last day and `retired` the day (or year) since when it is gone, at the provider `home`.
    `is_users`: the user's configuration says something of it.
    `known` is False where no cited fact covers this very model at this host; `basis` says then what it was taken from.
    """

    match: str
    example: str
    control: Control
    levels: tuple[Level, ...] = ()
    can_be_off: bool = False
    off: Mapping[str, Any] | None = None
    absent: str | None = None
    budget: BudgetRange | None = None
    visibility: Visibility = "summary"
    spelling: Mapping[str, str] = field(default_factory=dict[str, str])
    refuses_always: tuple[str, ...] = ()
    refuses_thinking: tuple[str, ...] = ()
    dialects: tuple[str, ...] = ()
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    min_output_limit: int | None = None
    output_limit_covers_thinking: bool = True
    token_percent: int = 100
    retires: str | None = None
    retired: str | None = None
    successor: str | None = None
    then: AfterEnd = "refused"
    notes: str | None = None
    unverified: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    checked_on: str | None = None
    inline_think: bool | None = None
    known: bool = True
    basis: str | None = None
    home: str | None = None
    is_users: bool = False

    def matches(self, model: str) -> bool:
        return fits(self.match, model)
