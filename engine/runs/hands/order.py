"""Who makes a call that has been admitted: this process, or hands elsewhere that give back what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from ....providers.errors import Failure
from ....providers.schema import Notice
from ...results.assembly import unsent_result
from ...results.result import Result
from ..jobs import ReadyCall

if TYPE_CHECKING:
    from ...costs.budget.purse import CallFunds
    from ...planning.prepare import Prepared

WORKER_LOST = Notice("worker_lost", "the worker that made the call is gone, and nobody knows what came of it")
"""Beside the result of an attempt that may be billed: whoever paces the calls asks again."""

NO_WORKER = Notice("no_worker", "nobody was left to make the call, which never left")
"""Beside the result of a call that is not made at all; nothing is written of it, so that the same command makes it."""


class CallOrder(Struct, frozen=True):
    """One attempt that may be made at once. `index` is its number in the run, `at` the moment whose prices count.

    `work` is the same for all attempts at the same answer: one that is given up as lost may still be heard of.
    `on_response` hears status and headers of the response, `go_again` of an attempt beside one that may be billed.
    """

    call: ReadyCall
    index: int
    run_id: str
    at: datetime
    extra: tuple[Notice, ...] = ()
    funds: CallFunds | None = None
    on_response: Callable[[int, Mapping[str, str]], None] | None = None
    work: object = None
    go_again: Callable[[Prepared], Awaitable[None]] | None = None

    def unmade(self, failed: Failure, *notices: Notice, attempts: int = 0) -> Result:
        """The result where nobody has said what came of it, or it was never begun."""
        prepared = self.call.prepared
        profile = prepared.target.profile
        result = unsent_result(
            prepared.target, profile.name, profile.model, prepared.think, failed, run_id=self.run_id, at=self.at,
            native=prepared.plan.native, repeat=prepared.asked.repeat, twins=prepared.asked.twins,
        )  # fmt: skip
        return replace(result, attempts=attempts, warnings=(*result.warnings, *notices))


class Hands(Protocol):
    """Makes calls."""

    async def make(self, order: CallOrder) -> Result:
        """What came of it, priced. Raises nothing: cancelled, it gives what came so far."""
        ...


def is_left_behind(result: Result) -> bool:
    """Whether the worker that made it was lost before it could say what came of it."""
    return WORKER_LOST in result.warnings
