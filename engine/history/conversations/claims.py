"""Who is writing on a session: two processes on one session never interleave in silence."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from ....providers.errors import StoreError
from ...results.moments import timestamp
from ..processes import is_running, this_machine
from ..store import Store
from .rows import StoredSession

if TYPE_CHECKING:
    import sqlite3


class Claim(Struct, frozen=True):
    """The right of this process to add to a session, until it is let go or the process ends."""

    session: int
    host: str
    pid: int
    since: str


def claim(store: Store, session: StoredSession, *, alive: Callable[[int], bool] = is_running) -> Claim:
    """Take the session for this process. Raises `StoreError` when another one is writing on it, or has moved it.

    What another process of this machine had taken is free once that process has ended; of other machines, which may
    share the directory, and from before a restart nobody can tell: `unlock` takes theirs away.
    """
    host, pid = this_machine(), os.getpid()
    since = timestamp(datetime.now(UTC))
    with store.transaction() as connection:
        tip = require_unclaimed(connection, session, alive=alive)
        if tip != session.tip:
            raise StoreError(
                f"session {session.name} has gone on meanwhile: another process has added a turn", hint="try again"
            )
        connection.execute(
            "UPDATE sessions SET writer_host = ?, writer_pid = ?, writer_since = ? WHERE number = ?",
            (host, pid, since, session.number),
        )
    return Claim(session.number, host, pid, since)


def require_unclaimed(
    connection: sqlite3.Connection, session: StoredSession, *, alive: Callable[[int], bool] = is_running
) -> int | None:
    """Where the session stands by now. Raises `StoreError` when another process adds to it, or it is gone."""
    host = this_machine()
    found = connection.execute(
        "SELECT tip, writer_host, writer_pid, writer_since FROM sessions WHERE number = ?", (session.number,)
    ).fetchone()
    if found is None:
        raise StoreError(f"session {session.name} is gone: somebody has removed it")
    tip: int | None
    other_host: str | None
    other_pid: int | None
    tip, other_host, other_pid, other_since = found
    is_ours = other_pid is None or (other_host, other_pid) == (host, os.getpid())
    if other_pid is not None and not is_ours and (other_host != host or alive(other_pid)):
        other = str(other_host).partition(" ")[0]
        where = f"process {other_pid}" if other_host == host else f"process {other_pid} on {other}"
        hint = f"wait for it, or go another way: thinkdial session fork {session.name} NEW"
        if other_host != host:
            hint += f"; if it runs no more: thinkdial session unlock {session.name}"
        raise StoreError(f"session {session.name} is in use by {where}, since {other_since}", hint=hint)
    return tip


def let_go(store: Store, claimed: Claim) -> None:
    """Give the session back; nothing where it is no longer this process's."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE sessions SET writer_host = NULL, writer_pid = NULL, writer_since = NULL"
            " WHERE number = ? AND writer_host = ? AND writer_pid = ?",
            (claimed.session, claimed.host, claimed.pid),
        )


def unlock(store: Store, session: StoredSession) -> None:
    """Take the session away from whoever has it."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE sessions SET writer_host = NULL, writer_pid = NULL, writer_since = NULL WHERE number = ?",
            (session.number,),
        )
