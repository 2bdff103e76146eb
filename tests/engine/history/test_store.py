"""The database file: made once, private, brought up to date by whoever comes first, and honest about what is wrong."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from thinkdial.engine.history import store as store_module
from thinkdial.engine.history.migrations import MIGRATIONS
from thinkdial.engine.history.store import LockedError, Store, database_path
from thinkdial.providers.errors import StoreError

TABLES = {
    "runs", "results", "chunks", "spending", "forecast_errors", "disagreements", "reservations", "booked", "aside",
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "thinkdial" / "history.sqlite3"


def tables(store: Store) -> set[str]:
    return {name for (name,) in store.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def reserve(store: Store, profile: str) -> None:
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO reservations (created_at, expires_at, host, pid, profile, usd) VALUES ('', '', '', 1, ?, '1')",
            (profile,),
        )


def reserved(store: Store) -> int:
    return store.connection.execute("SELECT count(*) FROM reservations").fetchone()[0]


def in_another_process(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_it_belongs_to_the_users_data(own_home: Path) -> None:
    assert database_path().name == "history.sqlite3"
    assert own_home in database_path().parents
    assert not database_path().parent.exists()


def test_a_history_that_was_never_written_reads_as_an_empty_one(path: Path) -> None:
    with Store.open(path) as store:
        assert not store.exists
        assert tables(store) >= TABLES
    assert not path.parent.exists()


def test_making_it_makes_all_of_it(path: Path) -> None:
    with Store.open(path, create=True) as store:
        assert store.exists
        assert store.path == path
        assert tables(store) >= TABLES
        settings = {
            name: store.connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "auto_vacuum", "user_version")
        }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 1,
        "foreign_keys": 1,
        "auto_vacuum": 2,
        "user_version": len(MIGRATIONS),
    }
    with Store.open(path) as again:
        assert again.exists


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_only_the_owner_may_read_it_whatever_the_umask(path: Path, umask: int) -> None:
    code = """
import os, sys
from pathlib import Path
from thinkdial.engine.history.store import Store
path = Path(sys.argv[1])
path.parent.parent.mkdir()
os.umask(int(sys.argv[2]))
with Store.open(path, create=True) as store:
    with store.transaction() as connection:
        connection.execute("INSERT INTO disagreements VALUES (NULL, '', 1, '', '', '', '', '')")
    print(*sorted(f"{found.name}={found.stat().st_mode & 0o777:o}" for found in [path.parent, *path.parent.iterdir()]))
