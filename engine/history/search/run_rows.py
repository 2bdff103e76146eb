"""The list of stored runs: a page of rows, from what the database says of each without decoding a result."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ..store import Store, reading
from .matches import RunFilter, matching, question_marks
from .text_index import catch_up

if TYPE_CHECKING:
    import sqlite3

RUNNING = "running"
"""The status of a result that is not finished: its process is still at work, or was killed."""

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


class RunList(Struct, frozen=True):
    """The runs that fit. `exists` is False while nothing was ever stored."""

    rows: Sequence[RunRow]
    exists: bool


def matching_runs(wanted: RunFilter) -> RunList:
    """The runs that `wanted` describes, newest first."""
    with Store.open() as store:
        return RunList(list_runs(store, wanted), store.exists)


def list_runs(store: Store, wanted: RunFilter) -> list[RunRow]:
    """The runs that `wanted` describes, newest first."""
    catch_up(store, wanted.text or "")
    with reading(store) as connection:
        numbers = list(islice(matching(connection, wanted), wanted.limit))
        return _rows(connection, sorted(numbers, reverse=True))


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
    if document is None:
        return True
    from ...results.charge import document_may_have_cost  # what reads JSON is of no use to a list of known costs
    from ..blobs import unpacked

    try:
        return document_may_have_cost(unpacked(document))
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
