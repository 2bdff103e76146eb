"""Files by the hash of their bytes: kept with the run that sent them, given back to the turns of a session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ....providers.turns.pieces import TurnPiece, piece_of_document
from ....providers.turns.turn import Turn
from ..blobs import compressed, unpacked
from ..store import Store

if TYPE_CHECKING:
    import sqlite3


def keep_files(connection: sqlite3.Connection, run: int, pieces: Sequence[TurnPiece], at: str) -> None:
    """Store the parts of a run's prompt and its files; one that is there already is not stored again."""
    asked = compressed({"pieces": [piece.document() for piece in pieces]})
    connection.execute("UPDATE runs SET asked = ? WHERE number = ?", (asked, run))
    for position, piece in enumerate(piece for piece in pieces if piece.kind == "file"):
        known, sha256 = piece.native, piece.native.get("sha256")
        if sha256 is not None:
            connection.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?) ON CONFLICT (sha256) DO UPDATE"
                " SET data = excluded.data, used_at = excluded.used_at",
                (sha256, known.get("media_type"), known.get("bytes"), piece.data, at),
            )
        connection.execute(
            "INSERT INTO run_files VALUES (?, ?, ?, ?, ?, ?)",
            (run, position, sha256, piece.carrier, piece.name, known.get("url") or known.get("origin")),
        )


def pieces_of_run(packed: bytes | None) -> tuple[TurnPiece, ...]:
    """The parts of the prompt of a run, without the bytes. Raises `ValueError` or `zlib.error` where damaged."""
    return () if packed is None else tuple(piece_of_document(one) for one in unpacked(packed)["pieces"])


def with_bytes(connection: sqlite3.Connection, turn: Turn) -> Turn:
    """`turn` with the bytes of its files, as far as they are still kept. A file from elsewhere may claim any hash."""
    if turn.origin.is_imported or not any(piece.kind == "file" for piece in turn.asked):
        return turn
    return replace(turn, asked=tuple(_with_bytes(connection, piece) for piece in turn.asked))


def _with_bytes(connection: sqlite3.Connection, piece: TurnPiece) -> TurnPiece:
    if piece.kind != "file" or "sha256" not in piece.native:
        return piece
    row = connection.execute("SELECT data FROM files WHERE sha256 = ?", (piece.native["sha256"],)).fetchone()
    return piece if row is None else replace(piece, data=row[0])


class StoredFileRow(Struct, frozen=True):
    """A file of the history: `runs` have it, and `has_data` says whether its bytes are still there."""

    sha256: str
    name: str | None
    media_type: str
    bytes: int
    runs: int
    used_at: str
    has_data: bool


def kept_files(path: Path | None = None) -> list[StoredFileRow]:
    """All of them, those sent last first. Raises `StoreError`."""
    with Store.open(path) as store:
        rows = store.connection.execute(
            "SELECT sha256, (SELECT max(name) FROM run_files WHERE run_files.sha256 = files.sha256), media_type, bytes,"
            " (SELECT count(*) FROM run_files WHERE run_files.sha256 = files.sha256), used_at, data IS NOT NULL"
            " FROM files ORDER BY used_at DESC"
        )
        return [StoredFileRow(*row[:6], has_data=bool(row[6])) for row in rows]


def drop_old(connection: sqlite3.Connection, before: str) -> int:
    """Forget the bytes of files that nobody has sent since `before`; what they were stays. How many."""
    dropped = connection.execute("UPDATE files SET data = NULL WHERE data IS NOT NULL AND used_at < ?", (before,))
    return dropped.rowcount


def drop_unused(connection: sqlite3.Connection) -> None:
    """Forget files that no run has any more."""
    connection.execute(
        "DELETE FROM files WHERE NOT EXISTS (SELECT 1 FROM run_files WHERE run_files.sha256 = files.sha256)"
    )
