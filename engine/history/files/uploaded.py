"""What was uploaded where, and until when it is there."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ...planning.inputs.uploads import Uploaded
from ...targets.keys import Key, account_label
from ..conversations.changes import account_key
from ..store import Store

if TYPE_CHECKING:
    import sqlite3

_COLUMNS = (
    "number, provider, host, account, sha256, id, reference, name, media_type, bytes, uploaded_at, expires_at, profile"
)


class StoredUploads:
    """The uploads of all runs, in the history. Each method opens it for itself, and raises `StoreError`."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def account(self, key: Key | None) -> str | None:
        """What stands for the account of `key`."""
        with Store.open(self._path, create=True) as store:
            return account_label(account_key(store), key)

    def find(self, host: str, account: str | None, sha256: str) -> Uploaded | None:
        """The file as it was uploaded last, if it was."""
        with Store.open(self._path) as store:
            row = store.connection.execute(
                f"SELECT {_COLUMNS} FROM uploads WHERE sha256 = ? AND host = ? AND account IS ?"  # noqa: S608 ours
                " ORDER BY expires_at DESC LIMIT 1",
                (sha256, host, account),
            ).fetchone()
        return None if row is None else _uploaded(row)

    def keep(self, uploaded: Uploaded) -> None:
        """Remember it."""
        values = (
            uploaded.provider, uploaded.host, uploaded.account, uploaded.sha256, uploaded.id, uploaded.reference,
            uploaded.name, uploaded.media_type, uploaded.bytes, uploaded.uploaded_at.isoformat(),
            uploaded.expires_at.isoformat(), uploaded.profile,
        )  # fmt: skip
        with Store.open(self._path, create=True) as store, store.transaction() as connection:
            columns, places = _COLUMNS.partition(", ")[2], ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO uploads ({columns}) VALUES ({places})", values)  # noqa: S608 ours

    def forget(self, uploaded: Uploaded) -> None:
        """It is not there any more."""
        with Store.open(self._path) as store, store.transaction() as connection:
            connection.execute("DELETE FROM uploads WHERE host = ? AND id = ?", (uploaded.host, uploaded.id))

    def all(self) -> list[Uploaded]:
        """All that are remembered, the latest first."""
        with Store.open(self._path) as store:
            rows = store.connection.execute(f"SELECT {_COLUMNS} FROM uploads ORDER BY number DESC")  # noqa: S608 ours
            return [_uploaded(row) for row in rows]

    def drop_expired(self, now: datetime) -> int:
        """Forget those whose time is over by their provider's rule. How many."""
        with Store.open(self._path) as store, store.transaction() as connection:
            return connection.execute("DELETE FROM uploads WHERE expires_at <= ?", (now.isoformat(),)).rowcount


def _uploaded(row: sqlite3.Row | tuple[object, ...]) -> Uploaded:
    number, *rest = row
    values = dict(zip(_COLUMNS.split(", ")[1:], rest, strict=True))
    for name in ("uploaded_at", "expires_at"):
        values[name] = datetime.fromisoformat(str(values[name]))
    return Uploaded(**values, number=number)  # pyright: ignore[reportArgumentType] as `keep` has stored them
