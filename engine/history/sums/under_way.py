"""Calls that have been sent and whose end the history does not know: under way, or of a process that has died.

Each has a row before its request leaves. The row goes in the transaction that counts its result; one whose process
has died is charged at its estimate instead.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from ...results.documents import dollars_text
from ..processes import Process, is_alive
from ..store import Store, reading
from .rollups import add_spent

if TYPE_CHECKING:
    import sqlite3

Alive = Callable[[Process], bool]


class UnderWay(NamedTuple):
    """One call: the day (UTC) that it counts for, who is asked for what, and what it may have cost if nobody says."""

    day: str
    profile: str
    provider: str
    host: str
    model: str
    think: str
    usd: Decimal | None = None


class _Row(NamedTuple):
    number: int
    call: UnderWay
    process: Process
    is_over: bool


def note_under_way(connection: sqlite3.Connection, call: UnderWay, process: Process, expires: datetime) -> int:
    """Write down a call that is about to be sent. After `expires` it is over, whatever became of its process."""
    done = connection.execute(
        "INSERT INTO under_way (day, profile, provider, host, model, think, usd, machine, pid, began, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*call[:-1], _amount(call.usd), *process, _moment(expires)),
    )
    return int(done.lastrowid or 0)


def estimate_under_way(connection: sqlite3.Connection, number: int, usd: Decimal) -> bool:
    """Put down what a call may cost. Whether the row is still there."""
    done = connection.execute("UPDATE under_way SET usd = ? WHERE number = ?", (_amount(usd), number))
    return done.rowcount > 0


def end_under_way(connection: sqlite3.Connection, number: int, call: UnderWay) -> None:
    """A call has ended, and its result is counted by the caller. Takes back what was charged for it meanwhile."""
    if not connection.execute("DELETE FROM under_way WHERE number = ?", (number,)).rowcount:
        _charge(connection, call, -1)


def lost_calls(connection: sqlite3.Connection, alive: Alive = is_alive, at: datetime | None = None) -> list[UnderWay]:
    """The calls whose process has died, which count as spent."""
    return [row.call for row in _rows(connection, alive, at) if row.is_over]


def unknown_calls(connection: sqlite3.Connection, alive: Alive = is_alive) -> list[UnderWay]:
    """The calls under way of which nobody knows what they may cost."""
    return [row.call for row in _rows(connection, alive, None) if not row.is_over and row.call.usd is None]


def charge_lost(connection: sqlite3.Connection, alive: Alive = is_alive, at: datetime | None = None) -> int:
    """Move the calls whose process has died into the sums, within a transaction. How many there were."""
    lost = [row for row in _rows(connection, alive, at) if row.is_over]
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


def _rows(connection: sqlite3.Connection, alive: Alive, at: datetime | None) -> list[_Row]:
    """What is under way. What an earlier version of this program was at, and has ended, is no part of it."""
    now, known = _moment(at or datetime.now(UTC)), dict[Process, bool]()
    found = connection.execute(
        "SELECT number, day, profile, provider, host, model, think, usd, machine, pid, began, expires_at FROM under_way"
        " WHERE result IS NULL OR (SELECT status FROM results WHERE results.number = under_way.result) = 'running'"
    ).fetchall()
    rows: list[_Row] = []
    for number, day, profile, provider, host, model, think, usd, machine, pid, began, expires_at in found:
        process = Process(machine, pid, began)
        if process not in known:
            known[process] = alive(process)
        call = UnderWay(day, profile, provider, host, model, think, None if usd is None else Decimal(usd))
        rows.append(_Row(number, call, process, not known[process] or expires_at <= now))
    return rows


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


def _moment(moment: datetime) -> str:
    """RFC 3339 in UTC, of one length, so that texts compare as moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
