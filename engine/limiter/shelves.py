"""Where a limiter keeps what has to survive it: a private SQLite file, or Redis. Small records by their names."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from ...profiles.disk import create_private, data_place, make_private_directory
from ...providers.errors import ConfigError, StoreError
from ..targets.extras import how_to_add
from ..targets.target import is_loopback

APPLICATION_ID = 0x54444C31
REDIS_KEY = "thinkdial:limiter"
OWNED_S = 15
"""For how long a limiter that is gone keeps others from its records in Redis; it says that often that it lives."""


class Shelf(Protocol):
    """Records by name, all of one limiter. Errors are `StoreError`. It `waits` where what it does takes a network."""

    waits: bool

    @property
    def words(self) -> str:
        """Where it is, for people, without a password."""
        ...

    def load(self) -> dict[str, bytes]: ...

    def save(self, changes: Mapping[str, bytes | None]) -> None:
        """Write all of `changes` or nothing; None removes."""
        ...

    def keep_owned(self) -> None:
        """Say that the limiter lives. Raises `StoreError` where another has taken its place."""
        ...

    def close(self) -> None: ...


def shelf_path() -> Path:
    """Where the records of this user's limiter belong."""
    return data_place() / "limiter.sqlite3"


def open_shelf(store: str | None) -> Shelf:
    """The records at `store`: a path, `redis://...`, or the usual place. Raises `ConfigError` and `StoreError`."""
    if store is not None and store.startswith(("redis://", "rediss://", "redis+unix://", "unix://")):
        return RedisShelf(store)
    if store is not None and "://" in store:
        raise ConfigError(f"{store.split('://')[0]}://: is no store", hint="a path of a file, or redis://HOST:PORT/N")
    return FileShelf(shelf_path() if store is None else Path(store).expanduser())


