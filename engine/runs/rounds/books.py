"""The rounds of one answer of a run in the history: the first at the place of the answer, others behind all answers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from ...planning.prepare import Prepared
from ...results.result import Result
from ..call import OnStored
from ..jobs import Job

if TYPE_CHECKING:
    from ...results.tool_use import ToolRun
    from ..keeper import Keeper


class Hears(Protocol):
    """Hears of each tool that was run."""

    def tool_ran(self, index: int, run: ToolRun) -> None: ...


class KeptRounds:
    """Keeps each round as a result of its own (`RoundBooks`). `expects`: calls are written down before they leave."""

    def __init__(
        self, index: int, job: Job, places: Iterator[int], keeper: Keeper | None, hears: Hears, *, expects: bool
    ) -> None:
        self._index, self._job, self._places = index, job, places
        self._keeper, self._hears, self._expects = keeper, hears, expects

    def place(self, number: int) -> int:
        return self._index if number == 1 else next(self._places)

    async def begin(self, place: int, prepared: Prepared, usd: Decimal | None) -> None:
        forecast = self._job.forecast
        if self._keeper is not None and (self._expects or self._keeper.has_begun(place)):
            likely = forecast.expected_usd if usd is None and forecast is not None else usd
            await self._keeper.expect(place, prepared, likely)

    async def keep(self, place: int, prepared: Prepared, result: Result, settle: OnStored | None) -> Result:
        if place == self._index:
            result = replace(result, forecast=self._job.forecast)
        if self._keeper is not None:
            result = await self._keeper.finished(place, replace(self._job, prepared=prepared), result)
        if settle is not None:
            settle()
        return result

    def amend(self, place: int, result: Result) -> None:
        if self._keeper is not None:
            self._keeper.amended(place, result)

    def told(self, number: int, run: ToolRun) -> None:
        self._hears.tool_ran(self._index, run)
