"""What stands behind all vendors' batch endpoints: it takes rows in, makes progress when asked, settles each once.

A batch advances when it is looked at, never by itself: after `polls` looks it has ended, or, with `seconds`, when they
are over. A row is executed by the vendor's live endpoint. Rows are executed, and their results sorted, by a seeded
shuffle of the rows.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypedDict

from msgspec import Struct
from msgspec.structs import replace

from ..answers.thinking import digest
from ..calls.call import ApiCall
from ..calls.faults import ROW_FAULTS, WHOLE_BATCH_FAULTS, FaultPlan, parse_faults, split_model
from ..calls.fields import JsonObject, as_text
from ..calls.reply import HttpReply
from ..calls.request import Request
from ..calls.vendor import Vendor
from ..state.caches import PromptCache
from .database import SimulatedBatch, SimulatedRow, SimulatorDatabase, SubmittedRow
from .logged import BatchLog, LoggedBatch, logged_row

COMPLETED, FAILED, EXPIRED, CANCELED = "completed", "failed", "expired", "canceled"
SUCCEEDED, ERRORED, LOST, WAITING = "succeeded", "errored", "lost", ""
ROWS_AT_ONCE = 500
DAY_S = 86_400
#: Credentials are checked when a batch is created; its rows carry these, and never the client's.
ROW_HEADERS = {"x-api-key": "batch-row", "authorization": "Bearer batch-row", "x-goog-api-key": "batch-row"}
KEPT_HEADERS = ("anthropic-version", "anthropic-beta")


class BatchArguments(TypedDict, total=False):
    """What a simulator can be told about batches, as keyword arguments; the meaning is `BatchSettings`'s."""

    directory: Path | None
    batch_polls: int
    batch_s: float | None
    batch_rows: int | None
    batch_bytes: int | None
    clock: Callable[[], float]


class BatchSettings(Struct, frozen=True):
    """How the batch endpoints behave.

    `directory` keeps batches and files across restarts. A batch ends at its `polls`-th look, or with `seconds` when so
    many have passed. `most_rows` and `most_bytes` lower the vendors' limits, so that a test can reach them.
    """

    directory: Path | None = None
    polls: int = 2
    seconds: float | None = None
    most_rows: int | None = None
    most_bytes: int | None = None
    clock: Callable[[], float] = time.time

    def rows(self, limit: int) -> int:
        """A vendor's limit of rows, lowered if asked."""
        return limit if self.most_rows is None else min(limit, self.most_rows)

    def bytes(self, limit: int) -> int:
        """A vendor's limit of bytes, lowered if asked."""
        return limit if self.most_bytes is None else min(limit, self.most_bytes)


def batch_options(arguments: BatchArguments) -> BatchSettings:
    """The options that keyword arguments stand for."""
    return BatchSettings(
        directory=arguments.get("directory"),
        polls=arguments.get("batch_polls", 2),
        seconds=arguments.get("batch_s"),
        most_rows=arguments.get("batch_rows"),
        most_bytes=arguments.get("batch_bytes"),
        clock=arguments.get("clock", time.time),
    )


class BatchEndpoints(Protocol):
    """A vendor's batch endpoints, as the backend needs them."""

    vendor: Vendor

    def run(self, call: ApiCall, submitted: SubmittedRow) -> HttpReply:
        """The live endpoint's reply to a row."""
        ...


class RowCounts(Struct, frozen=True):
    """How many rows of a batch have which outcome; the fields add up to the number of rows."""

    succeeded: int
    errored: int
    expired: int
    canceled: int
    lost: int
    waiting: int


