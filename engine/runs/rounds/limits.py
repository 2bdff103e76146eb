"""How far a model may go with tools. Values only."""

from __future__ import annotations

from msgspec import Struct

MOST_ROUNDS = 8
MOST_CALLS = 16
ROUNDS_S = 900.0


class RoundLimits(Struct, frozen=True):
    """Calls to the model for one answer, calls of tools in one round, and seconds for all of it."""

    rounds: int = MOST_ROUNDS
    calls: int = MOST_CALLS
    total_s: float = ROUNDS_S


class RunTools(Struct, frozen=True):
    """The names of the tools that may be run, and within which limits."""

    names: tuple[str, ...]
    limits: RoundLimits = RoundLimits()
