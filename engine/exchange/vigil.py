"""Ends the wait for a body in which nothing happens any more, although its connection lives."""

from __future__ import annotations

import asyncio

from .reader import ResponseReader


class Vigil:
    """Is told of each chunk that was read, and cancels the reading task when the next event is overdue (`limit`).

    The silence of a connection without a single byte is the transport's to notice.
    """

    __slots__ = ("_grace_s", "_idle_s", "_life", "_loop", "limit")

    def __init__(self, idle_s: float, grace_s: float) -> None:
        self._idle_s, self._grace_s = idle_s, min(idle_s, grace_s)
        self._loop = asyncio.get_running_loop()
        self._life = self._loop.time()
        self.limit = asyncio.timeout(None)

    def note(self, reader: ResponseReader) -> None:
        """A chunk has been read."""
        if reader.has_heard:
            self._life = self._loop.time()
            if reader.is_finished:
                self.limit.reschedule(self._life + self._grace_s)
            elif self.limit.when() is not None:
                self.limit.reschedule(None)
        elif self.limit.when() is None:
            self.limit.reschedule(self._life + self._idle_s)
