"""What the calls of a batch cost, added to the history's sums while it runs. Nobody waits for it before the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from ....providers.errors import StoreError
from ...costs.likely_cost import LikelyCost
from ...history.record import CallHead, Recorder
from ...planning.prepare import Prepared
from ...results.charge import may_have_cost
from ...results.result import Result
from ...runs.call import OnStored


class Booking(Protocol):
    """One attempt, before it is made (a `Begin`) and after it (a `Keep`)."""

    def begin(self, prepared: Prepared, usd: Decimal | None) -> Awaitable[None]: ...

    async def keep(self, result: Result, settle: OnStored | None) -> Result: ...


class Books(Protocol):
    """Where a batch enters its attempts and the results of those that cost nothing."""

    def booking(self) -> Booking: ...

    def add(self, result: Result) -> None: ...


class Sums:
    """Takes each attempt before it is made, and each that may have cost something, and each result, once."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._index = 0
        self._likely = LikelyCost()
        self._unpriced: dict[int, Prepared] = {}
        self._storing, self._over = 0, asyncio.Event()

    @property
    def problem(self) -> StoreError | None:
        """Why the sums are not complete, if something went wrong."""
        return self._recorder.problem

    def booking(self) -> Booking:
        """The place of one attempt."""
        self._index += 1
        return _Entry(self, self._index)

    def price_begun(self) -> None:
        """Say what the attempts under way may cost: now the prices can be looked up."""
        for index, prepared in self._unpriced.items():
            with suppress(Exception):  # nobody has asked for it
                if (usd := self._likely.usd(prepared)) is not None:
                    self._recorder.estimate(index, usd)
        self._unpriced.clear()

    async def begin(self, index: int, prepared: Prepared, usd: Decimal | None) -> None:
        """Have an attempt in the history before it is made: it counts, should this process be killed."""
        target = prepared.target
        if target.is_simulated:
            return
        if usd is None and self._likely.is_known_now(prepared):
            usd = self._likely.usd(prepared)
        elif usd is None:
            self._unpriced[index] = prepared
        head = CallHead(
            target.profile.name, target.provider.name, target.dialect, target.profile.model, str(prepared.think), {},
            target.host,
        )  # fmt: skip
        await self._recorder.reserve(index, head, usd)

    def end(self, index: int, result: Result, settle: OnStored | None) -> None:
        """Add an attempt that may have cost something; of another one nothing is left."""
        self._unpriced.pop(index, None)
        if may_have_cost(result):
            self._add(index, result, settle)
            return
        self._recorder.dropped(index)
        if settle is not None:
            settle()

    def add(self, result: Result) -> None:
        """Add `result`, whatever it cost."""
        self._index += 1
        self._add(self._index, result, None)

    def _add(self, index: int, result: Result, stored: OnStored | None) -> None:
        """Add a result; `stored` is called when the history has it, or never will."""
        if stored is None:
            self._recorder.added(index, result)
            return
        self._storing += 1
        self._over.clear()

        def over() -> None:
            self._storing -= 1
            if not self._storing:
                self._over.set()
            stored()

        self._recorder.added(index, result, over)

    async def close(self, total_s: float) -> None:
        """Store what is left."""
        await self._recorder.close(total_s)
        if self._storing:
            await self._over.wait()


class _Entry(Struct, frozen=True):
    """An attempt by its number."""

    sums: Sums
    index: int

    def begin(self, prepared: Prepared, usd: Decimal | None) -> Awaitable[None]:
        return self.sums.begin(self.index, prepared, usd)

    async def keep(self, result: Result, settle: OnStored | None) -> Result:
        """Add what may have cost something, and wait for nothing."""
        self.sums.end(self.index, result, settle)
        return result
