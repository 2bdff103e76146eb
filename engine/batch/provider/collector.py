"""The results of ended parts -> lines of output, each row accounted for exactly once."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import to_builtins
from msgspec.structs import replace

from ....profiles.disk import open_private
from ....providers.batches.contract import BatchState, RowOutcome
from ....providers.dialect import failure
from ....providers.errors import ConfigError, Failure, StoreError
from ....providers.fold import Reply
from ....providers.json_values import parse_reply
from ....providers.schema import Notice
from ....providers.untrusted import MOST_NAME, bounded
from ...checks.judgement import judge_apart
from ...costs.prices.pricing import price_of
from ...exchange.call_facts import Latency
from ...exchange.files.client import ApiError
from ...exchange.outcome import Outcome
from ...exchange.raw_response import RawResponse, reply_of
from ...exchange.secrets import NOTHING_SECRET, Secrets
from ...history.record import Recorder
from ...planning.twins import standing_for
from ...results.assembly import result_of
from ...results.charge import may_have_cost
from ...results.result import Result
from ...targets.target import Target, use_of
from ..output.document import output_document
from ..output.output_file import OutputFile
from .access import ProviderAccess, ProviderAccesses
from .bills import part_bill
from .job_store import BatchJob, BatchPart
from .row_file import KeptRow, RowIndex, sent_digest
from .together import at_each_provider, raise_one

DOWNLOADS = 3
"""How often a download that breaks off is begun again."""

AGAIN = "the same command with --retry-failed sends it again"


BOOKED_AT_ONCE = 1000
"""So many results are held in memory at the most while the history takes them down."""


@dataclass(slots=True)
class Collected:
    """What was collected: results that were written, those that were there before, and lines that nobody asked for."""

    written: int = 0
    skipped: int = 0
    strange: int = 0

    def add(self, other: Collected) -> None:
        self.written += other.written
        self.skipped += other.skipped
        self.strange += other.strange


class Collector:
    """Writes the results of a job to its output."""

    def __init__(
        self,
        accesses: ProviderAccesses,
        output: OutputFile,
        encode: Callable[[dict[str, Any]], bytes],
        *,
        note: Callable[[str], None],
        books: Recorder | None = None,
    ) -> None:
        """`books` take down what each result that is in the output has cost, once in the life of a job."""
        self._accesses, self._output, self._encode, self._note = accesses, output, encode, note
        self._books = books
        self.done = Collected()

    async def collect(self, job: BatchJob, *, elsewhere: Path | None = None) -> None:
        """Collect every part that has ended and is not collected and booked yet; `done` tells what came of it.

        Where the output is not the file that the job names but `elsewhere`, what has been collected is collected
        again. Raises `ApiError` when all that can be collected has been, and `SinkError`.
        """
        wanted = ("ended",) if elsewhere is None else ("ended", "collected")
        ended = [part for part in job.parts if part.stage in wanted or part.unbooked]
        raise_one(await at_each_provider(ended, lambda part: self._collect(job, part, elsewhere)), self._note)

    async def _collect(self, job: BatchJob, part: BatchPart, elsewhere: Path | None) -> None:
        access = self._accesses.for_job(job, part.profile)
        state = await self._state(access, part)
        with ExitStack() as stack:
            index = RowIndex(job, part)
            stack.callback(index.close)
            journal = stack.enter_context(_journal(job, part))
            page = _Page(self, job, part, access, index, journal)
            try:
                await self._download(access, state, page)
                missing = [token for token in index if token not in page.answered]
                for token in missing:
                    await page.take(token, _missing(state, len(missing)))
            finally:
                self._output.sync()
                self.done.add(page.done)
                await self.booked()
        part.ok, part.failed, part.stage = page.ok, page.failed, "collected"
        part.bill = to_builtins(part_bill(job, part, page.usd, page.calls, page.unpriced))
        part.written_to = None if elsewhere is None else str(elsewhere)
        part.unbooked = page.has_cost and self._books is not None and self._books.problem is not None
        job.save(part)
        if page.done.strange:
            self._note(f"{part.batch_id}: {page.done.strange} lines of the results belong to no row of ours")

    async def _state(self, access: ProviderAccess, part: BatchPart) -> BatchState:
        """Raises `ApiError` where the results are counted and not named (yet)."""
        answer = await access.client.ask(access.api.look(part.batch_id or ""))
        state = access.api.read(answer.document)
        if _has_results(state) and not access.api.results(state):
            words = f"{part.batch_id} has {state.counts.succeeded:,} results, and the provider names no file of them"
            raise ApiError(failure("protocol", words, hint="collect again later"), may_have_worked=False)
        return state

    async def _download(self, access: ProviderAccess, state: BatchState, page: _Page) -> None:
        if state.status == "failed" and not state.results and not _has_results(state):
            return
        for attempt in range(1, DOWNLOADS + 1):
            try:
                async with aclosing(_outcomes(access, state, page.done)) as outcomes:
                    async for outcome in outcomes:
                        await page.take_outcome(outcome)
                        if len(page.answered) % BOOKED_AT_ONCE == 0:
                            await self.booked()
                return
            except ApiError as error:
                if attempt == DOWNLOADS or not await access.client.rest(error.failure, attempt):
                    raise
                self._note(f"the download broke off: {error.failure.message}; it begins again")

    async def write(self, job: BatchJob, kept: KeptRow, result: Result) -> None:
        passed, note = await judge_apart(kept.row.expect, result)
        result = replace(result, passed=passed, expect_note=note)
        document = output_document(result, kept.row, kept.work, job.batch)
        self._output.add(kept.work, self._encode(document), failed=result.status != "ok")

    def book(self, job: BatchJob, token: bytes, result: Result) -> None:
        """Have the cost of a result in the sums, unless it is. To be followed by `booked`."""
        if self._books is not None:
            self._books.booked(job.id, token, result)

    async def booked(self) -> None:
        """Wait until all that was booked is in the history, or never will be."""
        if self._books is not None:
            await self._books.stored()

    def has(self, kept: KeptRow, token: bytes, before: set[bytes]) -> bool:
        """Whether the result of this row is in the output: a good one, or one that an earlier collection wrote."""
        state = self._output.state(kept.work)
        return state == "done" or (token in before and state != "missing")


class _Page:
    """The rows of one part while its results come in."""

    def __init__(
        self,
        collector: Collector,
        job: BatchJob,
        part: BatchPart,
        access: ProviderAccess,
        index: RowIndex,
        journal: BinaryIO,
    ) -> None:
        self._collector, self._job, self._part = collector, job, part
        self._access, self._index, self._journal = access, index, journal
        self._before = job.works(part, "written")
        self._at = datetime.fromisoformat(part.created_at or job.created_at)
        self.answered: set[bytes] = set()
        self.done = Collected()
        self.ok = self.failed = 0
        self.has_cost = False
        self.usd, self.calls, self.unpriced = Decimal(0), 0, 0
        """What all of them have cost, as far as it is known, and how many have an unknown cost."""

    async def take_outcome(self, outcome: RowOutcome) -> None:
        try:
            token = bytes.fromhex(outcome.custom_id)
        except ValueError:
            token = b""
        if token not in self._index:
            self.done.strange += 1
        elif token not in self.answered:
            await self.take(token, outcome)

    async def take(self, token: bytes, outcome: RowOutcome | Failure) -> None:
        """Write the result of one row, unless that has been done."""
        self.answered.add(token)
        kept = self._index.get(token)
        result = self._result(kept, outcome)
        self.ok += result.status == "ok"
        self.failed += result.status != "ok"
        if may_have_cost(result):
            self.calls += 1
            self.usd += result.cost.usd or Decimal(0)
            self.unpriced += result.cost.usd is None
        if self._collector.has(kept, token, self._before):
            self.done.skipped += 1
        else:
            await self._collector.write(self._job, kept, result)
            self._note_written(token)
            self.done.written += 1
        # What was there before, from a live run or before a kill, has been billed for this batch all the same.
        if self._part.is_owing and may_have_cost(result):
            self.has_cost = True
            self._collector.book(self._job, token, result)

    def _note_written(self, token: bytes) -> None:
        try:
            self._journal.write(token)
        except OSError as error:
            path = self._job.path(self._part, "written")
            raise StoreError(f"{path}: cannot be written: {error.strerror}") from None

    def _result(self, kept: KeptRow, outcome: RowOutcome | Failure) -> Result:
        run_id = self._job.id
        try:
            twins = [self._access.prepared(kept.row, twin) for twin in kept.twins]
            prepared = standing_for(self._access.prepared(kept.row, kept.think), twins)
            if kept.aim is not None:
                prepared = replace(prepared, plan=prepared.plan.for_dose(kept.aim))
            sent = self._access.line(kept.work.token, prepared)
        except ConfigError as error:
            return self._access.caller.refused(kept.think, error, kept.work.repeat)
        notices: tuple[Notice, ...] = ()
        if sent_digest(sent) != kept.sent:
            words = "what was sent was decided by another version of this model's card; think.native may differ from it"
            notices = (Notice("batch_request", words),)
        reply, tried, request_id = self._reply(outcome, emulated=prepared.emulated)
        made = Outcome(prepared, reply, Latency(), tried, request_id, notices)
        result = result_of(made, price_of(reply, prepared.target, self._at), run_id=run_id, at=self._at)
        return replace(result, repeat=kept.work.repeat)

    def _reply(self, outcome: RowOutcome | Failure, *, emulated: bool) -> tuple[Reply, int, str | None]:
        """What came, how often the model was asked, and the provider's name for the request."""
        if isinstance(outcome, Failure):
            # A row that is in no result may have been run.
            return Reply(failure=outcome), int(outcome.kind == "protocol"), None
        if outcome.kind != "response":
            return Reply(failure=_not_run(outcome.kind)), 0, None
        secrets = self._access.client.secrets(self._access.target.profile.headers.items())
        reply = reply_in_row(outcome, self._access.target, emulated=emulated, secrets=secrets)
        return reply, 1, None if outcome.request_id is None else bounded(outcome.request_id, MOST_NAME)


