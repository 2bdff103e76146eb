"""What can be done with jobs: submitted, waited for, looked at, cancelled and collected."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ....providers.errors import ConfigError
from ...exchange.files.client import ApiError
from ...exchange.surroundings import Surroundings
from ...exchange.transport import Transport
from ...results.assembly import new_id
from ..books import recorder_for, tell_unbooked
from ..end import BatchEnd, Ended, tally_of
from ..output.target import document_encoder
from ..output.works import KEY_BYTES, WorkStates, ended, work_of
from .access import ProviderAccesses, options_of
from .bills import set_aside, tell_bills
from .budgets import tidy
from .collector import Collector
from .job_store import UNSUBMITTED, BatchJob, JobStore
from .monitor import GONE, Monitor
from .submitter import Submitter

if TYPE_CHECKING:
    from ....profiles.config import Config
    from ...history.record import Recorder
    from ..listener import Listener
    from ..output.output_file import OutputFile
    from .planning import Planned

LOOK_AGAIN_S = 5.0
"""Between two looks for a batch whose creation was not answered."""


class JobsStanding(Struct, frozen=True):
    """How jobs stand: rows with and without an answer, and whether some have not ended."""

    ok: int
    failed: int
    is_waiting: bool


def standing_of(jobs: Sequence[BatchJob]) -> JobsStanding:
    parts = [part for job in jobs for part in job.parts]
    dropped = sum(part.rows for part in parts if part.stage == "dropped")
    return JobsStanding(
        ok=sum(part.ok for part in parts),
        failed=sum(part.failed for part in parts) + dropped,
        is_waiting=any(part.is_open for part in parts),
    )


@contextmanager
def held_job(name: str | None, store: JobStore) -> Generator[BatchJob]:
    """The job that `name` begins the id of (`JobStore.find`), while nobody else works on it."""
    job = store.find(name)
    with job.locked():
        yield store.find(job.id)  # as it stands when the lock is ours


class _Tools(Struct, frozen=True):
    """What works on one job, over one transport."""

    accesses: ProviderAccesses
    submitter: Submitter
    monitor: Monitor


class JobManager:
    """Works on jobs that are held. What goes wrong at a provider is a `ConfigError` that says how to go on.

    `looked` hears of a job each time its providers have been asked. Without `poll_s` the looks become ever rarer.
    """

    def __init__(
        self,
        config: Config,
        store: JobStore,
        listener: Listener,
        *,
        looked: Callable[[BatchJob], None] = lambda _: None,
        poll_s: float | None = None,
    ) -> None:
        self._config, self._store, self._listener = config, store, listener
        self._looked, self._poll_s = looked, poll_s

    def tidy(self) -> None:
        """Forget jobs that have long been over, and have the budgets know how the others stand."""
        tidy(self._store, self._config, self._listener)

    async def set_aside(self, jobs: Sequence[BatchJob]) -> None:
        """Have limiters set aside what is still to be submitted. Raises `BudgetError` and `ConfigError`."""
        for job in jobs:
            if any(part.stage in UNSUBMITTED for part in job.parts):
                await set_aside(job, self._listener)

    async def submit(self, jobs: Sequence[BatchJob]) -> None:
        """Submit what has not been submitted, and is set aside."""
        async with self._tools(jobs) as made:
            for job in jobs:
                await made[job.id].submitter.submit(job)
                await self._tell_dropped(job)

    async def wait(self, jobs: Sequence[BatchJob], most_s: float | None = None) -> BatchJob | None:
        """Wait until all have ended; submit before that what was not. The job for which `most_s` were too few."""
        await self.set_aside(jobs)
        async with self._tools(jobs) as made:
            for job in jobs:
                monitor = made[job.id].monitor
                if not await monitor.wait(job, poll_s=self._poll_s, most_s=most_s, looked=self._looked):
                    return job
        return None

    async def look(self, jobs: Sequence[BatchJob]) -> None:
        """Ask once how all are getting on."""
        async with self._tools(jobs) as made:
            for job in jobs:
                await made[job.id].monitor.look_at_all(job)

    async def cancel(self, jobs: Sequence[BatchJob]) -> None:
        """Cancel what can be cancelled. What is done by then is kept, and is paid for."""
        async with self._tools(jobs) as made:
            for job in jobs:
                await made[job.id].monitor.cancel(job)
                await self._tell_dropped(job)

    async def collect(self, jobs: Sequence[BatchJob], memory: OutputFile, *, elsewhere: Path | None = None) -> None:
        """Write all results that there are, and leave `memory` in order.

        `elsewhere` is a file other than submitting named: what has been written to that is written again.
        """
        async with self._tools(jobs) as made:
            for job in jobs:
                if job.is_owing or elsewhere is not None:
                    await self._collect(job, made[job.id].accesses, memory, elsewhere)
                else:
                    self._listener.info(f"batch {job.id} was collected before: there is nothing new")
                await tell_bills(job, self._listener)
        memory.tidy()
        for words in memory.notes:
            self._listener.info(words, important=True)
        memory.notes.clear()

    def end(self, memory: OutputFile, jobs: Sequence[BatchJob], planned: Planned | None = None) -> BatchEnd:
        """What is in a file of results by now, held against what `jobs`, and the rows that `planned` has read, ask."""
        standing = WorkStates()

        def documents() -> Iterator[Mapping[str, Any]]:
            for document in memory.documents():
                key, asked = work_of(document)
                standing.learn(key, *ended(asked, document))
                yield document

        tally = tally_of(documents(), self._config.reference)
        works = set[bytes]().union(*(job.works(part) for job in jobs for part in job.parts))
        if planned is not None:  # and not those of rows as they were once
            works = {one for one in works if planned.asked.get(one[:KEY_BYTES]) is not None}
        missing = sum(not standing.stands(one[:KEY_BYTES], one[KEY_BYTES:]) for one in works)
        if planned is None:
            told = Ended(0, 0, tally, finished=False)
            told.reckon(len(works), missing)
        else:
            told = Ended(planned.rows, planned.bad_rows, tally, finished=False)
            told.reckon(len(planned.asked), missing + planned.passing)
        return BatchEnd(told, tally)

    async def _tell_dropped(self, job: BatchJob) -> None:
        """Nothing will be billed for what no provider has taken."""
        if any(part.stage == "dropped" for part in job.parts):
            await tell_bills(job, self._listener)

    async def _collect(
        self, job: BatchJob, accesses: ProviderAccesses, memory: OutputFile, elsewhere: Path | None
    ) -> None:
        info = self._listener.info
        async with self._books(job) as books:
            collector = Collector(
                accesses, memory, document_encoder(memory.form, columns=memory.columns), note=info, books=books
            )
            try:
                await collector.collect(job, elsewhere=elsewhere)
            finally:
                done = collector.done
                if done.written or done.skipped:
                    known = f", {done.skipped:,} were there before" if done.skipped else ""
                    info(f"batch {job.id}: {done.written:,} results written to {memory.path}{known}")

    @asynccontextmanager
    async def _books(self, job: BatchJob) -> AsyncGenerator[Recorder | None]:
        """What enters the costs of a job's results into the history, as far as that is kept."""
        given, system = job.options, job.options.get("system")
        books = recorder_for(
            self._config,
            new_id(),
            str(given.get("asked") or f"batch {job.id}"),
            None if system is None else str(system),
            keeps_history=given.get("keeps_history") is not False,
        )
        if books is None:
            yield None
            return
        began = time.monotonic()
        try:
            yield books
        finally:
            await books.close(time.monotonic() - began)
            tell_unbooked(books.problem, self._listener)
            if any(part.unbooked for part in job.parts):
                words = f"thinkdial batch collect {job.id} enters it when the history can be used"
                self._listener.info(words, important=True)

    @asynccontextmanager
    async def _tools(self, jobs: Sequence[BatchJob]) -> AsyncGenerator[dict[str, _Tools]]:
        async with Transport() as transport:
            surroundings = Surroundings(transport)
            try:
                yield {job.id: self._tools_for(job, surroundings) for job in jobs}
            except ApiError as error:
                raise ConfigError(error.failure.message, hint=_hint(error, jobs)) from None

    def _tools_for(self, job: BatchJob, surroundings: Surroundings) -> _Tools:
        system, info = job.options.get("system"), self._listener.info
        accesses = ProviderAccesses(
            self._config, surroundings, options_of(job), job.id, system=None if system is None else str(system)
        )
        pause_s = LOOK_AGAIN_S if self._poll_s is None else min(self._poll_s, LOOK_AGAIN_S)
        submitter = Submitter(self._store, accesses, pause_s=pause_s, sleep=surroundings.sleep, note=info)
        monitor = Monitor(accesses, submitter, sleep=surroundings.sleep, clock=surroundings.clock, note=info)
        return _Tools(accesses, submitter, monitor)


def _hint(error: ApiError, jobs: Sequence[BatchJob]) -> str | None:
    """What to do about the error, and that nothing is lost by it."""
    on = [f"thinkdial batch wait {job.id} goes on from here" for job in jobs if job.is_open]
    if error.failure.status in GONE:
        on = [
            f"if the provider does not have it any more, thinkdial batch cancel {job.id} gives it up"
            for job in jobs
            if job.is_open
        ]
    return "; ".join(words for words in (error.failure.hint, *on) if words) or None
