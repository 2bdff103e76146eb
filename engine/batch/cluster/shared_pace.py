"""A worker's side of the shared limiter: a pace and a ledger that ask elsewhere, a few calls at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Protocol

from ....profiles.profile import CallLimits
from ....providers.errors import Failure
from ....providers.refusals.rate_headers import TABLE
from ...costs.budget.ledger import Ledger
from ...costs.budget.share import Grant, Need
from ...history.heads import CallHead
from ..pace.pace import Pace, PaceReport
from .limiter import BlockAttempt, Lease, News
from .shared_books import BookEntry

LEASE = 8
"""Calls in one lease, at most."""

UNUSED_S = 0.5
"""Leave that is not used for so long is given back."""

ALIVE_S = 3.0
"""How often a worker says that it lives, when it has nothing else to say."""

_HEADERS = frozenset({"date", *(name for row in TABLE for name in (row.limit, row.remaining, row.reset) if name)})


class SharedLimiter(Protocol):
    """The limiter, wherever it is."""

    async def begin(self, attempt: BlockAttempt) -> Lease: ...

    async def resume(self, before: str, attempt: BlockAttempt) -> Lease: ...

    async def end(self, attempt: str) -> None: ...

    async def lease(self, attempt: str, profile: str, limits: CallLimits, want: int, tokens: int) -> Lease: ...

    async def tell(self, attempt: str, profile: str, limits: CallLimits, news: News) -> Lease: ...

    async def reserve(self, attempt: str, number: int, profile: str, need: Need) -> Grant | Failure: ...

    async def settle(self, attempt: str, costs: Sequence[tuple[int, Decimal | None]]) -> None: ...

    async def note(self, attempt: str, number: int, call: CallHead, usd: Decimal | None) -> None: ...

    async def book(self, attempt: str, entries: Sequence[BookEntry]) -> None: ...


class LeasedPace(Pace):
    """The pace of one lane, by leave of the limiter. For one event loop; `close` gives back what was not used.

    `demand` says how many calls the lane could start, `stir` makes it look again, `on_stop` is called when the limiter
    says that all is to stop.
    """

    def __init__(
        self,
        limiter: SharedLimiter,
        attempt: str,
        profile: str,
        limits: CallLimits,
        *,
        demand: Callable[[], int],
        stir: Callable[[], None],
        on_stop: Callable[[], None],
    ) -> None:
        super().__init__(limits)
        self._limiter, self._attempt, self._name, self._limits = limiter, attempt, profile, limits
        self._demand, self._stir, self._on_stop = demand, stir, on_stop
        self._leave: deque[float] = deque()
        """When each call that may start was allowed."""
        self._tokens = 0
        self._failure: Failure | None = None
        self._reports: list[PaceReport] = []
        self._heard: list[tuple[int, Mapping[str, str]]] = []
        self._wanted, self._told = asyncio.Event(), asyncio.Event()
        self._tasks = [asyncio.create_task(self._keep_asking()), asyncio.create_task(self._keep_telling())]

    @property
    def broken(self) -> Failure | None:
        return self._failure

    def next_start(self, now: float, tokens: int) -> float:
        self._tokens = tokens
        if self._leave:
            return now
        self._wanted.set()
        return float("inf")

    def start(self, now: float, tokens: int) -> None:
        self.in_flight += 1
        self._leave.popleft()
        if len(self._leave) < LEASE // 2 and self._demand() > len(self._leave):
            self._wanted.set()

    def finish(self, now: float, report: PaceReport) -> None:
        self.in_flight -= 1
        self._reports.append(report)
        self._told.set()

    def learn(self, now: float, status: int, headers: Mapping[str, str]) -> None:
        said = {name: value for name, value in headers.items() if name in _HEADERS}
        if len(said) > ("date" in said):
            self._heard.append((status, said))
            self._told.set()

    async def close(self) -> None:
        """Tell the rest and give back what was not used."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(Exception):  # the limiter may be gone: then nobody waits for it
            await self._limiter.tell(self._attempt, self._name, self._limits, self._news(all_unused=True))

    async def _keep_asking(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            want = max(1, min(LEASE, self._demand()))
            try:
                lease = await self._limiter.lease(self._attempt, self._name, self._limits, want, self._tokens)
            except Exception as error:
                self._fail(error)
                return
            now = asyncio.get_running_loop().time()
            self._leave.extend([now] * lease.calls)
            self._take(lease)

    async def _keep_telling(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(UNUSED_S if self._leave else ALIVE_S):
                    await self._told.wait()
            self._told.clear()
            news = self._news()
            try:
                self._take(await self._limiter.tell(self._attempt, self._name, self._limits, news))
            except Exception as error:
                self._fail(error)
                return

    def _news(self, *, all_unused: bool = False) -> News:
        ended, heard, unused = tuple(self._reports), tuple(self._heard), 0
        self._reports.clear()
        self._heard.clear()
        old = asyncio.get_running_loop().time() - UNUSED_S
        while self._leave and (all_unused or self._leave[0] <= old):
            self._leave.popleft()
            unused += 1
        return News(ended, heard, unused)

    def _take(self, lease: Lease) -> None:
        if lease.broken is not None:
            self._failure = self._failure or lease.broken
        if lease.stopping:
            self._on_stop()
        if lease.calls or lease.broken is not None:
            self._stir()

    def _fail(self, error: Exception) -> None:
        words = f"the shared limiter does not answer: {type(error).__name__}"
        self._failure = self._failure or Failure("config", words, hint="run the same command again")
        self._stir()


class LeasedLedger(Ledger):
    """The shared ledger, as far as a purse needs it."""

    def __init__(self, limiter: SharedLimiter, attempt: str) -> None:
        super().__init__(())
        self._limiter, self._attempt = limiter, attempt
        self._settling: set[asyncio.Task[None]] = set()

    async def reserve(self, index: int, profile: str, need: Need) -> Grant | Failure:
        return await self._limiter.reserve(self._attempt, index, profile, need)

    def settle(self, index: int, usd: Decimal | None) -> None:
        task = asyncio.create_task(self._limiter.settle(self._attempt, [(index, usd)]))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def close(self) -> None:
        """Wait until the limiter knows of everything."""
        while self._settling:
            await asyncio.wait(self._settling)
