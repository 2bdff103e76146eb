"""What the workers of a cluster share: the pace of each profile, and the budget. One object, asked from all sides.

It knows nothing of Ray: an actor holds it, tests hold it directly.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from msgspec import Struct

from ....profiles.profile import CallLimits
from ....providers.errors import Failure
from ...costs.budget.ledger import Ledger
from ...costs.budget.limits import Limit
from ...costs.budget.share import Grant, Need
from ...history.heads import CallHead
from ..books import BookTerms
from ..pace.pace import Pace, PaceReport
from .shared_books import BookEntry, ClusterBooks

SILENCE_S = 20.0
"""A worker that is not heard of for so long is taken for dead: what it held is given to others."""

LOOK_S = 2.0
AT_ONCE_PER_WORKER = 64
"""Calls under way, where neither profile nor option limits them."""


class BudgetTerms(Struct, frozen=True):
    """What a shared ledger is made of. `lasts_s` is the longest that a call can take."""

    limits: tuple[Limit, ...]
    lasts_s: float
    allow_unpriced: bool

    def ledger(self) -> Ledger:
        shared = None
        if any(limit.is_enforced and limit.since is not None for limit in self.limits):
            from ...history.sums.reservations import Reservations

            shared = Reservations(self.limits, lasts_s=self.lasts_s)
        return Ledger(self.limits, (), allow_unpriced=self.allow_unpriced, shared=shared)


class BlockAttempt(Struct, frozen=True):
    """One worker at one block. Another attempt at the same block ends it."""

    id: str
    block: int
    host: str
    pid: int


class Lease(Struct, frozen=True):
    """Calls that may start at once, and what everybody has to know."""

    calls: int = 0
    stopping: bool = False
    broken: Failure | None = None


class News(Struct, frozen=True):
    """What a worker has to tell about a profile: calls that have ended, headers that came, leave that was not used."""

    ended: tuple[PaceReport, ...] = ()
    heard: tuple[tuple[int, Mapping[str, str]], ...] = ()
    unused: int = 0


@dataclass(slots=True)
class _Session:
    attempt: BlockAttempt
    seen: float
    held: Counter[str] = field(default_factory=Counter[str])
    reserved: dict[int, int] = field(default_factory=dict[int, int])
    """The worker's number of a call -> the ledger's."""
    gone: bool = False


@dataclass(slots=True)
class _Profile:
    pace: Pace
    line: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Who waits, in order."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter[str])


class Limiter:
    """Gives leave to call, in small leases, as one `Pace` for each profile allows; and money, from one ledger."""

    def __init__(
        self,
        workers: int,
        budget: BudgetTerms | None = None,
        books: BookTerms | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers, self._clock = workers, clock
        self._terms, self._ledger = budget, None if budget is None else budget.ledger()
        self._books = None if books is None else ClusterBooks(books)
        self._began = clock()
        self._profiles: dict[str, _Profile] = {}
        self._sessions: dict[str, _Session] = {}
        self._blocks: dict[int, str] = {}
        self._calls = self._taken_over = 0
        self._stopping = False
        self._refused: Failure | None = None
        self._watch: asyncio.Task[None] | None = None

    async def begin(self, attempt: BlockAttempt) -> Lease:
        """A worker begins with a block. An earlier attempt at it is over: that worker is dead."""
        if (before := self._blocks.get(attempt.block)) is not None:
            self._end(before)
            self._taken_over += 1
        self._sessions[attempt.id] = _Session(attempt, self._clock())
        self._blocks[attempt.block] = attempt.id
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look_for_the_dead())
        return Lease(stopping=self._stopping)

    async def resume(self, before: str, attempt: BlockAttempt) -> Lease:
        """A worker that was taken for dead lives, and goes on with its block, unless somebody else has it by now."""
        if self._stopping or before in self._sessions or attempt.block in self._blocks:
            return Lease(stopping=True)
        return await self.begin(attempt)

    async def end(self, attempt: str) -> None:
        """The worker is done with its block."""
        self._end(attempt)

    async def lease(self, attempt: str, profile: str, limits: CallLimits, want: int, tokens: int) -> Lease:
        """Leave for up to `want` calls of about `tokens` each, as soon as one may start; for none when none will."""
        session, shared = self._session(attempt), self._profile(profile, limits)
        async with shared.line:
            while not (session.gone or self._stopping or shared.pace.broken):
                session.seen = now = self._clock()
                start = shared.pace.next_start(now, tokens)
                if start <= now:
                    break
                shared.changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(start - now, LOOK_S)):
                        await shared.changed.wait()
            calls = 0
            while not (session.gone or self._stopping or shared.pace.broken) and calls < want:
                now = self._clock()
                if shared.pace.next_start(now, tokens) > now:
                    break
                shared.pace.start(now, tokens)
                session.held[profile] += 1
                calls += 1
        return Lease(calls, self._stopping or session.gone, shared.pace.broken)

    async def tell(self, attempt: str, profile: str, limits: CallLimits, news: News) -> Lease:
        """Take in what a worker tells; with nothing to tell it says that it lives."""
        session, shared = self._session(attempt), self._profile(profile, limits)
        now = session.seen = self._clock()
        for status, headers in news.heard:
            shared.pace.learn(now, status, headers)
        for report in news.ended:
            if session.held[profile] > 0:
                session.held[profile] -= 1
                shared.pace.finish(now, report)
                shared.answered += report.kind is None
                if report.kind is not None:
                    shared.failed[report.kind] += 1
        self._give_back(session, profile, news.unused)
        shared.changed.set()
        return Lease(0, self._stopping or session.gone, shared.pace.broken)

    async def reserve(self, attempt: str, number: int, profile: str, need: Need) -> Grant | Failure:
        """Money for a call, as `Ledger.reserve` gives it. A refusal stops everybody."""
        session = self._session(attempt)
        if self._ledger is None:
            return Grant(None)
        self._calls += 1
        call = self._calls
        session.reserved[number] = call
        answer = await self._ledger.reserve(call, profile, need)
        if isinstance(answer, Failure):
            session.reserved.pop(number, None)
            self._refused = self._refused or answer
            await self.stop()
        elif session.gone:
            self._ledger.settle(call, Decimal(0))
            return Failure("cancelled", "another worker has taken this block over")
        return answer

    async def settle(self, attempt: str, costs: Sequence[tuple[int, Decimal | None]]) -> None:
        """What calls did cost. Of a worker that was taken for dead it has been counted already, at the worst."""
        session = self._session(attempt)
        for number, usd in costs:
            call = session.reserved.pop(number, None)
            if call is not None and self._ledger is not None:
                self._ledger.settle(call, usd)

    async def note(self, attempt: str, number: int, call: CallHead, usd: Decimal | None) -> None:
        """A worker is about to make a call (`ClusterBooks.note`)."""
        if self._books is not None:
            await self._books.note(attempt, number, call, usd)

    async def book(self, attempt: str, entries: Sequence[BookEntry]) -> None:
        """What calls of a worker have cost, whether it was taken for dead or not (`ClusterBooks.book`)."""
        if self._books is not None:
            await self._books.book(attempt, entries)

    async def stop(self) -> None:
        """No more leases: everybody finishes what is under way."""
        self._stopping = True
        for shared in self._profiles.values():
            shared.changed.set()

    async def status(self) -> dict[str, Any]:
        """How it stands, for people."""
        now = self._clock()
        return {
            "profiles": {
                name: {
                    "in_flight": shared.pace.in_flight,
                    "at_once": shared.pace.at_once,
                    "held_s": max(0.0, (shared.pace.held_until or now) - now),
                    "answered": shared.answered,
                    "failed": dict(shared.failed),
                    "broken": shared.pace.broken,
                }
                for name, shared in self._profiles.items()
            },
            "workers": sorted({(session.attempt.host, session.attempt.pid) for session in self._sessions.values()}),
            "spent_usd": None if self._ledger is None else self._ledger.spent_usd,
            "refused": self._refused,
            "taken_over": self._taken_over,
            "unbooked": None if self._books is None else self._books.problem,
            "stopping": self._stopping,
        }

    async def close(self) -> list[str]:
        """End all; notes on limits that were passed and only warn."""
        await self.stop()
        for attempt in list(self._sessions):
            self._end(attempt)
        if self._watch is not None:
            self._watch.cancel()
        if self._books is not None:
            await self._books.close(self._clock() - self._began)
        if self._ledger is None:
            return []
        await self._ledger.close()
        return self._ledger.notes()

    def _session(self, attempt: str) -> _Session:
        """The session of an attempt; one that is gone for an attempt that nobody knows (any more)."""
        found = self._sessions.get(attempt)
        return found or _Session(BlockAttempt(attempt, -1, "", 0), self._clock(), gone=True)

    def _profile(self, name: str, limits: CallLimits) -> _Profile:
        if name not in self._profiles:
            most = max(AT_ONCE_PER_WORKER * self._workers, limits.concurrency or 0)
            self._profiles[name] = _Profile(Pace(limits, most_at_once=most))
        return self._profiles[name]

    def _end(self, attempt: str) -> None:
        session = self._sessions.pop(attempt, None)
        if session is None:
            return
        session.gone = True
        if self._blocks.get(session.attempt.block) == attempt:
            del self._blocks[session.attempt.block]
        for profile in list(session.held):
            self._give_back(session, profile, session.held[profile])
        for call in session.reserved.values():
            if self._ledger is not None:
                self._ledger.settle(call, None)  # nobody knows what it cost
        session.reserved.clear()
        for shared in self._profiles.values():
            shared.changed.set()

    def _give_back(self, session: _Session, profile: str, calls: int) -> None:
        """Calls that were never made, or whose end nobody heard of: nothing is learnt from them."""
        for _ in range(min(calls, session.held[profile])):
            session.held[profile] -= 1
            self._profiles[profile].pace.finish(self._clock(), PaceReport("cancelled", None, None))

    async def _look_for_the_dead(self) -> None:
        while self._sessions:
            await asyncio.sleep(LOOK_S)
            silent = self._clock() - SILENCE_S
            for name in [name for name, session in self._sessions.items() if session.seen < silent]:
                self._end(name)
