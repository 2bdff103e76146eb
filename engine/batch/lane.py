"""One profile's part of a batch: its rows in turn, at its own pace, whatever the others do."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from ...providers.errors import ConfigError, ErrorKind, Failure
from ...providers.think import Think
from ..checks.escalation import following_level
from ..exchange.retry import Attempt, wait_before_retry
from ..exchange.surroundings import Surroundings
from ..limiter.weight import likely_tokens, used_tokens
from ..planning.prepare import Prepared
from ..results.charge import after_lost, is_lost
from ..results.result import Cost, Result
from ..runs.call import is_refused
from ..runs.hands.order import NO_WORKER, is_left_behind
from .caller import RowCaller
from .output.works import Work
from .overflow import Overflow
from .pace.pace import Pace, PaceReport
from .progress import Standing
from .rows.rows import Row

ROWS_IN_MEMORY = 512
BUSY_KINDS: frozenset[ErrorKind] = frozenset({"rate_limit", "overloaded"})
BUSY_TRIES = 20
"""How often a call is tried again that was turned away unanswered: its turn comes."""

AGAIN_KINDS: frozenset[ErrorKind] = frozenset({"server", "timeout", "connection", "protocol"})
"""Kinds that may pass by themselves. Nonsense is among them: in a long night a proxy sends some."""


class Task(Struct):
    """One call to make. `tries` counts the attempts that were made, `busy` those that were turned away.

    `lower` are the results of less thinking, which failed their check. `samples` of the same are made in this run,
    itself included. `lost` is what is known of attempts that may be billed, of which `left` were those of workers
    that are gone.
    """

    row: Row
    think: Think
    work: Work
    number: int
    tries: int = 0
    busy: int = 0
    lower: tuple[Result, ...] = ()
    samples: int = 1
    lost: tuple[Cost, ...] = ()
    left: int = 0


class Owner(Protocol):
    """What a lane needs from the batch that it is a part of."""

    stopping: bool
    blocked: bool
    surroundings: Surroundings

    def wants(self, lane: Lane, work: Work) -> bool: ...

    async def call(self, lane: Lane, task: Task, prepared: Prepared, surroundings: Surroundings) -> Result: ...

    async def done(self, lane: Lane, task: Task, result: Result) -> None: ...

    async def settled(self, lane: Lane, task: Task) -> None: ...

    def left_behind(self, cost: Cost) -> bool: ...

    def waiting(self, lane: Lane, task: Task, failed: Failure) -> None: ...

    def given_up(self, lane: Lane, work: Work) -> None: ...


@dataclass(slots=True)
class Lane:
    """The queue, the pace and the calls under way of one profile."""

    caller: RowCaller
    pace: Pace
    owner: Owner
    rows: Overflow[Row] = field(default_factory=lambda: Overflow[Row](ROWS_IN_MEMORY))
    in_flight: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    ended: bool = False
    _next: deque[Task] = field(default_factory=deque[Task])
    _again: list[tuple[float, int, Task]] = field(default_factory=list[tuple[float, int, Task]])
    _stir: asyncio.Event = field(default_factory=asyncio.Event)
    _count: int = 0
    _error: BaseException | None = None

    @property
    def name(self) -> str:
        return self.caller.name

    @property
    def waiting(self) -> int:
        """Rows that have not been begun."""
        return len(self.rows) + len(self._next) + len(self._again)

    def standing(self) -> Standing:
        """What it is doing at this moment."""
        pace, learned = self.pace, self.pace.learned
        return Standing(
            name=self.name,
            waiting=self.waiting,
            in_flight=len(self.in_flight),
            at_once=pace.at_once,
            rpm=learned.get("rpm"),
            tpm=learned.get("tpm"),
            held_until=pace.held_until,
            has_all=self.ended,
            broken=pace.broken,
        )

    def now(self) -> float:
        return self.owner.surroundings.clock()

    def put(self, row: Row) -> None:
        self.rows.put(row)
        self._stir.set()

    def climbs(self, task: Task, result: Result) -> bool:
        """Whether the same is asked with more thinking, as `result` failed its check: it is the next call then."""
        ladder = self.caller.ladder(task.row)
        following = following_level(ladder, task.think, result) if ladder and self.pace.broken is None else None
        if following is not None:
            self._next.appendleft(Task(task.row, following, task.work, task.number, lower=(*task.lower, result)))
            self._stir.set()
        return following is not None

    def end(self) -> None:
        """No more rows come."""
        self.ended = True
        self._stir.set()

    def stir(self) -> None:
        """Look again at what there is to do: something has changed."""
        self._stir.set()

    async def run(self) -> None:
        """Make all calls. When the batch stops or the circuit opens, those under way are finished and no more begun."""
        surroundings = replace(self.owner.surroundings, on_response=self._learn)
        try:
            while (task := await self._next_task()) is not None:
                try:
                    prepared = self.caller.prepared(task.row, task.think, task.work.repeat)
                except ConfigError as error:
                    if task.row.think is None and task.row.max_output is None:  # not the row's own fault
                        self.pace.start(self.now(), 0)
                        self.pace.finish(self.now(), PaceReport("config", None, 0, is_made=False))
                    await self.owner.done(self, task, self.caller.refused(task.think, error, task.work.repeat))
                    continue
                tokens = likely_tokens(prepared)
                if not await self._turn(tokens):
                    self._next.appendleft(task)
                    break
                self.pace.start(self.now(), tokens)
                call = asyncio.create_task(self._do(task, prepared, surroundings))
                self.in_flight.add(call)
                call.add_done_callback(self._over)
        finally:
            while self.in_flight:
                await asyncio.wait(self.in_flight)
            await self._give_up()
            self.rows.close()
        if self._error is not None:
            raise self._error

    def _learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Tell the pace what a response's headers say about limits."""
        self.pace.learn(self.now(), status, headers)

    def cancel(self) -> None:
        """Break off what is under way."""
        for call in self.in_flight:
            call.cancel()

    async def _give_up(self) -> None:
        """Say which work will not be done; of what was done with less thinking there is a result."""
        for task in (*self._next, *(entry[2] for entry in self._again)):
            if task.lower:
                await self.owner.settled(self, task)
            else:
                self.owner.given_up(self, task.work)
        while not self.owner.stopping and (row := self.rows.take()) is not None:
            for _, work in self.caller.works(row):
                self.owner.given_up(self, work)

    def _over(self, call: asyncio.Task[None]) -> None:
        self.in_flight.discard(call)
        if not call.cancelled() and (error := call.exception()) is not None:
            self._error = self._error or error
        self._stir.set()

    async def _next_task(self) -> Task | None:
        while not self.owner.stopping and self.pace.broken is None and self._error is None:
            self._stir.clear()
            now = self.now()
            if self._again and self._again[0][0] <= now:
                return heapq.heappop(self._again)[2]
            if not self._next and (row := self.rows.take()) is not None:
                self._unfold(row)
                if not self._next:
                    await asyncio.sleep(0)  # a long stretch of done rows must not hold up the others
                    continue
            if self._next:
                return self._next.popleft()
            if self.ended and not self.in_flight and not self._again and not len(self.rows):
                return None
            await self._stirred(self._again[0][0] - now if self._again else None)
        return None

    def _unfold(self, row: Row) -> None:
        wanted = [(think, work) for think, work in self.caller.works(row) if self.owner.wants(self, work)]
        for think, work in wanted:
            self._count += 1
            samples = 1 if len(wanted) == 1 else sum(think == other for other, _ in wanted)
            self._next.append(Task(row, think, work, self._count, samples=samples))

    async def _turn(self, tokens: int) -> bool:
        """Wait until the pace allows one more call. False when there will be none."""
        while not self.owner.stopping and self.pace.broken is None and self._error is None:
            self._stir.clear()
            if self.owner.blocked:  # nobody takes the results that there are
                await self._stirred(None)
                continue
            now = self.now()
            start = self.pace.next_start(now, tokens)
            if start <= now:
                return True
            await self._stirred(None if math.isinf(start) else start - now)
        return False

    async def _stirred(self, most_s: float | None) -> None:
        if most_s is None:
            await self._stir.wait()
            return
        try:
            async with asyncio.timeout(most_s):
                await self._stir.wait()
        except TimeoutError:
            pass

    async def _do(self, task: Task, prepared: Prepared, surroundings: Surroundings) -> None:
        answered = await self.owner.call(self, task, prepared, surroundings)
        if is_refused(answered) or NO_WORKER in answered.warnings:
            self.pace.finish(self.now(), PaceReport(None, None, 0, is_made=False))
            if task.lower:
                await self.owner.settled(self, task)
            return
        has_rounds = self.caller.kit is not None  # which have retries of their own
        if is_left_behind(answered) and not has_rounds and self.owner.left_behind(answered.cost):
            # It says nothing of the provider: neither the pace nor the tries hear of it.
            self.pace.finish(self.now(), PaceReport(None, None, 0))
            task.lost, task.left = (*task.lost, answered.cost), task.left + 1
            heapq.heappush(self._again, (self.now(), task.number, task))
            return
        failed = answered.error
        kind = failed.kind if failed is not None else None
        if failed is not None and kind in BUSY_KINDS and not failed.retryable:
            kind = "invalid_request"  # it says nothing of the pace
        retry_after = failed.retry_after_s if failed is not None else None
        usage = answered.usage
        tokens = used_tokens(answered)
        report = PaceReport(kind, retry_after, tokens, usage.input_tokens, usage.output_tokens)
        self.pace.finish(self.now(), report)
        earlier = task.tries + task.busy + task.left
        if failed is not None and not has_rounds and (wait := self._wait_before_another(task, failed)) is not None:
            if is_lost(answered):
                task.lost = (*task.lost, answered.cost)
            self.owner.waiting(self, task, failed)
            heapq.heappush(self._again, (self.now() + wait, task.number, task))
            return
        if earlier:
            answered = replace(answered, attempts=earlier + answered.attempts)
        if task.lost:
            answered = after_lost(answered, task.lost)
        await self.owner.done(self, task, answered)

    def _wait_before_another(self, task: Task, failed: Failure) -> float | None:
        """Seconds until another attempt; None when there is no sense in one."""
        if self.owner.stopping or failed.kind == "cancelled":
            return None
        if failed.kind in BUSY_KINDS:
            if not failed.retryable:  # no waiting helps, or the provider says so
                return None
            task.busy += 1
            # When to come again is the pace's to say, for the whole lane.
            return 0.0 if task.busy <= BUSY_TRIES else None
        if failed.kind not in AGAIN_KINDS:
            return None
        task.tries += 1
        ended = Attempt(replace(failed, retryable=True), task.tries, shown=False, silent=False)
        return wait_before_retry(ended, self.caller.patience.retries, self.owner.surroundings.dice)