def reply_in_row(
    outcome: RowOutcome, target: Target, *, emulated: bool, secrets: Secrets = NOTHING_SECRET
) -> Reply:  # fmt: skip
    """What the response in a row of results says, without `secrets`."""
    quirks, speech = target.use.quirks, outcome.speech or target.dialect
    if speech != target.dialect:
        quirks = use_of(target.provider, target.card, speech).quirks
    raw = RawResponse(outcome.status, "application/json", False, outcome.body)
    reply = reply_of(raw, speech, quirks, emulated, secrets=secrets)
    failed = reply.failure
    if failed is not None and not outcome.told:
        reply = replace(reply, failure=replace(failed, status=None))
    return replace(reply, service_tier="batch")


def _missing(state: BatchState, rows: int) -> Failure:
    """Why a row, one of so many, is in no result of a batch that ended like this."""
    match state.status:
        case "ended" if rows <= (state.counts.cancelled or 0):
            return _not_run("cancelled")
        case "expired":
            return _not_run("expired")
        case "cancelled":
            return _not_run("cancelled")
        case "failed":
            return state.error or failure("server", "the provider gave the batch up and says nothing more", hint=AGAIN)
        case _:
            words = "the batch has ended and none of its results is this row's: it may have been run and billed"
            return failure("protocol", words, hint=AGAIN)


