"""What open batches at providers are expected to cost, where every budget sees it, and what of them is in the sums."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from ..store import Store, reading

if TYPE_CHECKING:
    import sqlite3


class Aside(NamedTuple):
    """What one part of a job is expected to cost, and the day (UTC) on which that will be booked."""

    job: str
    part: int
    day: str
    profile: str
    usd: Decimal


def everything_aside(connection: sqlite3.Connection) -> list[Aside]:
    """All that is set aside, as far as this connection sees."""
    found = connection.execute("SELECT job, part, day, profile, usd FROM aside")
    return [Aside(job, part, day, profile, Decimal(usd)) for job, part, day, profile, usd in found]


def aside_in(store: Store, since_day: date, profiles: Collection[str] | None = None) -> Decimal:
    """What is set aside since the beginning of a UTC day."""
    with reading(store) as connection:
        found = everything_aside(connection)
    since = since_day.isoformat()
    return sum(
        (one.usd for one in found if one.day >= since and (profiles is None or one.profile in profiles)), Decimal()
    )


def set_aside(connection: sqlite3.Connection, amounts: Iterable[Aside]) -> None:
    """Set these amounts aside, in the place of what was set aside for the same parts."""
    connection.executemany(
        "REPLACE INTO aside VALUES (?, ?, ?, ?, ?)", [(*one[:-1], f"{one.usd:f}") for one in amounts]
    )


def settle(
    connection: sqlite3.Connection, jobs: Mapping[str, bool], due: Iterable[Aside], may_exist: Callable[[str], bool]
) -> None:
    """Bring everything in line with the jobs as they stand: what is `due` is set aside, and what is over is forgotten.

    `jobs` are those that can be read, and whether something of them is still to be booked. Of others nothing is
    forgotten that `may_exist`.
    """
    wanted = {(one.job, one.part): one for one in due}
    there = {(one.job, one.part): one for one in everything_aside(connection)}
    over = [key for key in there if key not in wanted and (key[0] in jobs or not may_exist(key[0]))]
    connection.executemany("DELETE FROM aside WHERE job = ? AND part = ?", over)
    set_aside(connection, [one for key, one in wanted.items() if there.get(key) != one])
    booked = [job for (job,) in connection.execute("SELECT DISTINCT job FROM booked").fetchall()]
    closed = [job for job in booked if not (jobs[job] if job in jobs else may_exist(job))]
    connection.executemany("DELETE FROM booked WHERE job = ?", [(job,) for job in closed])
