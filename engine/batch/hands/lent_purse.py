"""A worker's side of the budget: what one call was granted, and how more is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ....providers.errors import Failure
from ...costs.budget.purse import Admitted, CallFunds, Purse, estimated_cost, idle_meter, meter_of
from ...planning.prepare import Prepared
from ...results.result import Result
from .messages import AskMore, MoreGranted, WorkOrder
from .parcels import bare, clad

if TYPE_CHECKING:
    from decimal import Decimal

    from ...costs.budget.meter import Meter
    from ...targets.target import Target

Ask = Callable[[AskMore], Awaitable[MoreGranted]]


class LentPurse(Purse):
    """The purse of one call that has been admitted elsewhere."""

    def __init__(self, order: WorkOrder, ask: Ask, target: Target) -> None:
        self._order, self._ask, self._target = order, ask, target
        self.doors = None
        self._meter: Meter | None = None

    async def admit(self, index: int, profile: str, prepared: Prepared) -> Admitted | Failure:
        return self._admitted(index, profile, prepared, self._order.grant_usd)

    async def readmit(self, index: int, profile: str, prepared: Prepared, *, lost: bool) -> Admitted | Failure:
        answer = await self._ask(AskMore(self._order.id, bare(prepared), lost))
        if isinstance(answer.prepared, Failure):
            return answer.prepared
        return self._admitted(index, profile, clad(answer.prepared, self._target), answer.grant_usd)

    def priced(self, index: int, result: Result) -> Result:
        cut = result.error is not None and result.error.kind == "budget"
        if self._meter is None or not cut or result.cost.usd is not None:
            return result
        return replace(result, cost=estimated_cost(self._meter))

    def settle(self, index: int, result: Result) -> None:
        pass

    def _admitted(self, index: int, profile: str, prepared: Prepared, grant_usd: Decimal | None) -> Admitted:
        self._meter = meter_of(prepared, grant_usd, self._order.at) if self._order.is_metered else idle_meter()
        return Admitted(prepared, CallFunds(self, index, profile, prepared, self._meter))
