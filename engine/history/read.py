"""What is stored, read back: the list of runs, and one run with all that came."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ...providers.errors import StoreError, did_you_mean
from ...providers.json_values import obj, parse_json
from ...providers.schema import Json
from ...providers.turns.pieces import TurnPiece
from ..exchange.raw_response import RawResponse, check_packed
from ..results.assembly import files_among, summarize
from ..results.charge import document_may_have_cost
from ..results.restored import result_from
from ..results.result import Result, Run
from ..results.rounds import folded
from .blobs import joined, unpacked
from .files.stored_files import pieces_of_run
from .retention import delete_runs
from .search.matches import RunFilter, matching, moment_text, question_marks
from .search.text_index import catch_up
from .store import Store, reading
from .unfinished import Begun, recovered

if TYPE_CHECKING:
    import sqlite3

StoredRaw = RawResponse
"""A stored response: status, content type, whether a stream was asked for, and the bytes."""

RUNNING = "running"
"""The status of a result that is not finished: its process is still at work, or was killed."""

LEAST_PREFIX = 4
PROMPT_CHARACTERS = 400
"""How much of a prompt the list of runs reads; nobody looks at more in a list."""

_BATCH = 500


class RunRow(Struct, frozen=True):
    """One run in a list. `usd` sums the known costs; `usd_unknown` counts the results whose cost is not all known.

    `samples` is how often a profile was asked with the same think value, at most.
    """

    number: int
    id: str
    created_at: str
    command: str
    prompt: str
    profiles: tuple[str, ...]
    thinks: tuple[str, ...]
    samples: int
    statuses: Mapping[str, int]
    usd: Decimal | None
    usd_unknown: int
    total_s: float | None
    simulated: bool


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


def list_runs(store: Store, wanted: RunFilter) -> list[RunRow]:
    """The runs that `wanted` describes, newest first."""
    catch_up(store, wanted.text or "")
    with reading(store) as connection:
        numbers = list(islice(matching(connection, wanted), wanted.limit))
        return _rows(connection, sorted(numbers, reverse=True))


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


class _Part(Struct, frozen=True):
    """What a list shows of one result."""

    profile: str
    think: str
    status: str
    usd: Decimal | None
    is_unknown: bool


def _rows(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[RunRow]:
    """The rows of one page; only its own results are read."""
    heads: dict[int, tuple[Any, ...]] = {}
    parts: dict[int, list[_Part]] = {number: [] for number in numbers}
    for start in range(0, len(numbers), _BATCH):
        some = numbers[start : start + _BATCH]
        marks = question_marks(some)
        for row in connection.execute(
            f"SELECT number, id, created_at, command, substr(prompt, 1, {PROMPT_CHARACTERS}), simulated, total_s"  # noqa: S608
            f" FROM runs WHERE number IN ({marks})",
            some,
        ):
            heads[row[0]] = row
        for run, profile, think, status, usd, lost, document in connection.execute(
            "SELECT run, profile, think, status, usd, lost_attempts, CASE WHEN usd IS NULL THEN document END"  # noqa: S608
            f" FROM results WHERE run IN ({marks}) ORDER BY run, position",
            some,
        ):
            known = None if usd is None else Decimal(usd)
            is_unknown = lost > 0 or (known is None and _may_have_cost(document))
            parts[run].append(_Part(profile, think, status, known, is_unknown))
    return [_row(heads[number], parts[number]) for number in numbers if number in heads]


def _may_have_cost(document: bytes | None) -> bool:
    """Whether a result without a cost can have had one. None is one whose process was killed."""
    try:
        return document is None or document_may_have_cost(unpacked(document))
    except (zlib.error, ValueError, TypeError, KeyError, AttributeError):
        return True  # who wants to see this run is told what is wrong with it


def _row(head: tuple[Any, ...], parts: Sequence[_Part]) -> RunRow:
    number, run_id, created_at, command, prompt, simulated, total_s = head
    known = [part.usd for part in parts if part.usd is not None]
    return RunRow(
        number=number,
        id=run_id,
        created_at=created_at,
        command=command,
        prompt=prompt,
        profiles=tuple(dict.fromkeys(part.profile for part in parts)),
        thinks=tuple(dict.fromkeys(part.think for part in parts)),
        samples=max(Counter((part.profile, part.think) for part in parts).values(), default=0),
        statuses=Counter(part.status for part in parts),
        usd=sum(known, Decimal(0)) if known else None,
        usd_unknown=sum(part.is_unknown for part in parts),
        total_s=total_s,
        simulated=bool(simulated),
    )


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
