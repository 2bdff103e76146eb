"""Sessions and their turns as they are stored, read."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from ....providers.errors import StoreError, did_you_mean
from ....providers.schema import Json
from ....providers.turns.turn import Turn
from ....providers.turns.turn_documents import turn_of_document
from ..blobs import unpacked
from ..files.stored_files import with_bytes
from ..store import Store, reading

if TYPE_CHECKING:
    import sqlite3

TurnKind = Literal["turn", "compaction"]

_SESSION = "number, id, name, tree, created_at, used_at, tip, settings, compared"
_TURN = (
    "turns.number, turns.parent, turns.kind, turns.created_at, turns.asked, turns.document, turns.result,"
    " results.run, results.status"
)


class StoredSession(Struct, frozen=True):
    """A session: a name for a place in a tree of turns. Forks of one conversation share the `tree`.

    `tip` is the number of the turn after which it goes on, None before the first. `settings` is JSON that
    `engine/sessions` understands. `compared` is the number of the run of its latest comparison.
    """

    number: int
    id: str
    name: str
    tree: int
    created_at: str
    used_at: str
    tip: int | None
    settings: Json
    compared: int | None


class StoredTurn(Struct, frozen=True):
    """One turn, or one compaction, of a tree. `number` is never given twice.

    `turn` is what was said, None while the answer is under way or where its process was killed. `facts` are the rest of
    the stored document: profile, think value, cost and the like. `result` is its row among the results of `run`; both
    are None for what was imported. `status` is that of the result.
    """

    number: int
    parent: int | None
    kind: TurnKind
    created_at: str
    asked: Json
    turn: Turn | None
    facts: Json
    result: int | None
    run: int | None
    status: str | None


def list_sessions(store: Store) -> list[StoredSession]:
    """All sessions, the one that was used last first."""
    if not store.exists:
        return []
    with reading(store) as connection:
        rows = connection.execute(f"SELECT {_SESSION} FROM sessions ORDER BY used_at DESC, number DESC")  # noqa: S608
        return [_session(row) for row in rows]


def find_session(store: Store, name: str) -> StoredSession | None:
    """The session of that name, whatever its case."""
    if not store.exists:
        return None
    with reading(store) as connection:
        found = connection.execute(f"SELECT {_SESSION} FROM sessions WHERE name = ?", (name,)).fetchone()  # noqa: S608
        return None if found is None else _session(found)


def known_session(store: Store, name: str) -> StoredSession:
    """The same. Raises `StoreError`, with the names that come close, where there is none."""
    found = find_session(store, name)
    if found is not None:
        return found
    names = [session.name for session in list_sessions(store)]
    hint = "thinkdial session list shows them" if names else 'thinkdial ask --session NAME "..." begins one'
    raise StoreError(f"no session is called {name!r}{did_you_mean(name, names)}", hint=hint)


def session_of(store: Store, session: StoredSession) -> StoredSession:
    """The same session as it is now, whatever it is called. Raises `StoreError` when it is gone."""
    with reading(store) as connection:
        found = connection.execute(f"SELECT {_SESSION} FROM sessions WHERE id = ?", (session.id,)).fetchone()  # noqa: S608
    if found is None:
        raise StoreError(f"session {session.name} is gone: somebody has removed it")
    return _session(found)


def latest_session(store: Store) -> StoredSession:
    """The session that was used last. Raises `StoreError` where there is none."""
    found = list_sessions(store)
    if not found:
        raise StoreError("there is no session yet", hint='thinkdial ask --session NAME "..." begins one')
    return found[0]


def turns_of_tree(store: Store, tree: int) -> list[StoredTurn]:
    """Every turn of the tree, in the order in which they were begun."""
    with reading(store) as connection:
        return _turns(connection, "WHERE turns.tree = ? ORDER BY turns.number", (tree,))


def turns_added_by(store: Store, session: StoredSession) -> list[StoredTurn]:
    """Every turn and compaction that the session has added to its tree, also where it has gone back before it."""
    with reading(store) as connection:
        return _turns(connection, "WHERE turns.session = ? ORDER BY turns.number", (session.number,))


def way_to(store: Store, tip: int | None) -> list[StoredTurn]:
    """The turns from the first to `tip`."""
    if tip is None:
        return []
    with reading(store) as connection:
        return _turns(
            connection,
            "WHERE turns.number IN (WITH RECURSIVE way(number) AS (VALUES(?) UNION ALL SELECT turns.parent FROM turns"
            " JOIN way USING (number) WHERE turns.parent IS NOT NULL) SELECT number FROM way) ORDER BY turns.number",
            (tip,),
        )


def unfinished_turn(store: Store, session: StoredSession) -> StoredTurn | None:
    """The turn after the session's tip whose answer has not ended, if there is one."""
    with reading(store) as connection:
        where = "WHERE turns.session = ? AND turns.parent IS ? AND turns.document IS NULL ORDER BY turns.number DESC"
        found = _turns(connection, where, (session.number, session.tip))
    return found[0] if found else None


def sessions_holding(store: Store, runs: Iterable[int]) -> dict[int, list[str]]:
    """Of these runs, those that a session holds, with the sessions' names."""
    held: dict[int, list[str]] = {}
    if not store.exists:
        return held
    with reading(store) as connection:
        for run in runs:
            names = connection.execute(
                "SELECT DISTINCT sessions.name FROM results JOIN turns ON turns.result = results.number"
                " JOIN sessions USING (tree) WHERE results.run = ? ORDER BY sessions.name",
                (run,),
            )
            if found := [name for (name,) in names]:
                held[run] = found
    return held


def _session(row: tuple[Any, ...]) -> StoredSession:
    number, session_id, name, tree, created_at, used_at, tip, packed, compared = row
    try:
        settings = unpacked(packed)
    except (zlib.error, ValueError) as error:
        raise StoreError(
            f"session {name}: its settings are damaged: {error}", hint=f"thinkdial session rm {name} forgets it"
        ) from error
    return StoredSession(number, session_id, name, tree, created_at, used_at, tip, settings, compared)


def _turns(connection: sqlite3.Connection, where: str, values: tuple[int | None, ...]) -> list[StoredTurn]:
    rows = connection.execute(
        f"SELECT {_TURN} FROM turns LEFT JOIN results ON results.number = turns.result {where}",  # noqa: S608
        values,
    )
    made: list[StoredTurn] = []
    for number, parent, kind, created_at, asked, document, result, run, status in rows:
        try:
            said = unpacked(asked)
            facts = {} if document is None else unpacked(document)
            turn = None if document is None else turn_of_document({**facts, "asked": said.get("pieces", [])})
            turn = None if turn is None else with_bytes(connection, turn)
        except (zlib.error, ValueError, TypeError, KeyError, AttributeError) as error:
            raise StoreError(
                f"turn {number} is damaged: {error}", hint="thinkdial session rewind goes back to a turn before it"
            ) from error
        made.append(StoredTurn(number, parent, kind, created_at, said, turn, facts, result, run, status))
    return made
