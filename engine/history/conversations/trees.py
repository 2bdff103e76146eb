"""Whole trees of turns that come from elsewhere, with the sessions that stand in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from ....providers.errors import StoreError
from ....providers.schema import Json
from ...results.assembly import new_id
from ...results.moments import timestamp
from ..blobs import compressed
from ..store import Store
from .rows import StoredSession, TurnKind, known_session
from .turn_rows import insert_turn


class NewTurn(Struct, frozen=True):
    """A finished turn to be stored. `parent` is the position of the one that it follows, among those before it."""

    parent: int | None
    kind: TurnKind
    created_at: str
    asked: Json
    document: Json


class NewSession(Struct, frozen=True):
    """A session to be stored; `tip` is the position of the turn after which it goes on."""

    name: str
    created_at: str
    settings: Json
    tip: int | None


def store_tree(store: Store, sessions: Sequence[NewSession], turns: Sequence[NewTurn]) -> StoredSession:
    """Store the turns and the sessions of one tree, all or none; the first session is the one that began it.

    Raises `StoreError` where a name is taken.
    """
    now = timestamp(datetime.now(UTC))
    with store.transaction() as connection:
        tree = 0
        for session in sessions:
            if connection.execute("SELECT 1 FROM sessions WHERE name = ?", (session.name,)).fetchone():
                raise StoreError(f"there is a session {session.name} already", hint="give another name behind the file")
            done = connection.execute(
                "INSERT INTO sessions (id, name, tree, created_at, used_at, settings) VALUES (?, ?, ?, ?, ?, ?)",
                (new_id(), session.name, tree, session.created_at, now, compressed(session.settings)),
            )
            if not tree:
                tree = int(done.lastrowid or 0)
                connection.execute("UPDATE sessions SET tree = number WHERE number = ?", (tree,))
        numbers: list[int] = []
        for turn in turns:
            parent = None if turn.parent is None else numbers[turn.parent]
            numbers.append(
                insert_turn(
                    connection,
                    (tree, tree),
                    parent,
                    turn.asked,
                    document=turn.document,
                    kind=turn.kind,
                    at=turn.created_at,
                )
            )
        for session in sessions:
            if session.tip is not None:
                connection.execute("UPDATE sessions SET tip = ? WHERE name = ?", (numbers[session.tip], session.name))
    return known_session(store, sessions[0].name)