"""
    done = subprocess.run([sys.executable, "-c", code, str(path), str(umask)], capture_output=True, text=True)
    assert done.stdout.split() == [
        "history.sqlite3-shm=600",
        "history.sqlite3-wal=600",
        "history.sqlite3=600",
        "thinkdial=700",
    ], done.stderr


def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    Store.open(path, create=True).close()
    path.chmod(0o644)
    Store.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_empty_file_becomes_a_history(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    with Store.open(path) as store:
        assert tables(store) >= TABLES
        assert store.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_older_history_is_brought_up_to_date_and_keeps_its_content(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(path, create=True) as store:
        reserve(store, "kept")
    later = (
        *MIGRATIONS,
        "-- a step; with two\nALTER TABLE runs ADD COLUMN mood TEXT;\nCREATE TABLE moods (name TEXT);",
    )
    monkeypatch.setattr(store_module, "MIGRATIONS", later)
    with Store.open(path) as store:
        assert store.connection.execute("PRAGMA user_version").fetchone() == (len(later),)
        assert store.connection.execute("SELECT mood FROM runs").fetchall() == []
        assert "moods" in tables(store)
        assert reserved(store) == 1


def test_a_step_that_fails_leaves_the_history_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(path, create=True).close()
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE half (a);\nCREATE TABLE runs (b);"))
        with pytest.raises(StoreError, match="already exists"):
            Store.open(path)
    with Store.open(path) as store:
        assert "half" not in tables(store)
        assert store.connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_a_later_version_is_refused_with_both_numbers_and_not_touched(path: Path) -> None:
    with Store.open(path, create=True) as store:
        store.connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match=f"version 99; .* up to {len(MIGRATIONS)}") as caught:
        Store.open(path, create=True)
    assert "update" in (caught.value.hint or "")
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)
    connection.close()


def test_a_database_of_another_program_is_not_made_ours(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        Store.open(path, create=True)


def test_a_file_that_is_no_database_is_named_with_a_way_out(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"dear diary, " * 1000)
    with pytest.raises(StoreError, match="damaged or no database") as caught:
        Store.open(path, create=True)
    assert "mv " in (caught.value.hint or "")
    assert path.read_bytes().startswith(b"dear diary")


@pytest.mark.parametrize("harm", ["truncated", "overwritten"])
def test_a_damaged_history_is_named_when_it_is_met(path: Path, harm: str) -> None:
    with Store.open(path, create=True) as store:
        for number in range(200):
            reserve(store, f"{number}" * 200)
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] if harm == "truncated" else whole[:8192] + b"\xff" * (len(whole) - 8192))

    def use() -> None:
        with Store.open(path) as store, store.transaction() as connection:
            connection.execute("SELECT sum(length(profile)) FROM reservations").fetchall()

    with pytest.raises(StoreError, match="damaged"):
        use()


def test_a_locked_history_is_named_after_the_wait(path: Path) -> None:
    with Store.open(path, create=True) as one, Store.open(path, busy_timeout_s=0.05) as other:
        with one.transaction(), pytest.raises(LockedError, match="locked"):
            reserve(other, "x")
        reserve(other, "x")
        assert reserved(one) == 1


def test_a_file_locked_while_it_is_made_is_named_as_well(path: Path) -> None:
    path.parent.mkdir(parents=True)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LockedError):
        Store.open(path, create=True, busy_timeout_s=0.05)
    holder.execute("COMMIT")
    holder.close()
    with Store.open(path, create=True) as store:
        assert tables(store) >= TABLES


def test_a_full_disk_is_named_and_undoes_the_transaction(path: Path) -> None:
    with Store.open(path, create=True) as store:
        pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
        store.connection.execute(f"PRAGMA max_page_count = {pages + 2}").close()
        with pytest.raises(StoreError, match="the disk is full"), store.transaction():
            for number in range(100):
                store.connection.execute(
                    "INSERT INTO disagreements VALUES (NULL, ?, 1, '', '', '', '', '')", (f"{number}" * 1000,)
                )
        assert store.connection.execute("SELECT count(*) FROM disagreements").fetchone() == (0,)
        reserve(store, "small")


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StoreError, match="cannot be used") as caught:
        Store.open(tmp_path / "taken" / "deeper" / "history.sqlite3", create=True)
    assert "--no-history" in (caught.value.hint or "")


def test_what_is_no_file_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="not a file"):
        Store.open(path)


def test_a_history_of_another_user_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(path, create=True).close()
    monkeypatch.setattr("os.geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(StoreError, match="another user"):
        Store.open(path, create=True)


def test_a_link_is_followed_and_one_that_leads_nowhere_is_named(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere.sqlite3"
    path.symlink_to(elsewhere)
    with pytest.raises(StoreError, match="leads nowhere"):
        Store.open(path, create=True)
    assert not elsewhere.exists()
    elsewhere.touch(0o600)
    with Store.open(path, create=True) as store:
        reserve(store, "x")
    assert elsewhere.stat().st_size > 0


def test_an_odd_name_is_only_a_name(tmp_path: Path) -> None:
    path = tmp_path / "100% mine?mode=memory#x" / "history.sqlite3"
    with Store.open(path, create=True) as store:
        reserve(store, "x")
    assert path.stat().st_size > 0


def test_an_error_of_the_caller_undoes_the_transaction_and_passes_through(path: Path) -> None:
    with Store.open(path, create=True) as store:

        def fail() -> None:
            with store.transaction() as connection:
                connection.execute("INSERT INTO disagreements VALUES (NULL, '', 1, '', '', '', '', '')")
                raise KeyError("mine")

        with pytest.raises(KeyError):
            fail()
        assert store.connection.execute("SELECT count(*) FROM disagreements").fetchone() == (0,)


RACER = """
import sys
from pathlib import Path
from thinkdial.engine.history.store import Store
print("ready", flush=True)
sys.stdin.readline()
with Store.open(Path(sys.argv[1]), create=True) as store:
    with store.transaction() as connection:
        connection.execute("INSERT INTO reservations VALUES (NULL, '', '', '', 1, '', '1')")
"""


def test_many_may_make_it_at_the_same_moment(path: Path) -> None:
    racers = [in_another_process(RACER, path) for _ in range(6)]
    for racer in racers:
        assert racer.stdout is not None
        racer.stdout.readline()
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"\n")
        racer.stdin.flush()

    def make(_: int) -> None:
        with Store.open(path, create=True) as store:
            reserve(store, "thread")

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(make, range(10)))
    for racer in racers:
        racer.communicate()
        assert racer.returncode == 0
    with Store.open(path) as store:
        assert reserved(store) == 16
        assert store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert store.connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
