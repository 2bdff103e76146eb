"""The database file: where it is, how it is opened, and what can be wrong with it, in words."""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ...profiles.disk import create_private, data_place, make_private_directory
from ...providers.errors import StoreError
from .migrations import MIGRATIONS

if TYPE_CHECKING:
    import sqlite3

FILE = "history.sqlite3"
BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for the others before it gives up."""

WAL_KEPT_BYTES = 8 * 2**20
"""What the log beside the database may keep on disk once its content has been moved into the database."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_file_check = threading.Lock()
"""Held while the file is made. Closing any handle of it drops the locks of this process's other connections."""


class LockedError(StoreError):
    """Somebody else kept the database locked for longer than we wait."""


def database_path() -> Path:
    """Where the history of this user belongs on this system. Makes nothing."""
    return data_place() / FILE


def store_error(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """The same in words: which file, what is wrong with it, and what can be done."""
    if isinstance(error, OSError):
        if error.errno in _FULL:
            return _full(path)
        return StoreError(
            f"{path}: cannot be used: {error.strerror or error}", hint="check who may write there, or use --no-history"
        )
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case 5 | 6:  # BUSY, LOCKED
            return LockedError(
                f"{path}: another program keeps the history locked",
                hint="try again when it has finished, or use --no-history",
            )
        case 13:  # FULL
            return _full(path)
        case 10:  # IOERR
            return StoreError(
                f"{path}: reading or writing failed ({error})", hint="check the disk, its free space and your quota"
            )
        case 3 | 8 | 14 | 23:  # PERM, READONLY, CANTOPEN, AUTH
            return StoreError(
                f"{path}: cannot be opened for writing ({error})",
                hint="check who owns the file and its directory, or use --no-history",
            )
        case 11 | 26:  # CORRUPT, NOTADB
            return StoreError(
                f"{path}: is damaged or no database ({error})",
                hint=f"move it away (mv '{path}' '{path}.damaged') and the next run begins another; "
                "what is left in the damaged one can be read with: sqlite3 FILE .recover",
            )
        case _:
            return StoreError(f"{path}: the history cannot be used: {error}", hint="use --no-history to go on without")


def _full(path: Path) -> StoreError:
    return StoreError(f"{path}: the disk is full", hint="free some space, or use --no-history")


class Store:
    """One connection to the history, for one thread. A context manager that closes it.

    `exists` is False for a history that nothing was ever written to: it reads as an empty one.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, *, exists: bool) -> None:
        self.connection = connection
        self.path = path
        self.exists = exists

    @classmethod
    def open(cls, path: Path | None = None, *, create: bool = False, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Store:
        """The history at `path`, brought up to today's form. `create` makes what is missing: directory and file.

        Raises `StoreError` when it is of a later version, locked, damaged, not ours or cannot be written.
        """
        import sqlite3

        path = (path or database_path()).absolute()
        try:
            exists = _make(path) if create else _check(path)
            where = f"{path.as_uri()}?mode=rw" if exists else ":memory:"
            connection = sqlite3.connect(where, uri=exists, timeout=busy_timeout_s, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise store_error(error, path) from None
        store = cls(connection, path, exists=exists)
        try:
            store._prepare(time.monotonic() + busy_timeout_s)
        except sqlite3.Error as error:
            store.close()
            raise store_error(error, path) from None
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        import sqlite3

        with suppress(sqlite3.Error):  # the last one to close tidies up, which a full disk may prevent: no loss
            self.connection.close()

    def count_runs(self) -> int:
        """How many runs are kept."""
        (number,) = self.connection.execute("SELECT count(*) FROM runs").fetchone() if self.exists else (0,)
        return int(number)

    def is_sound(self) -> bool:
        """Whether SQLite finds nothing wrong with the file. Takes a second for each gigabyte."""
        import sqlite3

        try:
            return self.connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        except sqlite3.Error:
            return False

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """All of it or nothing. Waits for other writers at the beginning. Errors of the database are `StoreError`."""
        import sqlite3

        connection = self.connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise store_error(error, self.path) from None
            raise

    def _prepare(self, deadline: float) -> None:
        """Settings of the connection, and the steps to today's form. Tries again what others' locks prevent.

        SQLite waits for a lock by itself, but not where a file turns to write-ahead logging.
        """
        import sqlite3

        while True:
            try:
                self._set_up()
                return
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (5, 6) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _set_up(self) -> None:
        connection = self.connection
        version = self._version()
        if version == 0 and self.exists:
            # Decides how the file is laid out, so it stands before all else, the change to WAL included.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        else:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        # Without WAL, which some network file systems lack, a lesser setting than FULL can damage the file.
        connection.execute(f"PRAGMA synchronous = {'NORMAL' if mode == 'wal' else 'FULL'}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = FAST").close()
        connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}").close()
        if version != len(MIGRATIONS):
            self._migrate()

    def _version(self) -> int:
        version: int = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if not 0 <= version <= len(MIGRATIONS):
            raise StoreError(
                f"{self.path}: is of version {version}; this program knows versions up to {len(MIGRATIONS)}",
                hint="it was written by a later thinkdial: update this one, or use --no-history",
            )
        return version

    def _migrate(self) -> None:
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = self._version()  # others may have done it while we waited
            if version == 0 and connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                raise StoreError(
                    f"{self.path}: is a database of another program", hint="move it away; the next run begins another"
                )
            connection.create_function("host_of_sent", 1, host_of_sent, deterministic=True)
            for script in MIGRATIONS[version:]:
                for statement in _statements(script):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def host_of_sent(sent: bytes | None) -> str:
    """The host that a stored request went to; empty where that cannot be read."""
    import json
    import zlib

    from ..targets.target import host_of

    try:
        found: object = json.loads(zlib.decompress(sent or b"")).get("base_url")
    except (zlib.error, ValueError, AttributeError):
        return ""
    return host_of(found) if isinstance(found, str) else ""


def _statements(script: str) -> Generator[str]:
    """The statements of a script one by one: all at once would end the transaction they are in."""
    import sqlite3

    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


def _make(path: Path) -> bool:
    """Directory and file for the owner alone, whatever the umask says. SQLite gives its other files the same mode."""
    with _file_check:
        make_private_directory(path.parent)
        with suppress(FileExistsError):
            os.close(create_private(path))
    return _check(path) or _dangling(path)


def _check(path: Path) -> bool:
    """Whether the file is there. Raises `StoreError` when it is nothing that we should read or write.

    A link is followed: a history may live on another disk. What it leads to has to be the user's own.
    """
    try:
        with _file_check:
            found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"{path}: is not a file", hint="move it away; the next run begins a history")
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    if user not in (0, found.st_uid):
        raise StoreError(f"{path}: belongs to another user", hint="move it away, or use --no-history")
    if os.name == "posix" and found.st_mode & 0o077:
        path.chmod(0o600)
    return True


def _dangling(path: Path) -> bool:
    raise StoreError(f"{path}: is a link that leads nowhere", hint="remove the link; the next run begins a history")


@contextmanager
def reading(store: Store) -> Generator[sqlite3.Connection]:
    """The connection of `store`, at one moment of its content whoever writes meanwhile; its errors as `StoreError`."""
    import sqlite3

    connection = store.connection
    begins = not connection.in_transaction
    try:
        if begins:
            connection.execute("BEGIN")
        yield connection
    except sqlite3.Error as error:
        raise store_error(error, store.path) from error
    finally:
        if begins and connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
