"""The turn of a session as its call goes on, written in the transactions of the recorder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ....providers.schema import Json
from ....providers.turns.turn_documents import turn_document
from ...results.documents import dollars_text
from ...results.result import Result
from ..blobs import compressed, unpacked
from ..heads import TurnHead

if TYPE_CHECKING:
    import sqlite3


def begin_turn(connection: sqlite3.Connection, head: TurnHead, result: int, at: str) -> int:
    """The turn whose answer will be in the row `result`; the tip stays until it is there. The turn's number."""
    return insert_turn(connection, (head.session, head.tree), head.parent, head.asked, result=result, at=at)


def finish_turn(connection: sqlite3.Connection, head: TurnHead, number: int, result: Result) -> None:
    """Store what the answer is made of and what was refused of earlier ones; let the session go on after it.

    The turn is forgotten where nothing came. A session that somebody moved meanwhile keeps its tip: the turn is then a
    branch of the tree.
    """
    if result.turn is None or not result.turn.pieces:
        connection.execute("DELETE FROM turns WHERE number = ?", (number,))
        return
    connection.execute(
        "UPDATE turns SET document = ? WHERE number = ?", (compressed(answered_document(result)), number)
    )
    move_tip(connection, head.session, head.parent, number, result.created_at)
    mark_dead(connection, refused_rows(result, head.way, head.compactions))


def refused_rows(result: Result, way: Sequence[int], compactions: Sequence[int]) -> dict[int, frozenset[int]]:
    """What the provider did not take back, by the stored numbers of the turns and compactions that it is of."""
    rows = {way[turn - 1]: dead for turn, dead in result.refused.items() if turn <= len(way)}
    return rows | {compactions[at]: dead for at, dead in result.refused_compactions.items() if at < len(compactions)}


def mark_dead(connection: sqlite3.Connection, turns: Mapping[int, Iterable[int]]) -> None:
    """Remember, by the turns' stored numbers, the positions of pieces that a provider has refused."""
    for number, positions in turns.items():
        row = connection.execute("SELECT document FROM turns WHERE number = ?", (number,)).fetchone()
        if row is None or row[0] is None:
            continue
        document: dict[str, Any] = unpacked(row[0])
        known: list[int] = document.get("dead", [])
        if dead := set(positions).difference(known):
            document["dead"] = sorted(dead.union(known))
            connection.execute("UPDATE turns SET document = ? WHERE number = ?", (compressed(document), number))


def answered_document(result: Result) -> dict[str, Any]:
    """The answer's side of a turn as it is stored: pieces, origin, and what people want to know of the turn."""
    if result.turn is None:
        raise ValueError("a result without a turn")
    document = turn_document(result.turn)
    del document["asked"]
    usage, usd = result.usage, result.cost.usd
    return document | {
        "profile": result.profile,
        "think": result.think.requested,
        "status": result.status,
        "input_tokens": usage.input_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "usd": None if usd is None else dollars_text(usd),
        "simulated": result.simulated,
    }


def insert_turn(
    connection: sqlite3.Connection,
    place: tuple[int, int],
    parent: int | None,
    asked: Json,
    *,
    at: str,
    document: Json | None = None,
    kind: str = "turn",
    result: int | None = None,
) -> int:
    """One row of `turns`; the tip stays. `place` is the session's number and its tree's. The turn's number."""
    session, tree = place
    done = connection.execute(
        "INSERT INTO turns (tree, session, parent, kind, created_at, asked, document, result)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            tree,
            session,
            parent,
            kind,
            at,
            compressed(asked),
            None if document is None else compressed(document),
            result,
        ),
    )
    return int(done.lastrowid or 0)


def move_tip(connection: sqlite3.Connection, session: int, before: int | None, tip: int | None, at: str) -> bool:
    """Let the session go on after `tip`. False where it no longer stands at `before`."""
    moved = connection.execute(
        "UPDATE sessions SET tip = ?, used_at = ? WHERE number = ? AND tip IS ?", (tip, at, session, before)
    )
    return moved.rowcount > 0