class ShelfQueue:
    """Writes to a shelf in the order in which things were decided, and is used by one event loop.

    A shelf that `waits` has a thread of its own, and takes all at once that was decided while it was busy.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._thread = ThreadPoolExecutor(1, "limiter-shelf") if shelf.waits else None
        self._pending: dict[str, bytes | None] = {}
        self._kept: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        """Wait until `changes` are written down. Raises `StoreError`."""
        if not changes:
            return
        if self._thread is None:
            self._shelf.save(changes)
            return
        self._pending.update(changes)
        if self._kept is None:
            self._kept = asyncio.get_running_loop().create_future()
            self._kept.add_done_callback(lambda kept: kept.exception())  # whoever waited may be gone
        kept = self._kept
        if self._task is None:
            self._task = asyncio.create_task(self._write())
        await asyncio.shield(kept)

    async def keep_owned(self) -> None:
        """Say that the limiter lives. Raises `StoreError`."""
        await self._done(self._shelf.keep_owned)

    async def close(self) -> None:
        """Finish, and close the shelf."""
        if self._task is not None:
            await self._task
        await self._done(self._shelf.close)
        if self._thread is not None:
            self._thread.shutdown(wait=False)

    async def _write(self) -> None:
        while (kept := self._kept) is not None:
            changes, self._pending, self._kept = self._pending, {}, None
            try:
                await self._done(lambda changes=changes: self._shelf.save(changes))
            except StoreError as error:
                kept.set_exception(error)
            else:
                kept.set_result(None)
        self._task = None

    async def _done(self, work: Callable[[], None]) -> None:
        if self._thread is None:
            work()
        else:
            await asyncio.get_running_loop().run_in_executor(self._thread, work)


class FileShelf:
    """A SQLite file that only its owner may read, in use by one limiter at a time."""

    waits = False

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        try:
            make_private_directory(self._path.parent)
            with suppress(FileExistsError):
                os.close(create_private(self._path))
            if os.name == "posix" and self._path.stat().st_mode & 0o077:
                self._path.chmod(0o600)
            self._db = sqlite3.connect(self._path, isolation_level=None, timeout=0.5)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{self._path}: cannot be used: {error}") from None
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise self._error(error) from None
        except BaseException:
            self._db.close()
            raise

    @property
    def words(self) -> str:
        return str(self._path)

    def load(self) -> dict[str, bytes]:
        try:
            return {str(name): bytes(value) for name, value in self._db.execute("SELECT name, value FROM records")}
        except sqlite3.Error as error:
            raise self._error(error) from None

    def save(self, changes: Mapping[str, bytes | None]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT OR REPLACE INTO records (name, value) VALUES (?, ?)",
                [(name, value) for name, value in changes.items() if value is not None],
            )
            self._db.executemany(
                "DELETE FROM records WHERE name = ?", [(name,) for name, value in changes.items() if value is None]
            )
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
            raise self._error(error) from None

    def keep_owned(self) -> None:
        """Nothing: the lock of the file lasts as long as the process."""

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._db.close()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE").close()
        self._db.execute("PRAGMA journal_mode = WAL").close()
        self._db.execute("PRAGMA synchronous = NORMAL")
        (mark,) = self._db.execute("PRAGMA application_id").fetchone()
        (some,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if mark != APPLICATION_ID and some:
            raise StoreError(f"{self._path}: is a database of another program", hint="name another file with --store")
        self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._db.execute("BEGIN EXCLUSIVE")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS records (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
        )
        self._db.execute("COMMIT")

    def _error(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (5, 6):
            return StoreError(
                f"{self._path}: another limiter uses it", hint="stop that one, or name another file with --store"
            )
        if code in (11, 26):
            return StoreError(
                f"{self._path}: is damaged or no database", hint="move it away, and what was spent with it"
            )
        return StoreError(f"{self._path}: cannot be used: {error}", hint="check the disk and who owns the file")


class RedisShelf:
    """A hash in Redis, in use by one limiter at a time: whoever holds the lock beside it."""

    waits = True

    def __init__(self, url: str, client: Any = None) -> None:
        parts = urlsplit(url)
        self._words = f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
        if parts.scheme == "redis" and client is None and not is_loopback(url):
            raise ConfigError(
                f"{self._words}: is not on this machine, and has no TLS", hint="use rediss://, or a Redis on loopback"
            )
        if client is None:
            try:
                import redis
            except ImportError:
                raise ConfigError("the store redis:// needs the package redis", hint=how_to_add("redis")) from None
            made: Any = redis.Redis
            client = made.from_url(url, socket_timeout=5.0, socket_connect_timeout=5.0)
        self._client: Any = client
        self._own = os.urandom(16)
        if not self._try(lambda: self._client.set(f"{REDIS_KEY}:owner", self._own, nx=True, ex=OWNED_S)):
            raise StoreError(
                f"{self._words}: another limiter uses it",
                hint=f"stop that one; where it was killed, its claim ends after {OWNED_S} s",
            )

    @property
    def words(self) -> str:
        return self._words

    def load(self) -> dict[str, bytes]:
        found: dict[bytes, bytes] = self._try(lambda: self._client.hgetall(REDIS_KEY))
        return {name.decode(): value for name, value in found.items()}

    def save(self, changes: Mapping[str, bytes | None]) -> None:
        kept = {name: value for name, value in changes.items() if value is not None}
        removed = [name for name, value in changes.items() if value is None]

        def write() -> None:
            if not removed:  # one command is done wholly or not at all
                self._client.hset(REDIS_KEY, mapping=kept)
                return
            pipe = self._client.pipeline(transaction=True)
            if kept:
                pipe.hset(REDIS_KEY, mapping=kept)
            pipe.hdel(REDIS_KEY, *removed)
            pipe.execute()

        if changes:
            self._try(write)

    def keep_owned(self) -> None:
        if self._try(lambda: self._client.get(f"{REDIS_KEY}:owner")) not in (None, self._own):
            raise StoreError(f"{self._words}: another limiter has taken over", hint="run one limiter for each store")
        self._try(lambda: self._client.set(f"{REDIS_KEY}:owner", self._own, ex=OWNED_S))

    def close(self) -> None:
        with suppress(StoreError):  # what is owned ends by itself
            if self._try(lambda: self._client.get(f"{REDIS_KEY}:owner")) == self._own:
                self._try(lambda: self._client.delete(f"{REDIS_KEY}:owner"))
        with suppress(StoreError):
            self._try(self._client.close)

    def _try(self, work: Any) -> Any:
        try:
            return work()
        except Exception as error:  # the client's errors are its own classes, which need its import
            raise StoreError(f"{self._words}: Redis does not answer: {type(error).__name__}") from None
