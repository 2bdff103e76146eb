"""Sessions begun, moved, forked, renamed and forgotten. Each function is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ....providers.errors import StoreError
from ....providers.schema import Json
from ....providers.turns.pieces import TurnPiece
from ...results.assembly import new_id
from ...results.moments import timestamp
from ..blobs import compressed
from ..store import Store
from .claims import require_unclaimed
from .rows import StoredSession, TurnKind, known_session
from .turn_rows import insert_turn, move_tip

if TYPE_CHECKING:
    import sqlite3

ACCOUNT_KEY_BYTES = 32


def begin_session(store: Store, name: str, settings: Json) -> StoredSession:
    """A new session without a turn. Raises `StoreError` where the name is taken."""
    return _insert_session(store, name, settings, tree=None, tip=None)


def fork_session(store: Store, source: StoredSession, name: str, tip: int | None) -> StoredSession:
    """A second session of the same conversation, which goes on after `tip`. Nothing is copied."""
    return _insert_session(store, name, source.settings, tree=source.tree, tip=tip)


def rename_session(store: Store, session: StoredSession, name: str) -> None:
    """Give it another name. Raises `StoreError` where that is taken."""
    with store.transaction() as connection:
        _require_free(connection, name, but=session.number)
        connection.execute("UPDATE sessions SET name = ? WHERE number = ?", (name, session.number))


def set_tip(store: Store, session: StoredSession, tip: int | None) -> None:
    """Let the session go on after `tip`. Raises `StoreError` when somebody has moved it meanwhile."""
    with store.transaction() as connection:
        _move(connection, session, tip)


def set_settings(store: Store, session: StoredSession, settings: Json) -> None:
    """Replace what the session remembers beside its turns."""
    with store.transaction() as connection:
        connection.execute("UPDATE sessions SET settings = ? WHERE number = ?", (compressed(settings), session.number))


def set_compared(store: Store, session: StoredSession, run: int) -> None:
    """Remember the run of the session's latest comparison."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE sessions SET compared = ?, used_at = ? WHERE number = ?",
            (run, timestamp(datetime.now(UTC)), session.number),
        )


def remove_session(store: Store, name: str) -> int:
    """Forget the session, and the turns that no other session of its tree needs; the number of turns removed.

    The runs that the turns came from stay, as long as runs stay. Raises `StoreError` while another process adds to it.
    """
    session = known_session(store, name)
    with store.transaction() as connection:
        require_unclaimed(connection, session)
        connection.execute("DELETE FROM sessions WHERE number = ?", (session.number,))
        if connection.execute("SELECT 1 FROM sessions WHERE tree = ? LIMIT 1", (session.tree,)).fetchone():
            return 0
        # Children first: a parent that is still referred to cannot go.
        removed = 0
        for (number,) in connection.execute(
            "SELECT number FROM turns WHERE tree = ? ORDER BY number DESC", (session.tree,)
        ).fetchall():
            removed += connection.execute("DELETE FROM turns WHERE number = ?", (number,)).rowcount
        return removed


def append_turn(
    store: Store,
    session: StoredSession,
    asked: Json,
    document: Json,
    *,
    kind: TurnKind = "turn",
    result: int | None = None,
    at: str | None = None,
) -> int:
    """A turn that is finished already (picked, imported, compacted), as the session's new tip. Its number."""
    (number,) = append_turns(store, session, [(asked, document)], kind=kind, result=result, at=at)
    return number


def append_turns(
    store: Store,
    session: StoredSession,
    turns: Sequence[tuple[Json, Json]],
    *,
    kind: TurnKind = "turn",
    result: int | None = None,
    at: str | None = None,
) -> list[int]:
    """Finished turns one after another, all or none; the last one is the new tip. Their numbers."""
    numbers: list[int] = []
    parent = session.tip
    with store.transaction() as connection:
        for asked, document in turns:
            parent = insert_turn(
                connection,
                (session.number, session.tree),
                parent,
                asked,
                document=document,
                kind=kind,
                result=result,
                at=at or timestamp(datetime.now(UTC)),
            )
            numbers.append(parent)
        _move(connection, session, parent)
    return numbers


def finish_left(store: Store, session: StoredSession, number: int, document: Json | None) -> None:
    """Finish the turn that a killed process left, as the session's new tip; without a document it is forgotten."""
    with store.transaction() as connection:
        if document is None:
            connection.execute("DELETE FROM turns WHERE number = ?", (number,))
            return
        connection.execute("UPDATE turns SET document = ? WHERE number = ?", (compressed(document), number))
        _move(connection, session, number)


def asked_document(pieces: Iterable[TurnPiece], *, system: str | None, profile: str | None, think: str | None) -> Json:
    """The user's side of a turn as it is stored."""
    return {
        "pieces": [piece.document() for piece in pieces],
        "system": system,
        "profile": profile,
        "think": think,
    }


def account_key(store: Store) -> bytes:
    """The secret of this history under which accounts are labelled; made when it is first needed."""
    import secrets

    found = store.connection.execute("SELECT value FROM secrets WHERE name = 'account'").fetchone()
    if found is not None:
        return found[0]
    with store.transaction() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO secrets VALUES ('account', ?)", (secrets.token_bytes(ACCOUNT_KEY_BYTES),)
        )
        return connection.execute("SELECT value FROM secrets WHERE name = 'account'").fetchone()[0]


def _insert_session(store: Store, name: str, settings: Json, *, tree: int | None, tip: int | None) -> StoredSession:
    now = timestamp(datetime.now(UTC))
    with store.transaction() as connection:
        _require_free(connection, name)
        done = connection.execute(
            "INSERT INTO sessions (id, name, tree, created_at, used_at, tip, settings) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (new_id(), name, tree or 0, now, now, tip, compressed(settings)),
        )
        number = int(done.lastrowid or 0)
        if tree is None:
            connection.execute("UPDATE sessions SET tree = number WHERE number = ?", (number,))
    return known_session(store, name)


def _move(connection: sqlite3.Connection, session: StoredSession, tip: int | None) -> None:
    if not move_tip(connection, session.number, session.tip, tip, timestamp(datetime.now(UTC))):
        raise StoreError(
            f"session {session.name} has gone on meanwhile: another process has added a turn",
            hint=f"thinkdial session show {session.name} shows it; thinkdial session fork goes another way",
        )


def _require_free(connection: sqlite3.Connection, name: str, *, but: int | None = None) -> None:
    found = connection.execute("SELECT number FROM sessions WHERE name = ?", (name,)).fetchone()
    if found is not None and found[0] != but:
        raise StoreError(f"there is a session {name} already", hint="thinkdial session list shows all of them")
