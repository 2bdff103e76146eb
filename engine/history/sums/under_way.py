"""Calls that have been sent and whose end the history does not know: under way, or of a process that has died.

Each has a row before its request leaves. The row goes in the transaction that counts its result; one whose process
has died is charged at its estimate instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ..processes import Process, is_alive, this_process
from ..store import Store, reading
from .rollups import add_spent
from .unended import Alive, UnderWay, lost_calls, moment_of, rows_under_way

if TYPE_CHECKING:
    import sqlite3

LONGEST_CALL = timedelta(hours=1, minutes=1)
"""After this a call is over, where nobody can look whether its process still runs."""

_END = "DELETE FROM under_way WHERE number = ?"


class _Attempt(Struct, eq=False):
    """One attempt at a call under way; `number` is that of its row, and 0 before that is written."""

    call: UnderWay
    number: int = 0


class CallsUnderWay:
    """The calls of this process that are under way, by their indexes: each attempt has a row.

    What a transaction begins and ends of them is written at its end, all at once, by `write`.
    """

    def __init__(self) -> None:
        self._attempts: dict[int, list[_Attempt]] = {}
        self._begun: list[_Attempt] = []
        self._ended: list[_Attempt] = []
        self._process: Process | None = None

    def __contains__(self, index: int) -> bool:
        return index in self._attempts

    def begin(self, index: int, call: UnderWay) -> None:
        """A call will be made. Of one that is under way already it is another attempt."""
        attempt = _Attempt(call)
        self._begun.append(attempt)
        self._attempts.setdefault(index, []).append(attempt)

    def estimate(self, connection: sqlite3.Connection, index: int, usd: Decimal) -> None:
        """Put down what a call may cost, for each of its attempts of which that is not known."""
        for attempt in self._attempts.get(index, ()):
            if attempt.call.usd is None and (not attempt.number or _estimate(connection, attempt.number, usd)):
                attempt.call = replace(attempt.call, usd=usd)

    def end(self, index: int) -> None:
        """A call has ended. Its result, if there is one, is counted by the caller in the same transaction."""
        if (attempts := self._attempts.pop(index, None)) is not None:
            self._ended += attempts

    def write(self, connection: sqlite3.Connection) -> None:
        """Put what has begun and ended into the database, before the transaction ends."""
        if self._begun:
            if self._process is None:
                self._process = this_process()
            calls = [attempt.call for attempt in self._begun]
            numbers = note_under_way(connection, calls, self._process, datetime.now(UTC) + LONGEST_CALL)
            for attempt, number in zip(self._begun, numbers, strict=True):
                attempt.number = number
            self._begun.clear()
        if self._ended:
            end_under_way(connection, [(attempt.number, attempt.call) for attempt in self._ended])
            self._ended.clear()


def note_under_way(
    connection: sqlite3.Connection, calls: Sequence[UnderWay], process: Process, expires: datetime
) -> Sequence[int]:
    """Write down calls that are about to be sent. After `expires` they are over, whatever became of their process.

    Gives the numbers of their rows.
    """
    (last,) = connection.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'under_way'").fetchone()
    numbers = range((last or 0) + 1, (last or 0) + 1 + len(calls))
    whose = process.machine, process.pid, process.began, moment_of(expires)
    connection.executemany(
        "INSERT INTO under_way (number, day, profile, provider, host, model, think, usd, machine, pid, began,"
        " expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (number, call.day, call.profile, call.provider, call.host, call.model, call.think, _amount(call.usd),
             *whose)
            for number, call in zip(numbers, calls, strict=True)
        ],
    )  # fmt: skip
    return numbers


def _estimate(connection: sqlite3.Connection, number: int, usd: Decimal) -> bool:
    """Put down what a call may cost. Whether the row is still there."""
    done = connection.execute("UPDATE under_way SET usd = ? WHERE number = ?", (_amount(usd), number))
    return done.rowcount > 0


def end_under_way(connection: sqlite3.Connection, calls: Sequence[tuple[int, UnderWay]]) -> None:
    """Calls have ended, and what they have cost is counted by the caller. Takes back what was charged meanwhile."""
    connection.execute("SAVEPOINT ended")
    numbers = [(number,) for number, _ in calls]
    if connection.executemany(_END, numbers).rowcount < len(calls):  # some of them were charged: which?
        connection.execute("ROLLBACK TO ended")
        for number, call in calls:
            if not connection.execute(_END, (number,)).rowcount:
                _charge(connection, call, -1)
    connection.execute("RELEASE ended")


def charge_lost(connection: sqlite3.Connection, alive: Alive = is_alive, at: datetime | None = None) -> int:
    """Move the calls whose process has died into the sums, within a transaction. How many there were."""
    lost = [row for row in rows_under_way(connection, alive, at) if row.is_over]
    for row in lost:
        connection.execute(_END, (row.number,))
        _charge(connection, row.call, 1)
    return len(lost)


def charge_where_lost(store: Store) -> None:
    """The same in a transaction of its own, where there are any."""
    with reading(store) as connection:
        some = bool(lost_calls(connection))
    if some:
        with store.transaction() as connection:
            charge_lost(connection)


def _charge(connection: sqlite3.Connection, call: UnderWay, times: int) -> None:
    usd = Decimal(0) if call.usd is None else call.usd * times
    key = {
        "day": call.day, "profile": call.profile, "provider": call.provider, "host": call.host,
        "model": call.model, "think": call.think,
    }  # fmt: skip
    known = times * (call.usd is not None)
    numbers = {"results": times, "unpriced": times - known, "estimated": known, "reasoning_unknown": known}
    add_spent(connection, key, numbers, {"usd": usd, "estimated_usd": usd})


def _amount(usd: Decimal | None) -> str | None:
    return None if usd is None else f"{usd:f}"
