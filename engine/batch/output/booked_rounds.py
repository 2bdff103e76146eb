"""The rounds of one row's answer in the sums: each is a call of its own there, and the output has one line of all."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ...planning.prepare import Prepared
from ...results.result import Result
from ...runs.call import OnStored

if TYPE_CHECKING:
    from ...results.tool_use import ToolRun
    from .sums import Booking, Books


class BookedRounds:
    """Where they are kept (`RoundBooks`); without sums nowhere."""

    def __init__(self, sums: Books | None) -> None:
        self._sums = sums
        self._bookings: dict[int, Booking] = {}

    def place(self, number: int) -> int:
        if self._sums is not None:
            self._bookings[number] = self._sums.booking()
        return number

    async def begin(self, place: int, prepared: Prepared, usd: Decimal | None) -> None:
        if (booking := self._bookings.get(place)) is not None:
            await booking.begin(prepared, usd)

    async def keep(self, place: int, prepared: Prepared, result: Result, settle: OnStored | None) -> Result:
        if (booking := self._bookings.get(place)) is not None:
            return await booking.keep(result, settle)
        if settle is not None:
            settle()
        return result

    def amend(self, place: int, result: Result) -> None:
        """The line of the row has it all."""

    def told(self, number: int, run: ToolRun) -> None:
        """The line of the row has it all."""