class BatchBackend:
    """Creates, advances, cancels and remembers batches."""

    def __init__(
        self, options: BatchSettings, plan: FaultPlan, log: BatchLog, *, seed: int, cache: PromptCache
    ) -> None:
        self.options = options
        self.database = SimulatorDatabase(options.directory)
        self._plan = plan
        self._log = log
        self._seed = seed
        self._cache = cache

    def now_s(self) -> float:
        """The time for batches and files, in Unix seconds. It is the real one: clients compare it with theirs."""
        return self.options.clock()

    def stored(self, vendor: str, file_id: str) -> bytes | None:
        """The bytes of an uploaded file; None for one that is not there, or not any more."""
        file = self.database.find_file(vendor, file_id)
        ends = None if file is None else file.meta.get("expires_at")
        if file is None or (isinstance(ends, int) and ends <= self.now_s()):
            return None
        return self.database.content_of(file)

    def new_id(self, prefix: str, length: int = 24) -> str:
        """An identifier that was never given out before; the same seed and order of requests give the same ones."""
        return prefix + digest(self._seed, "stored", prefix, self.database.next_number())[:length]

    def create(
        self,
        call: ApiCall,
        endpoints: BatchEndpoints,
        batch_id: str,
        submitted: list[SubmittedRow],
        details: JsonObject,
        problems: list[JsonObject] | None = None,
    ) -> SimulatedBatch:
        """A batch of these rows, kept and logged, nothing of it executed. One with problems will fail."""
        headers = {name: call.request.headers[name] for name in KEPT_HEADERS if name in call.request.headers}
        batch = SimulatedBatch(
            batch_id,
            endpoints.vendor.name,
            self.database.next_number(),
            self.now_s(),
            0,
            headers,
            details,
            problems or [],
            FAILED if problems else COMPLETED,
        )
        whole = {name for name in call.faults if name in WHOLE_BATCH_FAULTS} | self._plan.drawn_for_batch(batch_id)
        batch = _befallen(batch, whole)
        with self.database.change():
            batch = self.add_rows(call, batch, submitted)
            self.database.save_batch(batch)
        self._log.add_batch(LoggedBatch(batch.id, endpoints.vendor.name, call.number, batch.total))
        return batch

    def add_rows(self, call: ApiCall, batch: SimulatedBatch, submitted: list[SubmittedRow]) -> SimulatedBatch:
        """The batch with more rows and with the faults that these ask for; the rows are kept, the batch is not."""
        rows = [SimulatedRow(batch.total + place, row, frozenset()) for place, row in enumerate(submitted)]
        rows = [replace(row, faults=self._faults_of(call, batch, row)) for row in rows]
        asked = frozenset[str]().union(*(row.faults for row in rows))
        self.database.add_rows(batch.id, ((row, digest(self._seed, batch.id, row.position)[:16]) for row in rows))
        return _befallen(replace(batch, total=batch.total + len(rows)), asked)

    def look(self, call: ApiCall, endpoints: BatchEndpoints, batch: SimulatedBatch) -> SimulatedBatch:
        """The batch after one more look at it."""
        if batch.end:
            return batch
        batch = replace(batch, polls=batch.polls + 1)
        if batch.cancel_s is not None:
            return self._settle(endpoints, batch, CANCELED)
        if batch.hangs:
            self.database.save_batch(batch)
            return batch
        if batch.ending == FAILED:
            return self._settle(endpoints, batch, FAILED)
        share = self.progress(batch)
        wanted = int(batch.total * share)
        if batch.half:
            wanted = min(wanted, batch.total // 2)
        self._execute(call, endpoints, batch, wanted)
        if share < 1:
            self.database.save_batch(batch)
            return batch
        return self._settle(endpoints, batch, batch.ending)

    def progress(self, batch: SimulatedBatch) -> float:
        """The share of a batch that is due, between 0 and 1."""
        if self.options.seconds is not None:
            spent = self.now_s() - batch.created_s
            return 1.0 if spent >= self.options.seconds else max(0.0, spent / self.options.seconds)
        return min(1.0, batch.polls / max(1, self.options.polls))

    def cancel(self, batch: SimulatedBatch) -> SimulatedBatch:
        """The batch, cancellation asked for; the next look ends it. One that has ended stays as it is."""
        if batch.end or batch.cancel_s is not None:
            return batch
        batch = replace(batch, cancel_s=self.now_s())
        self.database.save_batch(batch)
        return batch

    def counts(self, batch: SimulatedBatch) -> RowCounts:
        """The counters of a batch as it is."""
        found = self.database.counts(batch.id)
        names = (SUCCEEDED, ERRORED, EXPIRED, CANCELED, LOST, WAITING)
        return RowCounts(*(found.get(name, 0) for name in names))

    def _faults_of(self, call: ApiCall, batch: SimulatedBatch, row: SimulatedRow) -> frozenset[str]:
        chosen = {
            fault.name
            for fault in call.chosen
            if fault.name in ROW_FAULTS and (fault.amount is None or row.position < fault.amount)
        }
        _, suffix = split_model(as_text(row.submitted.body.get("model")) or "")
        asked = {fault.name for fault in parse_faults(suffix)}
        return frozenset(chosen | asked) | self._plan.drawn_for_row(batch.id, row.position)

    def _execute(self, call: ApiCall, endpoints: BatchEndpoints, batch: SimulatedBatch, wanted: int) -> None:
        """Execute rows until so many of the batch have been reached."""
        reached = batch.total - self.counts(batch).waiting
        while reached < wanted:
            due = list(self.database.rows(batch.id, (WAITING,), limit=min(ROWS_AT_ONCE, wanted - reached)))
            self._decide(batch, [self._run(call, endpoints, batch, row) for row in due])
            reached += len(due)

    def _run(self, call: ApiCall, endpoints: BatchEndpoints, batch: SimulatedBatch, row: SimulatedRow) -> SimulatedRow:
        for fault, outcome in (("row_expired", EXPIRED), ("row_canceled", CANCELED)):
            if fault in row.faults:
                return replace(row, outcome=outcome)
        model, _ = split_model(as_text(row.submitted.body.get("model")) or "")
        body = row.submitted.body | {"model": model} if "model" in row.submitted.body else row.submitted.body
        request = Request("POST", row.submitted.endpoint, {}, ROW_HEADERS | batch.headers, b"")
        row_call = ApiCall(
            request,
            body,
            model,
            row.position + 1,
            self._seed,
            row.faults,
            call.retry_after_s,
            self._cache,
            scope=batch.id,
            stored=self.stored,
        )
        if "row_errored" in row.faults:
            reply = endpoints.vendor.failure("server_error", row_call)
        else:
            reply = endpoints.run(row_call, row.submitted)
        succeeded = 200 <= reply.status < 300
        outcome = LOST if "row_lost" in row.faults else SUCCEEDED if succeeded else ERRORED
        return replace(row, outcome=outcome, status=reply.status, reply=json.loads(reply.body))

    def _settle(self, endpoints: BatchEndpoints, batch: SimulatedBatch, end: str) -> SimulatedBatch:
        """The batch, ended; the rows that nobody reached go the way of the batch."""
        remaining = {FAILED: ERRORED, EXPIRED: EXPIRED, CANCELED: CANCELED, COMPLETED: CANCELED}[end]
        while rest := list(self.database.rows(batch.id, (WAITING,), limit=ROWS_AT_ONCE)):
            self._decide(batch, [replace(row, outcome=remaining) for row in rest])
        batch = replace(batch, end=end, ended_s=self.now_s())
        self.database.save_batch(batch)
        return batch

    def _decide(self, batch: SimulatedBatch, rows: Iterable[SimulatedRow]) -> None:
        decided = list(rows)
        with self.database.change():
            self.database.decide_rows(batch.id, decided)
        self._log.add_rows([logged_row(batch, row) for row in decided])


def _befallen(batch: SimulatedBatch, faults: Iterable[str]) -> SimulatedBatch:
    """The batch with these faults: what befalls the whole of it outweighs what befalls a row."""
    asked = set(faults)
    by_fault = (
        ("batch_failed", FAILED),
        ("batch_expired", EXPIRED),
        ("row_expired", EXPIRED),
        ("row_canceled", CANCELED),
    )
    ending = next((end for name, end in by_fault if name in asked), COMPLETED)
    return replace(
        batch,
        hangs=batch.hangs or "batch_hang" in asked,
        half=batch.half or "batch_expired" in asked,
        ending=ending if batch.ending == COMPLETED else batch.ending,
    )