def _not_run(kind: str) -> Failure:
    if kind == "expired":
        words = "the batch expired before the provider came to this row; nothing was run or billed"
        return failure("timeout", words, hint=AGAIN)
    return failure("cancelled", "the batch was cancelled before the provider came to this row")


def _has_results(state: BatchState) -> bool:
    return bool(state.counts.succeeded)


async def _outcomes(access: ProviderAccess, state: BatchState, done: Collected) -> AsyncGenerator[RowOutcome]:
    """What the results of a batch say, row by row, as it comes."""
    for first in access.api.results(state):
        if not access.api.IN_LINES:
            request = first
            while request is not None:
                answer = await access.client.ask(request)
                page = access.api.read_results(answer.document, state.id)
                for outcome in page.rows:
                    yield outcome
                request = page.following
            continue
        async with aclosing(access.client.lines(first)) as lines:
            async for line in lines:
                try:
                    document = parse_reply(line)
                except ValueError:
                    done.strange += 1
                    continue
                for outcome in access.api.read_results(document, state.id).rows:
                    yield outcome


def _journal(job: BatchJob, part: BatchPart) -> BinaryIO:
    """A file that remembers which results have been written; unbuffered."""
    path = job.path(part, "written")
    try:
        descriptor = open_private(path, os.O_WRONLY | os.O_APPEND)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from None
    return os.fdopen(descriptor, "wb", buffering=0)
