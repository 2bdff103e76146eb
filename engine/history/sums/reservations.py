"""Money that calls under way may still need, where all programs that share the history see it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ...costs.budget.ledger import Choose, Held
from ...costs.budget.limits import Limit
from ...costs.budget.share import NOTHING, Elsewhere, Grant
from ..processes import is_running, this_machine
from ..store import Store
from .aside import everything_aside
from .spend import spent_in

if TYPE_CHECKING:
    import sqlite3

MARGIN_S = 60.0
"""How much longer than its call a reservation lasts at the most."""

_T = TypeVar("_T")


def _now() -> datetime:
    return datetime.now(UTC)


class Reservations:
    """The reservations of one run among those of all. The connection lives in a thread: others may keep it waiting.

    `limits` are those that all runs share (`Limit.since`). `lasts_s` is the longest that one of the calls can take. A
    reservation counts for others until it is released, it expires, or its process on this machine has ended: then the
    calls that were made with it count as spent (`under_way`).
    """

    def __init__(
        self,
        limits: Sequence[Limit],
        *,
        lasts_s: float,
        path: Path | None = None,
        now: Callable[[], datetime] = _now,
        alive: Callable[[int], bool] = is_running,
    ) -> None:
        self._limits = [limit for limit in limits if limit.is_enforced and limit.since is not None]
        self._lasts = timedelta(seconds=lasts_s + MARGIN_S)
        self._path = path
        self._now = now
        self._alive = alive
        self._own: set[int] = set()
        self._store: Store | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def decide(self, profiles: Sequence[str], choose: Choose, likely: Sequence[Decimal] = ()) -> list[Held]:
        """Let `choose` decide by what is spent and held at this moment, and keep what it grants; nobody else can then.

        Raises `StoreError` when the history cannot be used.
        """
        if not self._limits:
            return [Held(decision, None) for decision in choose({})]
        return await self._in_thread(lambda store: self._decide(store, profiles, choose))

    async def release(self, row: int, usd: Decimal | None = NOTHING) -> None:
        """Give a reservation back; what the call did cost is in the sums. Raises `StoreError`."""
        await self._in_thread(lambda store: self._release(store, row))

    async def close(self) -> None:
        """Close the connection and end the thread."""
        if self._thread is None:
            return
        if self._store is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._store.close)
        self._thread.shutdown(wait=False)
        self._thread = self._store = None

    async def _in_thread(self, work: Callable[[Store], _T]) -> _T:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reservations")

        def run() -> _T:
            if self._store is None:
                self._store = Store.open(self._path, create=True)
            return work(self._store)

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    def _decide(self, store: Store, profiles: Sequence[str], choose: Choose) -> list[Held]:
        rows: list[int | None] = []
        with store.transaction() as connection:
            others = _others(connection, self._own, self._now(), self._alive)
            decisions = choose(_elsewhere(store, connection, self._limits, others))
            for profile, decision in zip(profiles, decisions, strict=True):
                usd = decision.usd if isinstance(decision, Grant) else None
                is_shared = any(limit.covers(profile) for limit in self._limits)
                rows.append(self._insert(connection, profile, usd) if usd and is_shared else None)
        self._own.update(row for row in rows if row is not None)
        return [Held(decision, row) for decision, row in zip(decisions, rows, strict=True)]

    def _insert(self, connection: sqlite3.Connection, profile: str, usd: Decimal) -> int | None:
        now = self._now()
        return connection.execute(
            "INSERT INTO reservations (created_at, expires_at, host, pid, profile, usd) VALUES (?, ?, ?, ?, ?, ?)",
            (_text(now), _text(now + self._lasts), this_machine(), os.getpid(), profile, f"{usd:f}"),
        ).lastrowid

    def _release(self, store: Store, row: int) -> None:
        with store.transaction() as connection:
            connection.execute("DELETE FROM reservations WHERE number = ?", (row,))
        self._own.discard(row)


def elsewhere_of(store: Store, connection: sqlite3.Connection, limits: Iterable[Limit]) -> Mapping[str, Elsewhere]:
    """The limits that all runs share as the history knows them at this moment of a transaction, by their names."""
    return _elsewhere(store, connection, limits, _others(connection, frozenset(), _now(), is_running))


def _elsewhere(
    store: Store, connection: sqlite3.Connection, limits: Iterable[Limit], others: Sequence[tuple[str, Decimal]]
) -> Mapping[str, Elsewhere]:
    aside = everything_aside(connection)
    found: dict[str, Elsewhere] = {}
    for limit in limits:
        if limit.since is None:
            continue
        since = limit.since.isoformat()
        spent, _ = spent_in(store, limit.since, limit.profiles)
        held = sum((usd for profile, usd in others if limit.covers(profile)), NOTHING)
        waiting = sum((one.usd for one in aside if one.day >= since and limit.covers(one.profile)), NOTHING)
        found[limit.name] = Elsewhere(limit.total_usd - spent, held, waiting)
    return found


def _others(
    connection: sqlite3.Connection, own: Set[int], now: datetime, alive: Callable[[int], bool]
) -> list[tuple[str, Decimal]]:
    """Profile and amount of all reservations but our own. Those that are over are removed."""
    moment, machine = _text(now), this_machine()
    gone: list[tuple[int]] = []
    others: list[tuple[str, Decimal]] = []
    query = "SELECT number, expires_at, host, pid, profile, usd FROM reservations"
    for number, expires_at, where, pid, profile, usd in connection.execute(query):
        if number in own:
            continue
        if expires_at <= moment or (where == machine and not alive(pid)):
            gone.append((number,))
        else:
            others.append((profile, Decimal(usd)))
    connection.executemany("DELETE FROM reservations WHERE number = ?", gone)
    return others


def _text(moment: datetime) -> str:
    """RFC 3339 in UTC, of one length, so that texts compare as moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
