"""How far a model may go with tools. Values only."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from ...tools.toolset import ToolsWish

MOST_ROUNDS = 8
MOST_CALLS = 16
ROUNDS_S = 900.0


class RoundLimits(Struct, frozen=True):
    """Calls to the model for one answer, calls of tools in one round, and seconds for all of it."""

    rounds: int = MOST_ROUNDS
    calls: int = MOST_CALLS
    total_s: float = ROUNDS_S


class ToolSupply(Protocol):
    """The tools that the answers of a run may have run.

    `declared` is what models are told of: these beside those that are wished. `opened` gives the `ToolKit` that runs
    them, for as long as the run lasts.
    """

    @property
    def limits(self) -> RoundLimits: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    def declared(self, wish: ToolsWish | None, /) -> ToolsWish: ...

    def opened(self) -> AbstractAsyncContextManager[Any]: ...
