"""The recorder of one run: told by the event loop, which it never holds up; written by a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...providers.errors import StoreError
from ..results.result import Result
from .heads import CallHead, Retention, RunHead

if TYPE_CHECKING:
    import sqlite3
    from queue import SimpleQueue

    from .store import Store
    from .writer import Writing

__all__ = ["CallHead", "Recorder", "RunHead"]

LEAST_PAUSE_S = 0.05
MOST_PAUSE_S = 0.2
PAUSE_SHARE = 0.1
"""Bytes alone are stored this often: after a tenth of the time so far, within these bounds. A kill loses at most
that; a finished result is stored at once."""

SHOWN_PATIENCE_S = 0.1
"""How long the bytes of a turn of a session are held back until they are stored, so that nothing is shown that a kill
could take away. What is stored more slowly is not waited for."""

MANY_BYTES = 4 * 2**20
MUCH_BYTES = 16 * 2**20
MOST_WAITING_BYTES = 256 * 2**20
REMOVED_AT_ONCE = 200
"""How many runs at most the end of one run removes for the sake of age and size: nobody likes to wait for that."""


MOST_PATIENCE_S = 2.0
"""How long a call waits until it is written down that it will be made, while others keep the history locked."""

Step = Callable[["Writing", "sqlite3.Connection"], None]
Done = Callable[[], None]


class Recorder:
    """Takes down one run. Nothing here raises, or blocks the event loop for longer than a turn's chunk takes.

    The first problem ends the recording and stays in `problem`; whoever waits is released. What is stored survives a
    kill of the process; only a failing machine may take the last moments with it.
    """

    def __init__(
        self,
        head: RunHead,
        *,
        path: Path | None = None,
        retention: Retention | None = None,
        busy_timeout_s: float | None = None,
    ) -> None:
        self.problem: StoreError | None = None
        self._path = path
        self._retention = retention
        self._busy_timeout_s = busy_timeout_s
        self._head = head
        self._writing: Writing
        self._begun: set[int] = set()
        self._inbox: deque[tuple[Step, int, Done | None]] = deque()  # with the bytes in it, and who waits
        self._patient: list[Done] = []
        """Who waits as well, and goes on without when it takes too long."""
        self._has_rung = False
        self._bell: SimpleQueue[bool]
        self._thread: threading.Thread | None = None
        self._given_bytes = self._taken_bytes = self._stored_bytes = 0  # each has one thread that adds to it
        self._run: int | None = None
        self._held: threading.Event | None = None
        self._closing = False
        self._has_end = False
        self._ended = False
        self._at_end: list[Done] = []
        self._end_lock = threading.Lock()

    async def reserve(self, index: int, call: CallHead, usd: Decimal | None) -> None:
        """To be awaited before the request leaves: then the call counts, with `usd`, whatever happens to this process.

        It waits for others who keep the history locked, but not for long. Each one is to be finished or dropped.
        A second one of the same `index` is another attempt.
        """
        if self._closing or self.problem is not None or not self._is_working():
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._tell(
            lambda writing, connection: writing.reserve(connection, index, call, usd),
            done=_Patient(lambda: _release(loop, future)),
        )
        patience = loop.call_later(MOST_PATIENCE_S, _settle, future)
        try:
            await future
        finally:
            patience.cancel()

    def estimate(self, index: int, usd: Decimal) -> None:
        """What a call that was reserved without an amount may cost."""
        self._tell(lambda writing, connection: writing.estimate(connection, index, usd))

    def dropped(self, index: int) -> None:
        """A call that was reserved has ended, and has cost nothing."""
        self._tell(lambda writing, connection: writing.drop(connection, index))

    def begin(self, index: int, call: CallHead) -> None:
        """A request has left. The first one starts the thread, which loads and opens what it needs."""
        if self._closing:
            return
        self._begun.add(index)
        if self._is_working():
            self._tell(lambda writing, connection: writing.begin(connection, index, call))

    def opened(self, index: int, status: int, content_type: str, streamed: bool | None = None) -> None:
        """A response begins; what an earlier attempt sent is void. `streamed` is as it was asked, if not given."""
        self._tell(lambda writing, connection: writing.open(connection, index, status, content_type, streamed))

    def received(self, index: int, data: bytes) -> None:
        """The next bytes of the response. They hold no credential any more."""
        waiting = self._given_bytes - self._taken_bytes
        self._given_bytes += len(data)
        if waiting + len(data) > MOST_WAITING_BYTES and self.problem is None:
            self.problem = StoreError("the history is not kept: the disk is too slow for what comes in")
        kept = None if self._head.turn is None else threading.Event()
        done = None if kept is None else kept.set
        self._tell(lambda writing, _: writing.take(index, data), size=len(data), done=done)
        if kept is not None:
            self._hold(kept)
        elif waiting < MANY_BYTES <= waiting + len(data) and self._thread is not None:
            self._bell.put(True)  # not to hold for a while what can go at once

    @property
    def is_behind(self) -> bool:
        """Whether more waits to be stored than is wise to hold."""
        return self._given_bytes - self._stored_bytes > MUCH_BYTES and self.problem is None

    def withheld(self, index: int) -> None:
        """The bytes of this response hold a credential in pieces: none of them are kept."""
        self._tell(lambda writing, connection: writing.withhold(connection, index))

    def finished(self, index: int, result: Result) -> asyncio.Future[None]:
        """To be awaited: until the result is stored, or never will be. It is stored whether anybody waits or not."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        if not self._finish(index, result, lambda: _release(loop, future)):
            future.set_result(None)
        return future

    def added(self, index: int, result: Result, done: Done | None = None) -> None:
        """Add a result to the sums, which are all that is kept of it, whether its call was reserved or not.

        `done` is called on this loop when it is stored, or never will be. Without it many are stored together; `stored`
        and `close` wait for them.
        """
        if self._closing or self.problem is not None or not self._is_working():
            if done is not None:
                done()
            return
        told = None if done is None else partial(_call_soon, asyncio.get_running_loop(), done)
        self._tell(lambda writing, connection: writing.add(connection, index, result), done=told)

    def amended(self, index: int, result: Result) -> None:
        """Store `result` in the place of the one that has finished. `close` waits for it."""
        self._tell(lambda writing, connection: writing.amend(connection, index, result))

    def booked(self, job: str, work: bytes, result: Result) -> None:
        """Add the result of a provider's batch to the sums, if this `work` of that `job` is not in them already.

        Nothing has to begin it. `stored` waits for it.
        """
        if not self._closing and self._is_working():
            self._tell(lambda writing, connection: writing.book(connection, job, work, result))

    async def stored(self) -> None:
        """Wait until all that was told so far is stored, or never will be."""
        if self._thread is None or self._closing or self.problem is not None:
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._tell(_no_step, done=lambda: _release(loop, future))
        await future

    async def close(self, total_s: float | None) -> int | None:
        """Store what is left, remove what is too old, end the thread. The run's number; None if nothing was stored."""
        if self._thread is not None:
            loop = asyncio.get_running_loop()
            future: asyncio.Future[None] = loop.create_future()
            self._end(total_s, lambda: _release(loop, future))
            await future
            self._thread.join()
        self._closing = True
        return self._run

    def _hold(self, kept: threading.Event) -> None:
        """Wait until something is stored, if what came before it was stored in time."""
        is_late = self._held is not None and not self._held.is_set()
        self._held = kept
        if not is_late and self._thread is not None and not self._closing and self.problem is None:
            kept.wait(SHOWN_PATIENCE_S)

    def _is_working(self) -> bool:
        """Whether there is a thread that takes steps; the first question starts it."""
        if self._thread is None:
            from queue import SimpleQueue

            self._bell = SimpleQueue()
            thread = threading.Thread(target=self._work, name="thinkdial-history", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                self.problem = self.problem or StoreError(f"the history is not kept: {error}")
                return False
            self._thread = thread
        return True

    def _finish(self, index: int, result: Result, done: Done | None) -> bool:
        """Whether there is something to wait for."""
        if self._thread is None or self._closing or self.problem is not None or index not in self._begun:
            return False
        self._begun.discard(index)
        self._tell(lambda writing, connection: writing.finish(connection, index, result), done=done)
        return True

    def _end(self, total_s: float | None, done: Done) -> None:
        with self._end_lock:
            if not self._ended:
                self._at_end.append(done)
                done = _nothing
        done()
        if not self._closing:
            self._inbox.append((lambda writing, connection: writing.end(connection, total_s), 0, None))
            self._closing = True
            self._bell.put(True)

    def _tell(self, step: Step, *, size: int = 0, done: Done | None = None) -> None:
        """Leave a step for the thread. The bell rings once for all that lies there, and for what somebody waits for."""
        if self._thread is None or self._closing or (self.problem is not None and done is None):
            return
        self._inbox.append((step, size, done))
        if done is not None or not self._has_rung:
            self._has_rung = True
            self._bell.put(done is not None)

    def _work(self) -> None:
        """The thread."""
        waiting: list[Done] = []
        try:
            self._record(waiting)
        except StoreError as error:
            self.problem = self.problem or error
        except Exception as error:
            where = self._path or "the history"
            self.problem = self.problem or StoreError(f"{where}: cannot be written: {type(error).__name__}: {error}")
        try:
            self._let_go(waiting)
        finally:
            with self._end_lock:
                self._ended = True
            for done in self._at_end:
                done()

    def _record(self, waiting: list[Done]) -> None:
        """Open the history, store what comes until the end, and remove what is too old."""
        from .store import BUSY_TIMEOUT_S, LockedError, Store
        from .sums.under_way import charge_where_lost
        from .writer import Writing

        patience_s = BUSY_TIMEOUT_S if self._busy_timeout_s is None else self._busy_timeout_s
        self._writing = Writing(self._head)
        with Store.open(self._path, create=True, busy_timeout_s=patience_s) as store:
            self._write(store, waiting)
            with suppress(LockedError):  # the next run will do it
                charge_where_lost(store)
                if self._retention is not None:
                    from .retention import remove

                    remove(store, self._retention, most=REMOVED_AT_ONCE)

    def _write(self, store: Store, waiting: list[Done]) -> None:
        """Store steps until the end, all that lie there in one transaction. `waiting` holds who still waits."""
        steps: list[Step] = []
        began = time.monotonic()
        pause_until = began
        while True:
            urgent = self._bell.get()
            while not urgent and (left := pause_until - time.monotonic()) > 0:
                urgent = self._wait(left)
            steps += self._take(waiting)
            if self.problem is not None:
                raise self.problem
            if not steps:
                continue
            if self._stored(store, steps, can_wait=not waiting and not self._has_end):
                steps, self._stored_bytes = [], self._taken_bytes
                for done in (*waiting, *self._patient):
                    done()
                waiting.clear()
                self._patient.clear()
            if self._has_end:
                return
            now = time.monotonic()
            pause_until = now + min(MOST_PAUSE_S, max(LEAST_PAUSE_S, (now - began) * PAUSE_SHARE))

    def _wait(self, seconds: float) -> bool:
        """True as soon as something comes that cannot wait, False after `seconds`, or for a ring that can."""
        from queue import Empty

        try:
            return self._bell.get(timeout=seconds)
        except Empty:
            return False

    def _take(self, waiting: list[Done]) -> list[Step]:
        self._has_rung = False  # before the look: what comes after it rings again
        self._has_end = self._closing
        steps: list[Step] = []
        while self._inbox:
            step, size, done = self._inbox.popleft()
            self._taken_bytes += size
            steps.append(step)
            if isinstance(done, _Patient):
                self._patient.append(done)
            elif done is not None:
                waiting.append(done)
        return steps

    def _stored(self, store: Store, steps: list[Step], *, can_wait: bool) -> bool:
        """Whether the steps are in the database. Where nobody waits for them, others may keep it locked for long."""
        from .store import LockedError

        started = False
        try:
            with store.transaction() as connection:
                started = True
                for step in steps:
                    step(self._writing, connection)
                self._writing.keep(connection)
        except LockedError:
            if started or not can_wait:
                raise
            self._bell.put(False)
            return False
        self._run = self._writing.run
        return True

    def _let_go(self, waiting: list[Done]) -> None:
        """After a problem: release who waits, and take what comes to nothing, until the end."""
        while True:
            self._take(waiting)
            for done in (*waiting, *self._patient):
                done()
            waiting.clear()
            self._patient.clear()
            if self._has_end:
                return
            self._bell.get()


class _Patient:
    """Somebody who waits, but not at any price."""

    def __init__(self, done: Done) -> None:
        self._done = done

    def __call__(self) -> None:
        self._done()


def _nothing() -> None:
    pass


def _no_step(writing: Writing, connection: sqlite3.Connection) -> None:
    """Stores nothing: whoever waits for it waits for all before it."""


def _release(loop: asyncio.AbstractEventLoop, future: asyncio.Future[None]) -> None:
    _call_soon(loop, partial(_settle, future))


def _call_soon(loop: asyncio.AbstractEventLoop, done: Done) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(done)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
