"""What the calls of a batch cost, added to the history's sums while it runs. Nobody waits for it before the end."""

from __future__ import annotations

import asyncio

from ....providers.errors import StoreError
from ...history.record import CallHead, Recorder
from ...results.charge import may_have_cost
from ...results.result import Result
from ...runs.call import OnStored


class Sums:
    """Takes each attempt that may have cost something, and each result, once."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._index = 0
        self._storing: set[asyncio.Future[None]] = set()

    @property
    def problem(self) -> StoreError | None:
        """Why the sums are not complete, if something went wrong."""
        return self._recorder.problem

    async def keep(self, result: Result, settle: OnStored | None) -> Result:
        """Add what may have cost something, and wait for nothing (a `Keep`)."""
        if may_have_cost(result):
            self.add(result, settle)
        elif settle is not None:
            settle()
        return result

    def add(self, result: Result, stored: OnStored | None = None) -> None:
        """Add `result`. `stored` is called when the history has it, or never will."""
        self._index += 1
        think = result.think.requested
        call = CallHead(result.profile, result.provider, result.dialect, result.model, think, {})
        self._recorder.begin(self._index, call)
        if stored is None:
            self._recorder.finished_unawaited(self._index, result)
            return
        storing = self._recorder.finished(self._index, result)
        self._storing.add(storing)

        def over(future: asyncio.Future[None]) -> None:
            self._storing.discard(future)
            stored()

        storing.add_done_callback(over)

    async def close(self, total_s: float) -> None:
        """Store what is left."""
        await self._recorder.close(total_s)
        while self._storing:
            await asyncio.wait(self._storing)
