"""The calls whose end the history does not know, as they are written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from ..processes import Process, is_alive

if TYPE_CHECKING:
    import sqlite3

Alive = Callable[[Process], bool]


class UnderWay(Struct, frozen=True):
    """One call: the day (UTC) that it counts for, who is asked for what, and what it may have cost if nobody says."""

    day: str
    profile: str
    provider: str
    host: str
    model: str
    think: str
    usd: Decimal | None = None


class CallRow(Struct, frozen=True):
    """A call as it is written down. `is_over`: its process has died, or its time has come."""

    number: int
    call: UnderWay
    process: Process
    is_over: bool


def lost_calls(connection: sqlite3.Connection, alive: Alive = is_alive, at: datetime | None = None) -> list[UnderWay]:
    """The calls whose process has died, which count as spent."""
    return [row.call for row in rows_under_way(connection, alive, at) if row.is_over]


def unknown_calls(connection: sqlite3.Connection, alive: Alive = is_alive) -> list[UnderWay]:
    """The calls under way of which nobody knows what they may cost."""
    return [row.call for row in rows_under_way(connection, alive, None) if not row.is_over and row.call.usd is None]


def rows_under_way(connection: sqlite3.Connection, alive: Alive, at: datetime | None) -> list[CallRow]:
    """What is under way. What an earlier version of this program was at, and has ended, is no part of it."""
    now, known = moment_of(at or datetime.now(UTC)), dict[Process, bool]()
    found = connection.execute(
        "SELECT number, day, profile, provider, host, model, think, usd, machine, pid, began, expires_at FROM under_way"
        " WHERE result IS NULL OR (SELECT status FROM results WHERE results.number = under_way.result) = 'running'"
    ).fetchall()
    rows: list[CallRow] = []
    for number, day, profile, provider, host, model, think, usd, machine, pid, began, expires_at in found:
        process = Process(machine, pid, began)
        if process not in known:
            known[process] = alive(process)
        call = UnderWay(day, profile, provider, host, model, think, None if usd is None else Decimal(usd))
        rows.append(CallRow(number, call, process, not known[process] or expires_at <= now))
    return rows


def moment_of(moment: datetime) -> str:
    """RFC 3339 in UTC, of one length, so that texts compare as moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
