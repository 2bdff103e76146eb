"""What outlives a request, and a restart when it has a directory: uploaded files, batches, and their rows.

One SQLite database, in memory or in a directory; every change is a transaction, so a kill leaves no half of one.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict

from ..calls.fields import JsonObject

if TYPE_CHECKING:
    import sqlite3

FILE_NAME = "simulator.sqlite"
TABLES = """
CREATE TABLE IF NOT EXISTS counter (value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, vendor TEXT NOT NULL, number INTEGER NOT NULL, meta TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS batches (
    id TEXT PRIMARY KEY, vendor TEXT NOT NULL, number INTEGER NOT NULL, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
    batch TEXT NOT NULL, position INTEGER NOT NULL, rank TEXT NOT NULL, custom_id TEXT NOT NULL,
    endpoint TEXT NOT NULL, body TEXT NOT NULL, extra TEXT NOT NULL, faults TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT '', status INTEGER NOT NULL DEFAULT 0, reply TEXT NOT NULL DEFAULT 'null',
    PRIMARY KEY (batch, position));
CREATE INDEX IF NOT EXISTS rows_by_outcome ON rows (batch, outcome, rank);
"""
_ROW_COLUMNS = "position, custom_id, endpoint, body, extra, faults, outcome, status, reply"


class StoredFile(Struct, frozen=True):
    """An uploaded or produced file without its content. `meta` is what its vendor says about it."""

    id: str
    vendor: str
    meta: JsonObject


class SimulatedBatch(Struct, frozen=True):
    """One batch of any vendor. Times are Unix seconds.

    `ending` is how it is going to end, `end` how it has ended (empty until then); one that `hangs` never does, one that
    ends at `half` leaves the other half to its end. `problems` are what validation found. `headers`
    are those of its creation that matter to its rows; `details` is what only its vendor knows of.
    """

    id: str
    vendor: str
    number: int
    created_s: float
    total: int
    headers: dict[str, str]
    details: JsonObject
    problems: list[JsonObject]
    ending: str
    hangs: bool = False
    half: bool = False
    polls: int = 0
    cancel_s: float | None = None
    ended_s: float | None = None
    end: str = ""


class SubmittedRow(Struct, frozen=True):
    """One row as it was submitted. `extra` is what the vendor gives back beside the answer."""

    custom_id: str
    endpoint: str
    body: JsonObject
    extra: JsonObject


class SimulatedRow(Struct, frozen=True):
    """One row of a batch. `outcome` is empty until it is decided; `status` and `reply` are the answer's."""

    position: int
    submitted: SubmittedRow
    faults: frozenset[str]
    outcome: str = ""
    status: int = 0
    reply: Any = None


class SimulatorDatabase:
    """The database, opened when it is first needed."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._opened: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the database; without a directory everything in it is forgotten."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def _database(self) -> sqlite3.Connection:
        if self._opened is None:
            import sqlite3

            if self._directory is not None:
                self._directory.mkdir(parents=True, exist_ok=True)
            path = ":memory:" if self._directory is None else self._directory / FILE_NAME
            self._opened = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            if self._directory is not None:
                self._opened.execute("PRAGMA journal_mode = WAL")
                self._opened.execute("PRAGMA synchronous = NORMAL")
            self._opened.executescript(TABLES)
        return self._opened

    @contextmanager
    def change(self) -> Generator[None]:
        """Everything inside happens, or nothing of it."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def next_number(self) -> int:
        """A number that was never given out before, not even before a restart."""
        found = self._database.execute("SELECT value FROM counter").fetchone()
        if found is None:
            self._database.execute("INSERT INTO counter VALUES (1)")
            return 1
        self._database.execute("UPDATE counter SET value = value + 1")
        return int(found[0]) + 1

    def add_file(self, file: StoredFile, content: bytes) -> None:
        """Keep a file."""
        self._database.execute(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?)",
            (file.id, file.vendor, self.next_number(), json.dumps(file.meta), content),
        )

    def find_file(self, vendor: str, file_id: str) -> StoredFile | None:
        """The file of that vendor with that id, or None."""
        found = self._database.execute("SELECT meta FROM files WHERE id = ? AND vendor = ?", (file_id, vendor))
        for (meta,) in found:
            return StoredFile(file_id, vendor, json.loads(meta))
        return None

    def list_files(self, vendor: str) -> list[StoredFile]:
        """All files of a vendor, newest first."""
        found = self._database.execute("SELECT id, meta FROM files WHERE vendor = ? ORDER BY number DESC", (vendor,))
        return [StoredFile(file_id, vendor, json.loads(meta)) for file_id, meta in found]

    def content_of(self, file: StoredFile) -> bytes:
        """The bytes of a file."""
        (content,) = self._database.execute("SELECT content FROM files WHERE id = ?", (file.id,)).fetchone()
        return bytes(content)

    def replace_file(self, file: StoredFile, content: bytes) -> None:
        """New meta data and content for a file."""
        changed = (json.dumps(file.meta), content, file.id)
        self._database.execute("UPDATE files SET meta = ?, content = ? WHERE id = ?", changed)

    def delete_file(self, file_id: str) -> None:
        """Forget a file."""
        self._database.execute("DELETE FROM files WHERE id = ?", (file_id,))

    def save_batch(self, batch: SimulatedBatch) -> None:
        """Keep a batch as it is from here on."""
        record = json.dumps(asdict(batch))
        values = (batch.id, batch.vendor, batch.number, record)
        self._database.execute("INSERT OR REPLACE INTO batches VALUES (?, ?, ?, ?)", values)

    def find_batch(self, vendor: str, batch_id: str) -> SimulatedBatch | None:
        """The batch of that vendor with that id, or None."""
        found = self._database.execute("SELECT record FROM batches WHERE id = ? AND vendor = ?", (batch_id, vendor))
        for (record,) in found:
            return SimulatedBatch(**json.loads(record))
        return None

    def list_batches(self, vendor: str) -> list[SimulatedBatch]:
        """All batches of a vendor, newest first."""
        query = "SELECT record FROM batches WHERE vendor = ? ORDER BY number DESC"
        return [SimulatedBatch(**json.loads(record)) for (record,) in self._database.execute(query, (vendor,))]

    def delete_batch(self, batch_id: str) -> None:
        """Forget a batch and its rows."""
        self._database.execute("DELETE FROM rows WHERE batch = ?", (batch_id,))
        self._database.execute("DELETE FROM batches WHERE id = ?", (batch_id,))

    def add_rows(self, batch_id: str, rows: Iterable[tuple[SimulatedRow, str]]) -> None:
        """Keep undecided rows, each with its rank: the key by which they are executed and their results sorted."""
        self._database.executemany(
            "INSERT INTO rows (batch, position, rank, custom_id, endpoint, body, extra, faults) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    batch_id,
                    row.position,
                    rank,
                    row.submitted.custom_id,
                    row.submitted.endpoint,
                    json.dumps(row.submitted.body),
                    json.dumps(row.submitted.extra),
                    json.dumps(sorted(row.faults)),
                )
                for row, rank in rows
            ),
        )

    def decide_rows(self, batch_id: str, rows: Iterable[SimulatedRow]) -> None:
        """Keep what became of rows."""
        self._database.executemany(
            "UPDATE rows SET outcome = ?, status = ?, reply = ? WHERE batch = ? AND position = ?",
            ((row.outcome, row.status, json.dumps(row.reply), batch_id, row.position) for row in rows),
        )

    def rows(self, batch_id: str, outcomes: Sequence[str], limit: int = -1, offset: int = 0) -> Iterator[SimulatedRow]:
        """The rows of a batch with one of these outcomes, in the order of their ranks."""
        marks = ", ".join("?" * len(outcomes))
        query = (
            f"SELECT {_ROW_COLUMNS} FROM rows WHERE batch = ? AND outcome IN ({marks}) ORDER BY rank LIMIT ? OFFSET ?"  # noqa: S608 - only question marks go in
        )
        for found in self._database.execute(query, (batch_id, *outcomes, limit, offset)):
            position, custom_id, endpoint, body, extra, faults, outcome, status, reply = found
            submitted = SubmittedRow(custom_id, endpoint, json.loads(body), json.loads(extra))
            yield SimulatedRow(position, submitted, frozenset(json.loads(faults)), outcome, status, json.loads(reply))

    def counts(self, batch_id: str) -> dict[str, int]:
        """How many rows of a batch have each outcome."""
        query = "SELECT outcome, count(*) FROM rows WHERE batch = ? GROUP BY outcome"
        return dict(self._database.execute(query, (batch_id,)).fetchall())
