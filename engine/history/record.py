"""The recorder of one run: told by the event loop, which it never holds up; what is told is stored by a thread."""

from __future__ import annotations

import asyncio
import threading
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
from .scribe import Done, Scribe, Waiter

if TYPE_CHECKING:
    import sqlite3

    from .store import Store
    from .writer import Writing

__all__ = ["CallHead", "Recorder", "RunHead"]

SHOWN_PATIENCE_S = 0.1
"""How long the bytes of a turn of a session are held back until they are stored, so that nothing is shown that a kill
could take away. What is stored more slowly is not waited for."""

STARTS_AFTER_S = 0.01
"""How long after the first request has left the thread is started, unless somebody waits for it before. Providers take
longer to answer; where a server on this machine does not, two threads at once cost more than one after the other."""

MANY_BYTES = 4 * 2**20
MUCH_BYTES = 16 * 2**20
MOST_WAITING_BYTES = 256 * 2**20

MOST_PATIENCE_S = 2.0
"""How long a call waits until it is written down that it will be made, while others keep the history locked."""

Complete = Callable[["Store"], Result]
"""Makes the result that is stored, with what the history knows."""


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
        self._scribe = Scribe(head, path, retention, busy_timeout_s)
        self._is_turn = head.turn is not None
        self._begun: set[int] = set()
        self._is_taking = self._is_closed = False
        self._starting: asyncio.TimerHandle | None = None
        self._held: threading.Event | None = None
        self._patience = _Patience()

    @property
    def problem(self) -> StoreError | None:
        """Why nothing more is stored, if something went wrong."""
        return self._scribe.problem

    def reserve(self, index: int, call: CallHead, usd: Decimal | None) -> asyncio.Future[None]:
        """To be awaited before the request leaves: then the call counts, with `usd`, whatever happens to this process.

        It waits for others who keep the history locked, but not for long. Each one is to be finished or dropped.
        A second one of the same `index` is another attempt.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        if not self._take():
            future.set_result(None)
            return future
        self._scribe.tell(
            lambda writing, _: writing.reserve(index, call, usd),
            waiter=Waiter(partial(_settle, future), loop, is_keen=False),
        )
        self._patience.bear(loop, future)
        return future

    def estimate(self, index: int, usd: Decimal) -> None:
        """What a call that was reserved without an amount may cost."""
        if self._is_told:
            self._scribe.tell(lambda writing, connection: writing.estimate(connection, index, usd))

    def estimate_by(self, index: int, likely: Callable[[], Decimal | None]) -> None:
        """The same, worked out by `likely` in the thread."""
        found: list[Decimal] = []

        def look(_: Store) -> None:
            with suppress(Exception):  # nobody has asked for it
                if (usd := likely()) is not None:
                    found.append(usd)

        def step(writing: Writing, connection: sqlite3.Connection) -> None:
            for usd in found:
                writing.estimate(connection, index, usd)

        if self._is_told:
            self._scribe.tell(step, look=look)

    def dropped(self, index: int) -> None:
        """A call that was reserved has ended, and has cost nothing."""
        if self._is_told:
            self._scribe.tell(lambda writing, _: writing.drop(index))

    def begin(self, index: int, call: CallHead) -> None:
        """A request has left. Soon after the first one the thread loads and opens what it needs."""
        if self._is_closed:
            return
        self._begun.add(index)
        if self._take(at_once=self._is_turn):
            self._scribe.tell(lambda writing, connection: writing.begin(connection, index, call))

    def opened(self, index: int, status: int, content_type: str, streamed: bool | None = None) -> None:
        """A response begins; what an earlier attempt sent is void. `streamed` is as it was asked, if not given."""
        if self._is_told:
            self._scribe.tell(
                lambda writing, connection: writing.open(connection, index, status, content_type, streamed)
            )

    def received(self, index: int, data: bytes) -> None:
        """The next bytes of the response. They hold no credential any more."""
        scribe = self._scribe
        waiting = scribe.given_bytes - scribe.taken_bytes
        scribe.given_bytes += len(data)
        if waiting + len(data) > MOST_WAITING_BYTES and scribe.problem is None:
            scribe.problem = StoreError("the history is not kept: the disk is too slow for what comes in")
        kept = threading.Event() if self._is_turn else None
        if self._is_told:
            waiter = None if kept is None else Waiter(kept.set)
            scribe.tell(lambda writing, _: writing.take(index, data), size=len(data), waiter=waiter)
        if kept is not None:
            self._hold(kept)
        elif waiting < MANY_BYTES <= waiting + len(data):
            scribe.ring(is_urgent=True)  # not to hold for a while what can go at once

    @property
    def is_behind(self) -> bool:
        """Whether more waits to be stored than is wise to hold."""
        return self._scribe.given_bytes - self._scribe.stored_bytes > MUCH_BYTES and self.problem is None

    def withheld(self, index: int) -> None:
        """The bytes of this response hold a credential in pieces: none of them are kept."""
        if self._is_told:
            self._scribe.tell(lambda writing, connection: writing.withhold(connection, index))

    def finished(self, index: int, result: Result, complete: Complete | None = None) -> asyncio.Future[Result]:
        """To be awaited: until the result is stored, or never will be. It is stored whether anybody waits or not.

        Gives the result as it is stored: what `complete` makes of it, in the thread, or as it was given.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        if not self._is_told or index not in self._begun or not self._take():
            future.set_result(result)
            return future
        self._begun.discard(index)
        made = [result]

        def look(store: Store) -> None:
            if complete is not None:
                with suppress(Exception):  # an answer that was paid for is not lost to what else is said of it
                    made[0] = complete(store)

        def over() -> None:
            if not future.done():
                future.set_result(made[0])

        self._scribe.tell(
            lambda writing, connection: writing.finish(connection, index, made[0]),
            waiter=Waiter(over, loop),
            look=look,
        )
        return future

    def added(self, index: int, result: Result, done: Done | None = None) -> None:
        """Add a result to the sums, which are all that is kept of it, whether its call was reserved or not.

        `done` is called on this loop when it is stored, or never will be. Without it many are stored together; `stored`
        and `close` wait for them.
        """
        if not self._take():
            if done is not None:
                done()
            return
        waiter = None if done is None else Waiter(done, asyncio.get_running_loop())
        self._scribe.tell(lambda writing, connection: writing.add(connection, index, result), waiter=waiter)

    def amended(self, index: int, result: Result) -> None:
        """Store `result` in the place of the one that has finished. `close` waits for it."""
        if self._is_told:
            self._scribe.tell(lambda writing, connection: writing.amend(connection, index, result))

    def booked(self, job: str, work: bytes, result: Result) -> None:
        """Add the result of a provider's batch to the sums, if this `work` of that `job` is not in them already.

        Nothing has to begin it. `stored` waits for it.
        """
        if self._take():
            self._scribe.tell(lambda writing, connection: writing.book(connection, job, work, result))

    async def stored(self) -> None:
        """Wait until all that was told so far is stored, or never will be."""
        if not self._is_told or not self._take():
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._scribe.tell(_no_step, waiter=Waiter(partial(_settle, future), loop))
        await future

    async def close(self, total_s: float | None) -> int | None:
        """Store what is left, remove what is too old, end the thread. The run's number; None if nothing was stored."""
        if self._is_taking and self._start():
            loop = asyncio.get_running_loop()
            future: asyncio.Future[None] = loop.create_future()
            self._scribe.end(
                lambda writing, connection: writing.end(connection, total_s),
                Waiter(partial(_settle, future), loop),
            )
            self._is_closed = True
            await future
            self._scribe.join()
        self._is_closed = True
        self._patience.end()
        return self._scribe.run

    @property
    def _is_told(self) -> bool:
        """Whether steps are still taken. Nothing is before something begins."""
        return self._is_taking and not self._is_closed and self._scribe.problem is None

    def _take(self, *, at_once: bool = True) -> bool:
        """Whether steps are taken from now on. The thread is started `at_once`, or soon."""
        if self._is_closed or self._scribe.problem is not None:
            return False
        self._is_taking = True
        if self._scribe.is_started:
            return True
        if at_once:
            return self._start()
        if self._starting is None:
            self._starting = asyncio.get_running_loop().call_later(STARTS_AFTER_S, self._start)
        return True

    def _start(self) -> bool:
        if self._starting is not None:
            self._starting.cancel()
            self._starting = None
        return self._scribe.start()

    def _hold(self, kept: threading.Event) -> None:
        """Wait until something is stored, if what came before it was stored in time."""
        is_late = self._held is not None and not self._held.is_set()
        self._held = kept
        if not is_late and self._is_told:
            kept.wait(SHOWN_PATIENCE_S)


class _Patience:
    """Lets those go on who have waited for `MOST_PATIENCE_S`, with one timer for all of them."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def bear(self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[None]) -> None:
        """Wait no longer for `future` than that."""
        waiting = self._waiting
        while waiting and waiting[0][1].done():
            waiting.popleft()
        waiting.append((loop.time() + MOST_PATIENCE_S, future))
        if self._timer is None:
            self._timer = loop.call_later(MOST_PATIENCE_S, self._lose, loop)

    def end(self) -> None:
        """Nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _lose(self, loop: asyncio.AbstractEventLoop) -> None:
        waiting, now = self._waiting, loop.time()
        while waiting and (waiting[0][0] <= now or waiting[0][1].done()):
            _settle(waiting.popleft()[1])
        self._timer = loop.call_at(waiting[0][0], self._lose, loop) if waiting else None


def _no_step(writing: Writing, connection: sqlite3.Connection) -> None:
    """Stores nothing: whoever waits for it waits for all before it."""


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
