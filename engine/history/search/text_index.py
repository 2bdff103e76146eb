"""Which runs may hold a text: an index of three-letter pieces, kept by SQLite's FTS5. It is made by who searches.

Nothing is indexed while calls are made. A search brings the index up to date first, within bounds, and what is not in
it is read as without one; so an index that is missing, behind or impossible costs time and finds the same. Pieces are
of the case-folded text, as texts are compared. Source: https://www.sqlite.org/fts5.html#the_trigram_tokenizer
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from ....providers.errors import StoreError
from ...results.moments import timestamp

if TYPE_CHECKING:
    import sqlite3

    from ..store import Store

PIECE = 3
"""Characters. A shorter text is in no index."""

MOST_PIECES = 24
"""Of the text that is looked for. More would narrow nothing down."""

MANY_RUNS = 20_000
SAMPLED_RUNS = 500
MOST_OF_RARE = 10
"""A piece is rare that no more of twice `SAMPLED_RUNS` hold, within the index: at its end looking takes ten times as
long. Of many runs rare pieces are asked for alone: to go through all that hold a common one takes longer than to read
the few that are found."""

RUNS_AT_ONCE = 500
MOST_RUNS = 20_000
"""How many runs one transaction adds, and one search."""

MOST_CHARACTERS = 4 * 2**20
"""The text of a run that is longer is not indexed, but read."""

SETTLED_AFTER = timedelta(days=1)
"""A run without an end that began longer ago was killed: nothing is added to it any more."""

ERASING = (3, 42, 0)
"""The first SQLite whose index can forget a run without leaving pieces of it behind."""

_ALL = 2**62
_MAKE = (
    "CREATE VIRTUAL TABLE run_texts USING fts5(words, content='', tokenize='trigram case_sensitive 1', detail='none')",
    "CREATE TABLE run_texts_reach (newest INTEGER NOT NULL)",  # up to which run the index reaches
    "CREATE TABLE run_texts_unread (run INTEGER PRIMARY KEY)",  # of those, the ones that are too long
)
_TEXTS = (
    "SELECT number, length(prompt) + (SELECT total(length(answer)) FROM results WHERE results.run = runs.number)"
    " FROM runs"
)


def is_possible() -> bool:
    """Whether this SQLite can keep such an index."""
    import sqlite3

    try:
        with suppress(sqlite3.Error):
            connection = sqlite3.connect(":memory:")
            connection.execute(_MAKE[0])
            connection.close()
            return True
    except ImportError:
        pass
    return False


def catch_up(store: Store, text: str) -> None:
    """Bring the index up to date for a search of `text`: as far as one search may, and where it can be done now."""
    if not store.exists or not _pieces(text.casefold()):
        return
    with suppress(StoreError):  # it is locked, full or another's: the search reads more
        if not _is_there(store.connection):
            if not is_possible():
                return
            with store.transaction() as connection:
                if not _is_there(connection):
                    for statement in _MAKE:
                        connection.execute(statement)
                    if _erases():
                        connection.execute("INSERT INTO run_texts (run_texts, rank) VALUES ('secure-delete', 1)")
        left = MOST_RUNS
        while left > 0 and _has_more(store.connection):
            with store.transaction() as connection:
                added = _add_some(connection, min(left, RUNS_AT_ONCE))
            if not added:
                return
            left -= added


def candidates(connection: sqlite3.Connection, needle: str) -> list[tuple[str, tuple[int | str, ...]]]:
    """Queries for the `run`s that may hold the folded text `needle`; none where all may.

    The first is of the runs that are later than all in the index, the last of those that are too long for it.
    """
    import sqlite3

    if not _pieces(needle):
        return []
    with suppress(sqlite3.Error):
        if _is_there(connection):
            known, newest = "SELECT rowid AS run FROM run_texts WHERE run_texts MATCH ?", _newest(connection)
            pieces = _pieces(needle)
            if newest > MANY_RUNS:
                pieces = [piece for piece in pieces if _is_rare(connection, piece, newest)] or pieces
            return [
                ("SELECT number AS run FROM runs WHERE number > ?", (newest,)),
                (known, (_question(pieces),)),
                ("SELECT run FROM run_texts_unread", ()),
            ]
    return []


def forget(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Take runs out of the index, before they are removed: within their transaction, with every piece of their texts.

    Where SQLite cannot do so the whole index goes; the next searches make another.
    """
    if not _is_there(connection):
        return
    newest = _newest(connection)
    known = [number for number in numbers if number <= newest]
    if known and not _erases():
        for name in ("run_texts", "run_texts_reach", "run_texts_unread"):
            connection.execute(f"DROP TABLE {name}")
        return
    for number in known:
        there = connection.execute("SELECT 1 FROM runs WHERE number = ?", (number,)).fetchone()
        is_unread = connection.execute("DELETE FROM run_texts_unread WHERE run = ?", (number,)).rowcount
        if there and not is_unread:
            statement = "INSERT INTO run_texts (run_texts, rowid, words) VALUES ('delete', ?, ?)"
            connection.execute(statement, (number, _words(connection, number)))


