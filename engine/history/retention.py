"""How long runs are kept, and how they are removed so that nothing of them stays in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice

from ..results.moments import timestamp
from .heads import Retention
from .store import Store, store_error

RUNS_AT_ONCE = 20
"""How many runs one transaction removes; between two, other writers get their turn."""

HELD = "EXISTS (SELECT 1 FROM results JOIN turns ON turns.result = results.number WHERE results.run = runs.number)"
"""True of a run that a session holds."""

PAGES_AT_ONCE = 2000
LONGEST_RUN = timedelta(days=1)
"""A run without an end that began longer ago than this is taken for killed, and no longer for under way."""


def remove(store: Store, retention: Retention, *, at: datetime | None = None, most: int | None = None) -> int:
    """Remove the runs that are too old, then the oldest until the rest is small enough. The number of runs removed.

    Costs next to nothing when there is nothing to remove. At most `most` runs go; the newest one always stays, and so
    does one that is under way. What was spent stays in the sums.
    """
    now = at or datetime.now(UTC)
    ended = timestamp(now - LONGEST_RUN)
    removed = 0
    if retention.days is not None:
        before = timestamp(now - timedelta(days=retention.days))
        removed += _remove_while(store, "created_at < ?", (before,), ended, lambda: True, most)
    if retention.megabytes is not None and (most is None or removed < most):
        limit = retention.megabytes * 2**20
        left = None if most is None else most - removed
        removed += _remove_while(store, "1", (), ended, lambda: used_bytes(store) > limit, left)
    dropped = _drop_files(store, retention.file_days, now)
    if removed or dropped:
        _shrink(store)
    return removed


def _drop_files(store: Store, days: int | None, now: datetime) -> int:
    """Forget the bytes of files that were last sent more than `days` ago."""
    if days is None:
        return 0
    before = timestamp(now - timedelta(days=days))
    if not _rows(store, "SELECT 1 FROM files WHERE data IS NOT NULL AND used_at < ? LIMIT 1", (before,)):
        return 0
    from .files.stored_files import drop_old

    _rows(store, "PRAGMA secure_delete = ON")
    try:
        with store.transaction() as connection:
            return drop_old(connection, before)
    finally:
        _rows(store, "PRAGMA secure_delete = FAST")


def drop_files_now(days: int, now: datetime) -> int:
    """Forget the bytes of files that were last sent more than `days` ago. How many. Raises `StoreError`."""
    with Store.open() as store:
        dropped = _drop_files(store, days, now)
        if dropped:
            _shrink(store)
        return dropped


def delete_runs(store: Store, numbers: Iterable[int]) -> int:
    """Remove these runs, with every trace of their text. How many of them there were."""
    listed = iter(dict.fromkeys(numbers))
    removed = 0
    while batch := list(islice(listed, RUNS_AT_ONCE)):
        removed += _delete(store, batch)
    if removed:
        _shrink(store)
    return removed


def used_bytes(store: Store) -> int:
    """What the stored runs and sums take up in the file."""
    pages, free, size = (_number(store, pragma) for pragma in ("page_count", "freelist_count", "page_size"))
    return (pages - free) * size


def _remove_while(
    store: Store, condition: str, values: tuple[str, ...], ended: str, is_needed: Callable[[], bool], most: int | None
) -> int:
    """Remove the oldest runs that fulfil `condition` as long as `is_needed`, in small transactions."""
    removed = 0
    while (most is None or removed < most) and is_needed():
        room = RUNS_AT_ONCE if most is None else min(RUNS_AT_ONCE, most - removed)
        batch = [
            number
            for (number,) in _rows(
                store,
                f"SELECT number FROM runs WHERE {condition} AND (total_s IS NOT NULL OR created_at < ?)"  # noqa: S608
                f" AND NOT {HELD}"
                " AND number < (SELECT max(number) FROM runs) ORDER BY created_at, number LIMIT ?",
                (*values, ended, room),
            )
        ]
        if not batch:
            break
        removed += _delete(store, batch)
    return removed


def _delete(store: Store, numbers: list[int]) -> int:
    from .files.stored_files import drop_unused
    from .search.text_index import forget

    _rows(store, "PRAGMA secure_delete = ON")
    try:
        with store.transaction() as connection:
            from .search.text_index import forget

            forget(connection, numbers)
            removed = 0
            for number in numbers:
                removed += connection.execute("DELETE FROM runs WHERE number = ?", (number,)).rowcount
            drop_unused(connection)
            return removed
    finally:
        _rows(store, "PRAGMA secure_delete = FAST")


def _shrink(store: Store) -> None:
    """Give the free pages back to the system: older content may still be in them, and in the log beside the file."""
    import sqlite3

    with suppress(sqlite3.OperationalError):  # others are busy: the next time will do
        while free := _number(store, "freelist_count"):
            store.connection.execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})").fetchall()
            if _number(store, "freelist_count") >= free:
                break
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _number(store: Store, pragma: str) -> int:
    return int(_rows(store, f"PRAGMA {pragma}")[0][0])


def _rows(store: Store, statement: str, values: tuple[str | int, ...] = ()) -> list[tuple[int, ...]]:
    import sqlite3

    try:
        return store.connection.execute(statement, values).fetchall()
    except sqlite3.Error as error:
        raise store_error(error, store.path) from None
