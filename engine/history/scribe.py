"""The thread that stores what a recorder is told: all that lies there in one transaction, and bytes alone seldom."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ...providers.errors import StoreError
from .heads import Retention, RunHead

if TYPE_CHECKING:
    import sqlite3
    from asyncio import AbstractEventLoop

    from .store import Store
    from .writer import Writing

LEAST_PAUSE_S = 0.05
MOST_PAUSE_S = 0.2
PAUSE_SHARE = 0.1
"""Bytes alone are stored this often: after a tenth of the time so far, within these bounds. A kill loses at most
that; a finished result is stored at once."""

REMOVED_AT_ONCE = 200
"""How many runs at most the end of one run removes for the sake of age and size: nobody likes to wait for that."""

Step = Callable[["Writing", "sqlite3.Connection"], None]
Done = Callable[[], None]
Look = Callable[["Store"], None]


class Waiter(Struct, frozen=True):
    """Who waits for a step: `done` is called on `loop`, or without one in the thread.

    One that is not `keen` goes on without when it takes too long.
    """

    done: Done
    loop: AbstractEventLoop | None = None
    is_keen: bool = True


class _Told(Struct, frozen=True):
    """A step of a transaction, the bytes in it, who waits for it, and what is read and worked out before it."""

    step: Step
    size: int = 0
    waiter: Waiter | None = None
    look: Look | None = None


class Scribe:
    """What is told is stored in its order, once the thread has been started. The first problem ends that.

    Then whoever waits is released, now and later. `given` and `stored` are sums of bytes.
    """

    def __init__(
        self, head: RunHead, path: Path | None, retention: Retention | None, busy_timeout_s: float | None
    ) -> None:
        self.problem: StoreError | None = None
        self.run: int | None = None
        self.given_bytes = self.taken_bytes = self.stored_bytes = 0  # each has one thread that adds to it
        self._head, self._path, self._retention, self._busy_timeout_s = head, path, retention, busy_timeout_s
        self._writing: Writing
        self._inbox: deque[_Told] = deque()
        self._waiting: list[Waiter] = []
        self._bell = threading.Condition()
        self._has_rung = self._is_urgent = False
        self._thread: threading.Thread | None = None
        self._is_closing = self._has_end = self._is_over = False
        self._at_end: list[Waiter] = []
        self._end_lock = threading.Lock()

    @property
    def is_started(self) -> bool:
        return self._thread is not None

    def start(self) -> bool:
        """Begin to store. Whether somebody does."""
        if self._thread is None:
            thread = threading.Thread(target=self._work, name="thinkdial-history", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                self.problem = self.problem or StoreError(f"the history is not kept: {error}")
                return False
            self._thread = thread
        return True

    def tell(self, step: Step, *, size: int = 0, waiter: Waiter | None = None, look: Look | None = None) -> None:
        """Leave a step. It may lie for a while, unless somebody waits for it: until it is stored, or never will be.

        `look` is called before the transaction of the step, in the thread. It raises nothing.
        """
        self._inbox.append(_Told(step, size, waiter, look))
        self.ring(is_urgent=waiter is not None)

    def ring(self, *, is_urgent: bool) -> None:
        """Have the thread look at what lies there: once for all of it, and again for what cannot lie."""
        if self._is_urgent or (self._has_rung and not is_urgent):
            return
        with self._bell:
            self._has_rung, self._is_urgent = True, self._is_urgent or is_urgent
            self._bell.notify()

    def end(self, step: Step, waiter: Waiter) -> None:
        """Store what lies there and `step`, remove what is too old, and end. That is what is waited for."""
        with self._end_lock:
            is_over = self._is_over
            if not is_over:
                self._at_end.append(waiter)
        if is_over:
            _release([waiter])
        if not self._is_closing:
            self._inbox.append(_Told(step))
            self._is_closing = True
            self.ring(is_urgent=True)

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        """The thread."""
        try:
            self._record()
        except StoreError as error:
            self.problem = self.problem or error
        except Exception as error:
            where = self._path or "the history"
            self.problem = self.problem or StoreError(f"{where}: cannot be written: {type(error).__name__}: {error}")
        try:
            self._let_go()
        finally:
            with self._end_lock:
                self._is_over = True
            _release(self._at_end)

    def _record(self) -> None:
        """Open the history, store what comes until the end, and remove what is too old."""
        from .store import BUSY_TIMEOUT_S, LockedError, Store
        from .sums.under_way import charge_where_lost
        from .writer import Writing

        patience_s = BUSY_TIMEOUT_S if self._busy_timeout_s is None else self._busy_timeout_s
        self._writing = Writing(self._head)
        with Store.open(self._path, create=True, busy_timeout_s=patience_s) as store:
            self._write(store)
            with suppress(LockedError):  # the next run will do it
                charge_where_lost(store)
                if self._retention is not None:
                    from .retention import remove

                    remove(store, self._retention, most=REMOVED_AT_ONCE)

    def _write(self, store: Store) -> None:
        """Store steps until the end, all that lie there in one transaction."""
        steps: list[Step] = []
        began = pause_until = time.monotonic()
        while not self._has_end:
            self._hear(pause_until)
            told = self._take()
            if self.problem is not None:
                raise self.problem
            for look in [one.look for one in told if one.look is not None]:
                look(store)
            steps += [one.step for one in told]
            if not steps:
                continue
            if self._stored(store, steps):
                steps, self.stored_bytes = [], self.taken_bytes
                _release(self._waiting)
            now = time.monotonic()
            pause_until = now + min(MOST_PAUSE_S, max(LEAST_PAUSE_S, (now - began) * PAUSE_SHARE))

    def _hear(self, pause_until: float) -> None:
        """Wait until something lies there, and after that until it cannot lie any longer, or the pause is over."""
        with self._bell:
            self._bell.wait_for(lambda: self._has_rung)
            self._bell.wait_for(lambda: self._is_urgent, pause_until - time.monotonic())
            self._has_rung = self._is_urgent = False  # before the look: what comes after it rings again

    def _take(self) -> list[_Told]:
        """What lies there. Who waits for it is remembered."""
        self._has_end = self._is_closing
        inbox = self._inbox
        told = [inbox.popleft() for _ in range(len(inbox))]
        self.taken_bytes += sum([one.size for one in told])
        self._waiting += [one.waiter for one in told if one.waiter is not None]
        return told

    def _stored(self, store: Store, steps: list[Step]) -> bool:
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
            if started or self._has_end or any(waiter.is_keen for waiter in self._waiting):
                raise
            self.ring(is_urgent=False)
            return False
        self.run = self._writing.run
        return True

    def _let_go(self) -> None:
        """After a problem: release who waits, and take what comes to nothing, until the end."""
        while True:
            self._take()
            _release(self._waiting)
            if self._has_end:
                return
            self._hear(0.0)


def _release(waiters: list[Waiter]) -> None:
    """Let them go on, and forget them. A loop is woken once for all of its own."""
    by_loop: dict[AbstractEventLoop | None, list[Done]] = {}
    for waiter in waiters:
        by_loop.setdefault(waiter.loop, []).append(waiter.done)
    waiters.clear()
    for loop, dones in by_loop.items():
        if loop is None:
            _call(dones)
        else:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_call, dones)


def _call(dones: list[Done]) -> None:
    for done in dones:
        done()
