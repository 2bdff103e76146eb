"""Old runs go, the file shrinks with them and nothing of their text is left; what was spent is remembered."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from thinkdial.engine.history.record import CallHead, Recorder, RunHead
from thinkdial.engine.history.retention import Retention, delete_runs, remove, used_bytes
from thinkdial.engine.history.store import Store
from thinkdial.engine.results.moments import timestamp

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, create=True) as opened:
        yield opened


def add(store: Store, age: timedelta, *, size: int = 10, ended: bool = True, prompt: str = "hello") -> None:
    """A run of one result that has some random bytes, and one chunk."""
    with store.transaction() as connection:
        run = connection.execute(
            "INSERT INTO runs (id, created_at, command, prompt, total_s) VALUES (?, ?, 'ask', ?, ?)",
            (os.urandom(8).hex(), timestamp(NOW - age), prompt, 1.0 if ended else None),
        ).lastrowid
        result = connection.execute(
            "INSERT INTO results (run, position, created_at, profile, provider, dialect, model, think, status, raw)"
            " VALUES (?, 0, '', 'claude', 'anthropic', '', 'm', 'high', 'ok', ?)",
            (run, os.urandom(size)),
        ).lastrowid
        connection.execute("INSERT INTO chunks VALUES (?, 0, ?)", (result, prompt.encode()))
        connection.execute(
            "REPLACE INTO spending VALUES ('2026-01-01', 'claude', 'anthropic', 'm', 'high', '', 1, 0, '1', '1', '1',"
            " 0, '0', 1, 1, 1, 0, '0')"
        )


def runs(store: Store) -> list[int]:
    return [number for (number,) in store.connection.execute("SELECT number FROM runs ORDER BY number")]


def rows(store: Store, table: str) -> int:
    return store.connection.execute("SELECT count(*) FROM " + table).fetchone()[0]  # noqa: S608 - a name from here


def test_runs_that_are_too_old_go_with_all_that_hangs_on_them(store: Store) -> None:
    for days in (40, 31, 29, 0):
        add(store, timedelta(days=days))
    assert remove(store, Retention(days=30), at=NOW) == 2
    assert runs(store) == [3, 4]
    assert (rows(store, "results"), rows(store, "chunks"), rows(store, "spending")) == (2, 2, 1)
    assert remove(store, Retention(days=30), at=NOW) == 0


def test_without_limits_everything_stays(store: Store) -> None:
    add(store, timedelta(days=4000))
    add(store, timedelta(0))
    assert remove(store, Retention(), at=NOW) == 0
    assert runs(store) == [1, 2]


def test_the_oldest_go_until_the_rest_is_small_enough_and_the_file_shrinks(store: Store, path: Path) -> None:
    for day in range(60, 0, -1):
        add(store, timedelta(days=day), size=50_000)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert path.stat().st_size > 3_000_000
    removed = remove(store, Retention(megabytes=1), at=NOW)
    left = runs(store)
    assert 0 < len(left) == 60 - removed
    assert left == list(range(removed + 1, 61))
    assert used_bytes(store) <= 2**20
    assert path.stat().st_size <= 2**20
    assert store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_no_more_go_at_once_than_asked(store: Store) -> None:
    for _ in range(50):
        add(store, timedelta(days=400))
    assert remove(store, Retention(days=30), at=NOW, most=25) == 25
    assert remove(store, Retention(days=30, megabytes=1), at=NOW, most=25) == 24
    assert runs(store) == [50]


def test_the_newest_run_and_one_under_way_stay(store: Store) -> None:
    add(store, timedelta(hours=30), size=600_000, ended=False)
    add(store, timedelta(hours=20), size=600_000, ended=False)
    add(store, timedelta(hours=10), size=600_000)
    add(store, timedelta(hours=1), size=1_200_000)
    assert remove(store, Retention(megabytes=1), at=NOW) == 2
    assert runs(store) == [2, 4]


def test_nothing_of_a_removed_run_is_left_in_the_files(path: Path) -> None:
    marked = "a-secret-of-mine-" + "x" * 3000
    with Store.open(path, create=True) as store:
        add(store, timedelta(0), prompt=marked)
        add(store, timedelta(0))
        recorder = Recorder(RunHead("r", NOW, "ask", marked, None, False), path=path)

        async def go() -> int | None:
            recorder.begin(0, CallHead("claude", "anthropic", "", "m", "high", {}))
            recorder.received(0, marked.encode())
            return await recorder.close(1.0)

        assert asyncio.run(go()) == 3
        assert delete_runs(store, [1, 3, 3, 77]) == 2
        assert runs(store) == [2]
    left = b"".join(file.read_bytes() for file in path.parent.iterdir() if file.is_file())
    assert left
    assert b"a-secret-of-mine" not in left


def test_a_reader_in_the_way_does_not_stop_the_removal(store: Store, path: Path) -> None:
    add(store, timedelta(days=40))
    add(store, timedelta(0))
    store.connection.execute("PRAGMA busy_timeout = 10").fetchall()
    with Store.open(path) as reader:
        reader.connection.execute("BEGIN")
        reader.connection.execute("SELECT count(*) FROM runs").fetchall()
        assert remove(store, Retention(days=30), at=NOW) == 1
        reader.connection.execute("COMMIT")
    assert runs(store) == [2]


def test_the_end_of_a_run_removes_what_is_too_old(store: Store, path: Path) -> None:
    for _ in range(3):
        add(store, datetime.now(UTC) - NOW + timedelta(days=10))
        add(store, timedelta(days=1000))
    recorder = Recorder(
        RunHead("r", datetime.now(UTC), "ask", "p", None, False), path=path, retention=Retention(days=90)
    )

    async def go() -> int | None:
        recorder.begin(0, CallHead("claude", "anthropic", "", "m", "high", {}))
        return await recorder.close(1.0)

    assert asyncio.run(go()) == 7
    assert recorder.problem is None
    assert 7 in runs(store)
    assert not {2, 4, 6} & set(runs(store))
