"""The history's sums for the workers of a cluster: written where the batch was started, told from everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from ....providers.errors import StoreError
from ...costs.likely_cost import LikelyCost
from ...history.heads import CallHead
from ...history.record import Recorder
from ...planning.prepare import Prepared
from ...results.charge import may_have_cost
from ...results.result import Reasoning, Result
from ...runs.call import OnStored
from ..books import BookTerms

PAUSE_S = 0.05
"""How long results are gathered until they are told together."""


class BookEntry(Struct, frozen=True):
    """What became of an attempt that had been noted as `number`; of one that was not, None. Without a result it has
    cost nothing.
    """

    number: int | None
    result: Result | None


class ClusterBooks:
    """The books themselves. What a worker has noted counts also when it is never heard of again."""

    def __init__(self, terms: BookTerms) -> None:
        self._recorder: Recorder = terms.recorder()
        self._indexes: dict[tuple[str, int], int] = {}
        self._next = 0

    @property
    def problem(self) -> StoreError | None:
        """Why they are not complete, if something went wrong."""
        return self._recorder.problem

    async def note(self, attempt: str, number: int, call: CallHead, usd: Decimal | None) -> None:
        """A worker is about to make a call, which may cost `usd`."""
        index = self._indexes[attempt, number] = self._new()
        await self._recorder.reserve(index, call, usd)

    async def book(self, attempt: str, entries: Sequence[BookEntry]) -> None:
        """Enter what has ended, and wait until it is stored."""
        for entry in entries:
            index = None if entry.number is None else self._indexes.pop((attempt, entry.number), None)
            result = entry.result
            if result is None:
                if index is not None:
                    self._recorder.dropped(index)
                continue
            index = self._new() if index is None else index
            self._recorder.added(index, result)
        await self._recorder.stored()

    async def close(self, total_s: float) -> None:
        """Store what is left."""
        await self._recorder.close(total_s)

    def _new(self) -> int:
        self._next += 1
        return self._next


class BooksAfar(Protocol):
    """The books, wherever they are."""

    async def note(self, attempt: str, number: int, call: CallHead, usd: Decimal | None) -> None: ...

    async def book(self, attempt: str, entries: Sequence[BookEntry]) -> None: ...


class LeasedBooks:
    """A worker's way into the books, for one attempt at a block (`Books`)."""

    def __init__(self, afar: BooksAfar, attempt: str) -> None:
        self._afar, self._attempt = afar, attempt
        self._number = 0
        self._likely = LikelyCost()
        self._entries: list[BookEntry] = []
        self._stored: list[OnStored] = []
        self._telling: asyncio.Task[None] | None = None

    def booking(self) -> _LeasedBooking:
        """The place of one attempt."""
        self._number += 1
        return _LeasedBooking(self, self._number)

    def add(self, result: Result) -> None:
        """Add `result`, whatever it cost."""
        self._enter(BookEntry(None, _slim(result)), None)

    async def begin(self, number: int, prepared: Prepared, usd: Decimal | None) -> None:
        """Have a call in the books before it is made."""
        target = prepared.target
        if target.is_simulated:
            return
        if usd is None:
            usd = self._likely.usd(prepared)
        head = CallHead(
            target.profile.name, target.provider.name, target.dialect, target.profile.model, str(prepared.think), {},
            target.host,
        )  # fmt: skip
        await self._afar.note(self._attempt, number, head, usd)

    def end(self, number: int, result: Result, settle: OnStored | None) -> None:
        """Enter what became of a call."""
        self._enter(BookEntry(number, _slim(result) if may_have_cost(result) else None), settle)

    async def close(self) -> None:
        """Wait until everything has been told."""
        while self._telling is not None:
            await asyncio.wait((self._telling,))

    def _enter(self, entry: BookEntry, stored: OnStored | None) -> None:
        self._entries.append(entry)
        if stored is not None:
            self._stored.append(stored)
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self._entries:
            await asyncio.sleep(PAUSE_S)
            entries, self._entries = self._entries, []
            stored, self._stored = self._stored, []
            with suppress(Exception):  # whoever keeps the books is gone: what was noted counts at its estimate
                await self._afar.book(self._attempt, entries)
            for done in stored:
                done()
        self._telling = None


class _LeasedBooking(Struct, frozen=True):
    """An attempt by its number (a `Booking`)."""

    books: LeasedBooks
    number: int

    async def begin(self, prepared: Prepared, usd: Decimal | None) -> None:
        await self.books.begin(self.number, prepared, usd)

    async def keep(self, result: Result, settle: OnStored | None) -> Result:
        self.books.end(self.number, result, settle)
        return result


def _slim(result: Result) -> Result:
    """The result without its texts: those are in the shard, and no sum is made of them."""
    return replace(result, answer="", reasoning=Reasoning())
