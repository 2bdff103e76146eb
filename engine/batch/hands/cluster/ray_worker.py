"""A worker in an actor of Ray: frames come as calls of `take`, and go as what `frames` yields."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

from ...interrupts import rare_collections
from ..worker import CallWorker
from .seals import Seal

LINGER_S = 0.05
"""How long results wait for others: a message of Ray's costs as much CPU as a call."""


class RayWorker:
    """What an actor holds. Frames have numbers: Ray may begin calls of an actor in another order."""

    def __init__(self, *, seals: bool) -> None:
        self._seal = Seal() if seals else None
        self._worker: CallWorker | None = None
        self._next, self._early = 0, dict[int, bytes]()
        self._life = ExitStack()  # of the process, which is ours alone
        self._life.enter_context(rare_collections())

    async def frames(self) -> AsyncIterator[bytes]:
        """All that the worker has to say; the first is its greeting."""
        waiting: asyncio.Queue[bytes] = asyncio.Queue()
        seal = self._seal
        self._worker = CallWorker(
            waiting.put_nowait,
            linger_s=LINGER_S,
            unseal=None if seal is None else seal.open,
            seal="" if seal is None else seal.public,
        )
        yield self._worker.greeting.packed()
        while True:
            yield await waiting.get()

    async def take(self, number: int, frame: bytes) -> None:
        """The frame of this number."""
        self._early[number] = frame
        while self._worker is not None and (given := self._early.pop(self._next, None)) is not None:
            self._next += 1
            self._worker.take(given)
