"""Where the lines of a batch go when that is not a file that remembers, and in which order."""

from __future__ import annotations

import asyncio
import os
import select
import stat
import sys
from collections.abc import Callable
from typing import Protocol

from .works import Work

PIECE_BYTES = 4096
"""What a pipe takes at once when it takes anything (POSIX: at least 512, Linux: 4096)."""


class Lines(Protocol):
    """Takes a line. When `add` returns it is safe."""

    def add(self, work: Work, line: bytes, *, failed: bool) -> None: ...


class Pipe:
    """Standard output: each line is written at once, whole. Raises `BrokenPipeError` when nobody reads any more."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._pending = bytearray()
        self._may_block = sys.platform != "win32" and not stat.S_ISREG(os.fstat(descriptor).st_mode)

    @property
    def is_full(self) -> bool:
        """Whether something waits for the reader."""
        return bool(self._pending)

    def add(self, work: Work, line: bytes, *, failed: bool) -> None:
        """Write as much as the pipe holds; the rest is for `pump`. It never blocks."""
        if not self._may_block:
            self.write(line)
            return
        self._pending += line
        self.pump()

    def pump(self) -> None:
        """Write what the pipe holds of what is pending. So small a piece does not block when there is room at all."""
        begun = 0
        try:
            while begun < len(self._pending) and select.select([], [self.descriptor], [], 0)[1]:
                begun += os.write(self.descriptor, self._pending[begun : begun + PIECE_BYTES])
        except BlockingIOError:
            pass
        finally:
            del self._pending[:begun]

    async def taken(self) -> None:
        """Wait until its reader takes something."""
        loop, taken = asyncio.get_running_loop(), asyncio.Event()
        blocks = os.get_blocking(self.descriptor)
        loop.add_writer(self.descriptor, taken.set)
        # uvloop's poll turns blocking off for everybody who shares the pipe or terminal, and leaves it so.
        os.set_blocking(self.descriptor, blocks)
        try:
            await taken.wait()
        finally:
            loop.remove_writer(self.descriptor)

    def drain(self) -> None:
        """Write what is pending, however long the reader takes."""
        rest, self._pending = bytes(self._pending), bytearray()
        self.write(rest)

    def write(self, data: bytes) -> None:
        """Write `data`, all of it."""
        written = 0
        while written < len(data):
            try:
                written += os.write(self.descriptor, data[written:])
            except BlockingIOError:  # whoever made the pipe wants nobody to wait in it; we have to
                select.select([], [self.descriptor], [])


class Ordered:
    """Gives lines on in the order in which they were asked for, each as soon as all before it have been given.

    `expect` is told of each line to come, in order; `forget` of one that will not come.
    """

    def __init__(self, target: Lines, on_room: Callable[[], None]) -> None:
        self._target, self._on_room = target, on_room
        self._next_ticket = self._next_out = 0
        self._tickets: dict[bytes, int] = {}
        self._ready: dict[int, tuple[Work, bytes, bool] | None] = {}

    @property
    def open(self) -> int:
        """How many lines have been announced and not been given on."""
        return self._next_ticket - self._next_out

    def expect(self, work: Work) -> None:
        if work.key not in self._tickets:
            self._tickets[work.key] = self._next_ticket
            self._next_ticket += 1

    def forget(self, work: Work) -> None:
        ticket = self._tickets.pop(work.key, None)
        if ticket is not None:
            self._ready[ticket] = None
            self._give()

    def add(self, work: Work, line: bytes, *, failed: bool) -> None:
        ticket = self._tickets.pop(work.key, None)
        if ticket is None:
            self._target.add(work, line, failed=failed)
            return
        self._ready[ticket] = work, line, failed
        self._give()

    def flush(self) -> None:
        """Give on what is ready although something before it never came: the batch has been stopped."""
        for ticket in sorted(self._ready):
            self._out(self._ready.pop(ticket))

    def _give(self) -> None:
        while self._next_out in self._ready:
            entry = self._ready.pop(self._next_out)
            self._next_out += 1
            self._out(entry)
        self._on_room()

    def _out(self, entry: tuple[Work, bytes, bool] | None) -> None:
        if entry is not None:
            work, line, failed = entry
            self._target.add(work, line, failed=failed)
