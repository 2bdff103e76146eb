"""The runs that a filter describes."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from ...results.moments import timestamp
from .text_index import candidates

if TYPE_CHECKING:
    import sqlite3


class RunFilter(Struct, frozen=True):
    """Which runs to list. `until` is included; a `datetime` is taken to the second, a `date` as a UTC day.

    `text` is looked for in prompts and answers, whatever its case. A part of a profile's or model's name will do
    where none has that very name.
    """

    text: str | None = None
    profile: str | None = None
    model: str | None = None
    since: date | None = None
    until: date | None = None
    limit: int = 20


class _Where(Struct):
    """Conditions on `runs` and their values."""

    conditions: list[str] = field(default_factory=list[str])
    values: list[Any] = field(default_factory=list[Any])

    def add(self, condition: str, *values: Any) -> None:
        self.conditions.append(condition)
        self.values += values

    @property
    def text(self) -> str:
        return " AND ".join(self.conditions) or "1"


def moment_text(moment: date, *, end: bool = False) -> str:
    """A day or a moment as `created_at` is written; with `end`, the first one that is later than all of it."""
    if isinstance(moment, datetime):
        return timestamp(moment + timedelta(seconds=1) if end else moment)
    return f"{(moment + timedelta(days=1) if end else moment).isoformat()}T00:00:00Z"


def matching(connection: sqlite3.Connection, wanted: RunFilter) -> Iterator[int]:
    """The numbers of the runs that match, newest first, read only as far as they are taken.

    Of one profile or model they come along its own index, so that what others did costs nothing.
    """
    where = _Where()
    for column, name in (("profile", wanted.profile), ("model", wanted.model)):
        if name is not None:
            names = _names(connection, column, name)
            # The + keeps SQLite from looking through all results of that name for those of one run.
            condition = f"results.run = runs.number AND +{column} IN ({question_marks(names)})"
            where.add(f"EXISTS (SELECT 1 FROM results WHERE {condition})", *names)  # noqa: S608
    if wanted.since is not None:
        where.add("created_at >= ?", moment_text(wanted.since))
    if wanted.until is not None:
        where.add("created_at < ?", moment_text(wanted.until, end=True))
    if wanted.text:
        needle = wanted.text.casefold()
        connection.create_function("holds", 1, _finder(needle), deterministic=True)
        where.add("(holds(prompt) OR EXISTS (SELECT 1 FROM results WHERE results.run = runs.number AND holds(answer)))")
    by_time = wanted.since is not None or wanted.until is not None
    if wanted.text and (queries := candidates(connection, wanted.text.casefold())):
        return _listed(connection, queries, where, by_time=by_time)
    if not by_time and (wanted.profile is not None or wanted.model is not None):
        return _along_index(connection, wanted, where)
    order = "created_at DESC, number DESC" if by_time else "number DESC"
    found = connection.execute(f"SELECT number FROM runs WHERE {where.text} ORDER BY {order}", where.values)  # noqa: S608
    return (number for (number,) in found)


def _listed(
    connection: sqlite3.Connection,
    queries: Sequence[tuple[str, tuple[int | str, ...]]],
    where: _Where,
    *,
    by_time: bool,
) -> Iterator[int]:
    """Those of the runs of `queries` that fulfil the conditions; where moments are asked for, by the moment."""
    fits = f"SELECT created_at, number FROM (%s) CROSS JOIN runs ON number = run WHERE {where.text} ORDER BY run DESC"  # noqa: S608
    newer, *known = (connection.execute(fits % query, [*values, *where.values]) for query, values in queries)
    found = chain(newer, heapq.merge(*known, key=itemgetter(1), reverse=True))
    return (number for _, number in (sorted(found, reverse=True) if by_time else found))


def _along_index(connection: sqlite3.Connection, wanted: RunFilter, where: _Where) -> Iterator[int]:
    column = "profile" if wanted.profile is not None else "model"
    names = _names(connection, column, wanted.profile or wanted.model or "")
    lanes = [
        connection.execute(f"SELECT number, run FROM results WHERE {column} = ? ORDER BY number DESC", (name,))  # noqa: S608
        for name in names
    ]
    fits = f"SELECT 1 FROM runs WHERE number = ? AND {where.text}"  # noqa: S608
    seen: set[int] = set()
    for _, run in heapq.merge(*lanes, reverse=True):
        if run not in seen:
            seen.add(run)
            if connection.execute(fits, [run, *where.values]).fetchone() is not None:
                yield run


def _names(connection: sqlite3.Connection, column: str, wanted: str) -> list[str]:
    """The stored names that `wanted` means: itself, else all that it is a part of, whatever its case."""
    if connection.execute(f"SELECT 1 FROM results WHERE {column} = ? LIMIT 1", (wanted,)).fetchone() is not None:  # noqa: S608
        return [wanted]
    # From each name the index is asked for the next one: as many steps as there are names, however many results.
    every = connection.execute(
        f"WITH RECURSIVE names(name) AS (SELECT min({column}) FROM results UNION ALL"  # noqa: S608
        f" SELECT (SELECT min({column}) FROM results WHERE {column} > name) FROM names WHERE name IS NOT NULL)"
        " SELECT name FROM names WHERE name IS NOT NULL"
    )
    needle = wanted.casefold()
    return [name for (name,) in every if needle in name.casefold()]


def _finder(needle: str) -> Callable[[str | None], bool]:
    def holds(text: str | None) -> bool:
        return text is not None and needle in text.casefold()

    return holds


def question_marks(values: Collection[object]) -> str:
    """As many question marks as there are values."""
    return ",".join("?" * len(values))
