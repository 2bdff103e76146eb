"""A batch: rows go to lanes, results to the output, in bounded memory, until all is done or something says stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING

from ...providers.errors import ConfigError, Failure, ThinkdialError, UsageError, joined
from ..checks.escalation import climbed
from ..costs.budget.purse import Purse
from ..exchange.surroundings import Surroundings
from ..planning.prepare import Prepared
from ..results.charge import may_have_cost
from ..results.result import Cost, Result
from ..runs.call import is_refused
from ..runs.descriptors import room_for
from .caller import MakeCaller, RowCaller
from .end import Ended
from .lane import Lane, Task
from .listener import Watcher, WorksBook
from .output.document import Encode, output_line
from .output.outputs import Lines, Ordered, Pipe
from .output.summary import Tally
from .output.works import Work
from .pace.pace import Pace
from .progress import BatchProgress, Gauge, Taken
from .resources import pace_maker
from .rows.checks import Examination, OfText
from .rows.demand import Demand
from .rows.digests import DigestMap
from .rows.row_thread import read_apart
from .rows.rows import BadRow, Row
from .rows.sample_groups import SampleGroups
from .storage.memory import OutputMemory

if TYPE_CHECKING:
    from .output.sums import Books
    from .progress import BatchHands

ROWS_AHEAD = 256
"""Rows that the quickest lane may have waiting before the input is read on."""

MOST_IN_ALL = 65_536
"""Calls under way of all profiles together, where there are as many file descriptors."""

WINDOW = 10_000
"""Lines that may wait for an earlier one, where a pipe wants them in order."""

PIECE = 128
"""Rows that are handed over at a time, where the input is a file; fewer where they are long."""


class Batch:
    """Everything that one run of a batch needs. Lanes are made for `profiles`, and for those that rows name."""

    def __init__(
        self,
        *,
        make_caller: MakeCaller,
        profiles: Iterable[str],
        rows: Iterator[Row | BadRow],
        output: Lines,
        surroundings: Surroundings,
        watcher: Watcher,
        memory: OutputMemory | None = None,
        retry_failed: bool = False,
        batch_id: str = "",
        encode: Encode = output_line,
        purse: Purse | None = None,
        sums: Books | None = None,
        is_live: bool = False,
        ordered: bool = False,
        window: int = WINDOW,
        examine: Examination | None = None,
        make_pace: Callable[[RowCaller], Pace] | None = None,
        hands: BatchHands | None = None,
        book: WorksBook | None = None,
    ) -> None:
        self.surroundings, self.stopping, self.blocked = surroundings, False, False
        self._reading_done = False
        self.demand, self._make_caller = Demand(self._is_done), make_caller
        self._profiles, self._rows = list(profiles), rows
        self._make_pace = make_pace or pace_maker(purse)
        self._encode, self._groups = encode, SampleGroups[Lane, Task](examine or OfText())
        self._output, self._watcher, self._memory = output, watcher, memory
        self._retry_failed, self._batch_id, self._purse = retry_failed, batch_id, purse
        self._piece = 1 if is_live else PIECE
        self.lanes: dict[str, Lane] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._refused: dict[str, ConfigError | UsageError] = {}
        self._counters: dict[str, RowCaller | None] = {}
        """What tells the works of a profile that cannot be called."""
        self.ended = Ended(0, 0, Tally(), finished=False)
        self._room, self._window = asyncio.Event(), window
        # A file is put in order in the end, so that a kill loses nothing; a pipe has to be given order as it goes.
        self.order = DigestMap() if ordered and memory is not None else None
        self.interrupted = False
        self._looks_at_works = ordered or (memory is not None and memory.resumed > 0)
        self._ordered = Ordered(output, self._room.set) if ordered and memory is None else None
        self._indexes, self._hands = count(1), hands
        self._places = asyncio.Semaphore(room_for(MOST_IN_ALL) if hands is None else MOST_IN_ALL)
        self._sums, self._flow, self._book = sums, asyncio.Lock(), book
        self._gauge = Gauge(surroundings.clock, hands)
        self._lost: list[bytes] = []

    async def run(self) -> Ended:
        """Make all calls. A cancellation breaks off what is under way, writes what came, and still returns."""
        for name in self._profiles:
            self._lane(name)
        if not self.lanes:
            raise joined(self._refused.values())
        reading, finished = asyncio.create_task(self._read()), False
        try:
            await reading
            self._reading_done = self.ended.read_all = not self.stopping
            for lane in self.lanes.values():
                lane.end()
            await self._lanes_over()
            finished = not self.stopping
        except asyncio.CancelledError:
            self.interrupted = True
            self.stop()
            reading.cancel()
            for lane in self.lanes.values():
                lane.cancel()
            await self._lanes_over()
        except BaseException:
            self.stop()
            await self._lanes_over()  # what is under way was paid for
            raise
        finally:
            self.stop()
        if self._ordered is not None and self.ended.output_problem is None:
            self._guarded(self._ordered.flush)
        if isinstance(self._output, Pipe) and self.ended.output_problem is None and not self.interrupted:
            self._guarded(self._output.drain)
        ended = self.ended
        ended.interrupted, ended.order, ended.lost = self.interrupted, self.order, tuple(self._lost)
        ended.broken |= {lane.name: lane.pace.broken for lane in self.lanes.values() if lane.pace.broken}
        ended.tally.skipped = self.demand.there.total()
        is_known = ended.read_all and None not in self._counters.values()
        ended.hold(self.demand.asked.total(), is_known=is_known, finished=finished and ended.output_problem is None)
        return ended

    def stop(self) -> None:
        """Begin nothing more; what is under way is finished."""
        self.stopping = True
        self._room.set()
        for lane in self.lanes.values():
            lane.stir()

    def progress(self, share_read: float | None = None) -> BatchProgress:
        """How far it is at this moment; any thread may ask. `share_read` is how much of the input has been read."""
        taken = Taken(self.demand.asked, self.demand.there, self.ended.bad_rows, self._reading_done, share_read)
        standings = [lane.standing() for lane in list(self.lanes.values())]
        return self._gauge.read(standings, self.ended.tally, taken, is_stopping=self.stopping)

    # What lanes ask of their batch.

    def wants(self, lane: Lane, work: Work) -> bool:
        """Whether `work` is still to be done."""
        self._room.set()  # the lane has taken a row, perhaps without a call to follow
        is_shared = len(self.lanes) > 1 and sum(other.name == lane.name for other in self.lanes.values()) > 1
        return self.demand.begins(lane.name, work, is_shared=is_shared)

    async def call(self, lane: Lane, task: Task, prepared: Prepared, surroundings: Surroundings) -> Result:
        """One attempt, if the budget allows it. If not, the batch stops."""
        await self._places.acquire()  # `async with` takes two more coroutines
        try:
            if self.stopping:  # while it waited for its place: it was never begun
                stopped = Failure("budget", "the batch was stopped before it began")
                return lane.caller.refused(prepared.think, stopped, prepared.asked.repeat)
            return await self._call(lane, task, prepared, surroundings)
        finally:
            self._places.release()

    async def _call(self, lane: Lane, task: Task, prepared: Prepared, surroundings: Surroundings) -> Result:
        if lane.caller.kit is not None:
            from .output.booked_rounds import BookedRounds  # which few batches need

            return await lane.caller.call_with_tools(
                prepared, surroundings, lane.caller.kit, BookedRounds(self._sums), self._indexes.__next__, self._purse,
                hands=self._hands, work=(task.work.key, task.think), left_behind=self.left_behind,
            )  # fmt: skip
        booking = None if self._sums is None else self._sums.booking()
        result = await lane.caller.call(
            prepared, surroundings, index=next(self._indexes), purse=self._purse, hands=self._hands,
            begin=None if booking is None else booking.begin, keep=None if booking is None else booking.keep,
            work=(task.work.key, task.think),
        )  # fmt: skip
        if is_refused(result):
            self.ended.budget = self.ended.budget or result.error
            self.stop()
        return result

    async def done(self, lane: Lane, task: Task, result: Result) -> None:
        """Write the result once it is judged, then count it; where its check fails and there is more, ask that."""
        for one, judged in await self._groups.take(lane, task, result):
            if self.stopping or not lane.climbs(one, judged):
                ladder = lane.caller.ladder(one.row)
                await self._write(lane, one, climbed(ladder, one.lower, judged, stopped=self.stopping))

    async def settled(self, lane: Lane, task: Task) -> None:
        """Write what came with less thinking: for more of it there is no leave."""
        *before, last = task.lower
        await self._write(lane, task, climbed(lane.caller.ladder(task.row), before, last, stopped=True))

    async def _write(self, lane: Lane, task: Task, result: Result) -> None:
        line = self._encode(result, task.row, task.work, self._batch_id)
        if self._sums is not None and result.attempts and not may_have_cost(result):
            self._sums.add(result)
        if self.ended.output_problem is None:
            target: Lines = self._ordered or self._output
            self._guarded(lambda: target.add(task.work, line, failed=result.status != "ok"))
        await self._until_room()
        if self.ended.output_problem is not None:
            self._lost.append(line)
            self._tell(result, task.row, is_written=False)
            return
        self.ended.count(result, task.row.id)
        if lane.pace.broken is not None and lane.name not in self.ended.broken:
            self.ended.broken[lane.name] = lane.pace.broken
            self._watcher.trouble(f"{lane.name} is given up: {lane.pace.broken.message}")
        self._room.set()
        self._tell(result, task.row, is_written=True)

    def _tell(self, result: Result, row: Row, *, is_written: bool) -> None:
        try:
            self._watcher.result(result, row, is_written=is_written)
        except BaseException:
            self.stop()  # the lane ends by it, and the others begin nothing more
            raise

    def left_behind(self, cost: Cost) -> bool:
        """A worker is gone with what it had under way. Whether that is asked again."""
        self.ended.left.add(cost, again=not self.stopping)
        return not self.stopping

    def waiting(self, lane: Lane, task: Task, failed: Failure) -> None:
        """A call will be tried again."""
        self.ended.tally.tried_again(lane.name, failed.kind)

    def given_up(self, lane: Lane, work: Work) -> None:
        """This work will not be done."""
        if self._ordered is not None:
            self._ordered.forget(work)

    async def _until_room(self) -> None:
        """Wait for the reader of a full pipe, or for parts on their way to a store.

        Meanwhile nothing is begun, and what is under way is listened to.
        """
        pipe = self._output if isinstance(self._output, Pipe) else None
        memory, waited = self._memory, False
        if pipe is None and (memory is None or memory.backlog is None):
            return
        while self.ended.output_problem is None:
            async with self._flow:
                if pipe is not None and pipe.is_full:
                    self.blocked = waited = True
                    await pipe.taken()
                    self._guarded(pipe.pump)
                elif memory is not None and (backlog := memory.backlog) is not None:
                    self.blocked = waited = True
                    await asyncio.wait([asyncio.wrap_future(backlog)])
                else:
                    break
        if waited:
            self.blocked = False
            for lane in self.lanes.values():
                lane.stir()

    def _guarded(self, write: Callable[[], None]) -> bool:
        """Write; when that fails the batch stops. Whether it went well."""
        try:
            write()
            return True
        except (ThinkdialError, OSError) as error:
            self.ended.pipe_closed = isinstance(error, BrokenPipeError)
            words = f"the output cannot be written: {error}"
            self.ended.output_problem = error if isinstance(error, ThinkdialError) else ConfigError(words)
            self.stop()
            if self.ended.pipe_closed:
                for lane in self.lanes.values():
                    lane.cancel()  # nobody reads what would come
            return False

    # The input.

    async def _read(self) -> None:
        """Hand rows to the lanes as they come."""
        over = read_apart(self._rows, self._take, self._piece, lambda: self.stopping)
        stopped = asyncio.create_task(self._until_stopped())
        try:
            await asyncio.wait({over, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        if over.done():
            over.result()

    async def _until_stopped(self) -> None:
        while not self.stopping:
            self._room.clear()
            await self._room.wait()

    async def _take(self, piece: list[Row | BadRow]) -> None:
        for row in piece:
            if self.stopping:
                return
            if isinstance(row, BadRow):
                self.ended.bad_rows += 1
                self._watcher.bad_row(row)
                continue
            self.ended.rows += 1
            for name in row.profiles or self._profiles:
                try:
                    lane = self._lane(name)
                except ThinkdialError as error:
                    self.ended.bad_rows += 1
                    self._watcher.bad_row(BadRow(row.line, f"line {row.line}: {error.message}", key=row.key))
                    continue
                caller = self._counters[name] if lane is None else lane.caller
                if self._book is not None and caller is not None:
                    self._book.asked(row, [work for _, work in caller.works(row)])
                if lane is not None and lane.pace.broken is None:
                    self._hand_over(lane, row)
                elif caller is not None:
                    self.demand.take(caller.name, [work for _, work in caller.works(row)])
        while not self.stopping and self._has_enough():
            self._room.clear()
            await self._room.wait()

    def _hand_over(self, lane: Lane, row: Row) -> None:
        """Give `row` to its lane, but for one of which all is done; note where its lines belong, if that matters."""
        if not self._looks_at_works:
            self.demand.count(lane.name, lane.caller.asks(row))
            lane.put(row)
            return
        works = [work for _, work in lane.caller.works(row)]
        for work in works:
            if self._ordered is not None:
                self._ordered.expect(work)
            if self.order is not None:
                self.order.set(work.key, len(self.order))
        if self.demand.take(lane.name, works):
            lane.put(row)

    def _is_done(self, work: Work) -> bool:
        """Whether an earlier run has left nothing to do for `work`."""
        state = "missing" if self._memory is None else self._memory.state(work)
        return state == "done" or (state == "failed" and not self._retry_failed)

    def _has_enough(self) -> bool:
        """Whether no lane is in want of rows. The slow ones keep theirs on disk meanwhile."""
        if self._ordered is not None and self._ordered.open >= self._window:
            return True
        working = [lane for lane in self.lanes.values() if lane.pace.broken is None]
        return bool(working) and min(lane.waiting for lane in working) >= ROWS_AHEAD

    def _lane(self, name: str) -> Lane | None:
        """The lane of a profile, made when it is first asked for. Raises for a name that a row may not use."""
        if name in self.lanes:
            return self.lanes[name]
        if name in self._refused:
            if name in self._profiles:
                return None
            raise self._refused[name]
        try:
            caller = self._make_caller(name)
        except (ConfigError, UsageError) as error:
            self._refused[name] = error
            if name in self._profiles:
                self._counters[name] = self._counter(name)
                self.ended.broken[name] = Failure("config", error.message, hint=error.hint)
                return None
            raise
        lane = self.lanes[name] = Lane(caller, self._make_pace(caller), self)
        lane.pace.on_change(lane.stir)
        self.ended.tally.profiles.setdefault(name)
        self._tasks[name] = asyncio.create_task(lane.run())
        self._tasks[name].add_done_callback(lambda _: self._room.set())
        return lane

    def _counter(self, name: str) -> RowCaller | None:
        """What tells the works of a profile that cannot be called; None where not even that is possible."""
        try:
            return self._make_caller(name, calls=False)
        except (ConfigError, UsageError):
            return None

    async def _lanes_over(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks.values())
        for lane, waited, result in await self._groups.rest():
            await self._write(lane, waited, result)
        for task in self._tasks.values():
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
