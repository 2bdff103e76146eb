"""What is stored, read back: the list of runs, and one run with all that came."""

from __future__ import annotations

import zlib
from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ...providers.errors import StoreError, did_you_mean
from ...providers.framing.packed import check_packed
from ...providers.json_values import obj, parse_json
from ...providers.schema import Json
from ...providers.turns.pieces import TurnPiece
from ..exchange.raw_response import RawResponse
from ..results.assembly import files_among, summarize
from ..results.restored import result_from
from ..results.result import Result, Run
from ..results.rounds import folded
from .blobs import joined, unpacked
from .files.stored_files import pieces_of_run
from .retention import delete_runs
from .search.matches import moment_text
from .search.run_rows import RUNNING
from .store import Store, reading
from .unfinished import Begun, recovered

if TYPE_CHECKING:
    import sqlite3

StoredRaw = RawResponse
"""A stored response: status, content type, whether a stream was asked for, and the bytes."""

LEAST_PREFIX = 4


class StoredResult(Struct, frozen=True):
    """One result as it was stored. `unfinished`: its process was killed; `result` is made of the bytes that came."""

    result: Result
    sent: Json
    raw: StoredRaw | None
    unfinished: bool


class StoredRun(Struct, frozen=True):
    """One run with everything that is kept of it. `asked` are the parts of the prompt, where files are among them."""

    number: int
    run: Run
    command: str
    created_at: str
    simulated: bool
    entries: tuple[StoredResult, ...]
    asked: tuple[TurnPiece, ...] = ()


def find_run(store: Store, written: str) -> int:
    """The number of the run that `written` names: its number, `last`, or the beginning of its id.

    Raises `StoreError` when there is none, or more than one.
    """
    word = written.strip().lower().removeprefix("#")
    with reading(store) as connection:
        newest = connection.execute("SELECT max(number) FROM runs").fetchone()[0]
        if newest is None:
            raise StoreError("nothing is stored yet", hint="every ask and compare is kept, unless history is off")
        if word == "last":
            return newest
        if word.isascii() and word.isdigit() and len(word) < 19:
            found = connection.execute("SELECT number FROM runs WHERE number = ?", (int(word),)).fetchone()
            if found is not None:
                return found[0]
        if len(word) >= LEAST_PREFIX and word.isascii():
            begins = connection.execute(
                "SELECT number, id FROM runs WHERE id >= ? AND id < ? LIMIT 3", (word, f"{word}\x7f")
            ).fetchall()
            if len(begins) > 1:
                raise StoreError(
                    f"{written!r} is the beginning of more than one run's id", hint="write more of it, or the number"
                )
            if begins:
                return begins[0][0]
    raise StoreError(
        f"no run is called {written!r}{did_you_mean(word, ('last',))}",
        hint="a run has a number (thinkdial history list), an id of which four characters will do, or is the last",
    )


def stored_run(store: Store, number: int) -> StoredRun:
    """Everything that is kept of run `number`. Raises `StoreError` when it is not there, or damaged."""
    with reading(store) as connection:
        head = connection.execute(
            "SELECT id, created_at, command, prompt, system, simulated, total_s, asked, prompt_rest"
            " FROM runs WHERE number = ?",
            (number,),
        ).fetchone()
        if head is None:
            raise StoreError(f"there is no run {number}", hint="thinkdial history list shows those that are stored")
        run_id, created_at, command, prompt, system, simulated, total_s, asked, rest = head
        entries = tuple(
            _entry(connection, number, run_id, row)
            for row in connection.execute(
                "SELECT number, position, id, created_at, profile, provider, dialect, model, think, status,"
                " document, sent, raw_head, raw FROM results WHERE run = ? ORDER BY position",
                (number,),
            )
        )
    results = folded(entry.result for entry in entries)
    known = [result.latency.total_s for result in results if result.latency.total_s is not None]
    took = total_s if total_s is not None else max(known, default=None)
    pieces = pieces_of_run(asked)
    whole = _whole_prompt(number, prompt, rest)
    run = Run(run_id, whole, results, summarize(results, took), system, files_among(pieces))
    return StoredRun(number, run, command, created_at, bool(simulated), entries, pieces)


def _whole_prompt(number: int, prompt: str, rest: bytes | None) -> str:
    try:
        return joined(prompt, rest)
    except zlib.error as error:
        raise StoreError(
            f"run {number}: the stored prompt is damaged: {error}",
            hint=f"thinkdial history rm {number} forgets the run",
        ) from error


def run_numbers(store: Store, before: date | None = None) -> list[int]:
    """The numbers of all runs, or of those that began before a moment."""
    with reading(store) as connection:
        if before is None:
            found = connection.execute("SELECT number FROM runs ORDER BY number")
        else:
            found = connection.execute(
                "SELECT number FROM runs WHERE created_at < ? ORDER BY number", (moment_text(before),)
            )
        return [number for (number,) in found]


def remove_runs(store: Store, numbers: Collection[int]) -> int:
    """Forget these runs and all that belongs to them; the number of runs that were there. Spending sums stay."""
    return delete_runs(store, numbers) if store.exists and numbers else 0


def _entry(connection: sqlite3.Connection, run: int, run_id: str, row: tuple[Any, ...]) -> StoredResult:
    number, position, result_id, created_at, profile, provider, dialect, model, think, status, *blobs = row
    document, sent_blob, raw_head, raw_blob = blobs
    try:
        sent: Json = _sent(sent_blob) if sent_blob is not None else {}
        raw = _raw(connection, number, raw_head, raw_blob)
        if status == RUNNING or document is None:
            call = Begun(
                result_id or f"{run_id}-{position}", run_id, created_at, profile, provider, dialect, model, think, sent
            )
            return StoredResult(recovered(call, raw), sent, raw, unfinished=True)
        return StoredResult(result_from(unpacked(document)), sent, raw, unfinished=False)
    except (zlib.error, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(
            f"run {run}: the stored result of {profile} is damaged: {error}",
            hint=f"thinkdial history rm {run} forgets the run",
        ) from error


def _raw(connection: sqlite3.Connection, result: int, head: str | None, blob: bytes | None) -> StoredRaw | None:
    if head is None:
        return None
    if blob is not None:
        check_packed(blob)
        data = blob
    else:
        pieces = connection.execute("SELECT data FROM chunks WHERE result = ? ORDER BY sequence", (result,))
        data = b"".join(piece for (piece,) in pieces)
    told = obj(parse_json(head))
    return RawResponse(
        int(told["status"]), str(told.get("content_type") or ""), bool(told.get("streamed")), data,
        packed=blob is not None,
    )  # fmt: skip


def _sent(blob: bytes) -> Json:
    sent = unpacked(blob)
    return sent | {name: dict(obj(sent[name])) for name in ("quirks", "headers", "native") if name in sent}
