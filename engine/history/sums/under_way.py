"""Calls that have been sent and whose end the history does not know: under way, or of a process that has died.

Each has a row before its request leaves. The row goes in the transaction that counts its result; one whose process
has died is charged at its estimate instead.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ...results.documents import dollars_text
from ..processes import Process, is_alive
from ..store import Store, reading
from .rollups import add_spent
from .unended import Alive, UnderWay, lost_calls, moment_of, rows_under_way

if TYPE_CHECKING:
    import sqlite3


def note_under_way(connection: sqlite3.Connection, call: UnderWay, process: Process, expires: datetime) -> int:
    """Write down a call that is about to be sent. After `expires` it is over, whatever became of its process."""
    done = connection.execute(
        "INSERT INTO under_way (day, profile, provider, host, model, think, usd, machine, pid, began, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            call.day, call.profile, call.provider, call.host, call.model, call.think, _amount(call.usd),
            process.machine, process.pid, process.began, moment_of(expires),
        ),
    )  # fmt: skip
    return int(done.lastrowid or 0)


def estimate_under_way(connection: sqlite3.Connection, number: int, usd: Decimal) -> bool:
    """Put down what a call may cost. Whether the row is still there."""
    done = connection.execute("UPDATE under_way SET usd = ? WHERE number = ?", (_amount(usd), number))
    return done.rowcount > 0


def end_under_way(connection: sqlite3.Connection, number: int, call: UnderWay) -> None:
    """A call has ended, and its result is counted by the caller. Takes back what was charged for it meanwhile."""
    if not connection.execute("DELETE FROM under_way WHERE number = ?", (number,)).rowcount:
        _charge(connection, call, -1)


def charge_lost(connection: sqlite3.Connection, alive: Alive = is_alive, at: datetime | None = None) -> int:
    """Move the calls whose process has died into the sums, within a transaction. How many there were."""
    lost = [row for row in rows_under_way(connection, alive, at) if row.is_over]
    for row in lost:
        connection.execute("DELETE FROM under_way WHERE number = ?", (row.number,))
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
    return None if usd is None else dollars_text(usd)