def _add_some(connection: sqlite3.Connection, most: int) -> int:
    """Add the next runs that are settled, up to the first that is not. How many."""
    ended = timestamp(datetime.now(UTC) - SETTLED_AFTER)
    newest = _newest(connection)
    open_runs = "SELECT min(number) FROM runs WHERE number > ? AND total_s IS NULL AND created_at >= ?"
    (first_open,) = connection.execute(open_runs, (newest, ended)).fetchone()
    statement = f"{_TEXTS} WHERE number > ? AND number < ? ORDER BY number LIMIT ?"
    rows = connection.execute(statement, (newest, first_open or _ALL, most)).fetchall()
    for number, size in rows:
        if size > MOST_CHARACTERS:
            connection.execute("INSERT INTO run_texts_unread VALUES (?)", (number,))
        else:
            statement = "INSERT INTO run_texts (rowid, words) VALUES (?, ?)"
            connection.execute(statement, (number, _words(connection, number)))
    if rows:
        connection.execute("DELETE FROM run_texts_reach")
        connection.execute("INSERT INTO run_texts_reach VALUES (?)", (rows[-1][0],))
    return len(rows)


def _has_more(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM runs WHERE number > ?", (_newest(connection),)).fetchone() is not None


def _newest(connection: sqlite3.Connection) -> int:
    found = connection.execute("SELECT newest FROM run_texts_reach").fetchone()
    return 0 if found is None else int(found[0])


def _words(connection: sqlite3.Connection, run: int) -> str:
    """All that is looked for in a run, as it is compared."""
    texts = connection.execute(
        "SELECT prompt FROM runs WHERE number = ?1 UNION ALL"
        " SELECT answer FROM results WHERE run = ?1 AND answer IS NOT NULL",
        (run,),
    )
    return "\n".join(text.casefold() for (text,) in texts)


def _is_there(connection: sqlite3.Connection) -> bool:
    found = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'run_texts'"
    return connection.execute(found).fetchone() is not None


def _erases() -> bool:
    import sqlite3

    return sqlite3.sqlite_version_info >= ERASING


def _pieces(needle: str) -> list[str]:
    """Pieces of what is looked for, side by side; none where it can have none, or the index cannot be asked."""
    if len(needle) < PIECE or not needle.isprintable():  # NUL, or half a pair of surrogates
        return []
    starts = (*range(0, len(needle) - PIECE, PIECE), len(needle) - PIECE)
    return list(islice(dict.fromkeys(needle[start : start + PIECE] for start in starts), MOST_PIECES))


def _is_rare(connection: sqlite3.Connection, piece: str, newest: int) -> bool:
    held = 0
    for last in (newest // 2, newest * 3 // 4):
        statement = "SELECT count(*) FROM run_texts WHERE run_texts MATCH ? AND rowid BETWEEN ? AND ?"
        held += connection.execute(statement, (_question([piece]), last - SAMPLED_RUNS + 1, last)).fetchone()[0]
    return held <= MOST_OF_RARE


def _question(pieces: Iterable[str]) -> str:
    """What FTS5 is asked: runs with all the pieces."""
    quoted = (piece.replace('"', '""') for piece in pieces)
    return " AND ".join(f'"{piece}"' for piece in quoted)
