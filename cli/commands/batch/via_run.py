"""What the commands for providers' batches run in: an event loop, the batch APIs, and one job that is ours alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from ....engine.batch.provider.access import ProviderAccesses, options_of
from ....engine.batch.provider.budgets import settle
from ....engine.batch.provider.client import ApiError
from ....engine.batch.provider.job_store import BatchJob, JobStore
from ....engine.batch.provider.monitor import GONE, Monitor
from ....engine.batch.provider.submitter import Submitter
from ....engine.exchange.surroundings import Surroundings
from ....engine.exchange.transport import Transport
from ....engine.history.record import Recorder
from ....engine.results.assembly import new_id
from ....profiles.config import Config
from ....providers.errors import ConfigError, StoreError
from ...exit_codes import ExitCode
from ...output import say
from ...selection import load_config

LOOK_AGAIN_S = 5.0
"""Between two looks for a batch whose creation was not answered."""

Note = Callable[[str], None]


@dataclass(slots=True)
class Workers:
    """What works on jobs inside one event loop."""

    accesses: dict[str, ProviderAccesses]
    submitters: dict[str, Submitter]
    monitors: dict[str, Monitor]
    poll_s: float | None
    looked: Callable[[BatchJob], None]

    async def wait(self, jobs: Sequence[BatchJob], most_s: float | None) -> None:
        for job in jobs:
            monitor = self.monitors[job.id]
            if not await monitor.wait(job, poll_s=self.poll_s, most_s=most_s, looked=self.looked):
                say(f"batch {job.id} goes on at the provider; thinkdial batch wait {job.id} waits again")
                raise typer.Exit(ExitCode.SOME_FAILED)

    async def look(self, jobs: Sequence[BatchJob]) -> None:
        for job in jobs:
            await self.monitors[job.id].look_at_all(job)

    async def cancel(self, jobs: Sequence[BatchJob]) -> None:
        for job in jobs:
            await self.monitors[job.id].cancel(job)


class Office:
    """Runs work on jobs in an event loop, and turns what goes wrong into words and an exit code."""

    def __init__(self, settings: Config, store: JobStore, note: Note) -> None:
        self.settings, self._store, self.note = settings, store, note
        self._told = ""

    def tidy(self) -> None:
        """Forget jobs that have long been over, and have the budgets know how the others stand."""
        try:
            self._store.tidy(self.settings.history.keep_days)
            settle(self._store)
        except StoreError as error:
            self.note(f"note: what is known of batches and their costs may be out of date: {error.message}")

    def over(
        self, jobs: Sequence[BatchJob], work: Callable[[Workers], Awaitable[None]], *, poll_s: float | None
    ) -> ExitCode | None:
        """Do `work`. None when it was done; a code when it was interrupted. Raises `ConfigError` when it failed."""

        async def run() -> None:
            async with self.made(jobs, poll_s) as made:
                await work(made)

        try:
            asyncio.run(run())
        except KeyboardInterrupt:
            for job in jobs:
                say(f"batch {job.id} goes on without us; thinkdial batch wait {job.id} goes on from here")
            return ExitCode.INTERRUPTED
        except ApiError as error:
            raise ConfigError(error.failure.message, hint=_hint(error, jobs)) from None
        return None

    @asynccontextmanager
    async def made(self, jobs: Sequence[BatchJob], poll_s: float | None) -> AsyncGenerator[Workers]:
        async with Transport() as transport:
            surroundings = Surroundings(transport)
            made = Workers({}, {}, {}, poll_s, self._looked)
            for job in jobs:
                system = job.options.get("system")
                accesses = ProviderAccesses(
                    self.settings, surroundings, options_of(job), job.id, system=None if system is None else str(system)
                )
                pause_s = LOOK_AGAIN_S if poll_s is None else min(poll_s, LOOK_AGAIN_S)
                submitter = Submitter(self._store, accesses, pause_s=pause_s, sleep=surroundings.sleep, note=self.note)
                made.accesses[job.id], made.submitters[job.id] = accesses, submitter
                made.monitors[job.id] = Monitor(
                    accesses, submitter, sleep=surroundings.sleep, clock=surroundings.clock, note=self.note
                )
            yield made

    def _looked(self, job: BatchJob) -> None:
        """Say how a job is getting on, when that has changed."""
        from ...views.batch.job_list import progress_line

        line = progress_line(job)
        if line != self._told:
            self._told = line
            self.note(line)


@contextmanager
def opened_job(name: str | None, config: Path | None, *, quiet: bool) -> Generator[tuple[BatchJob, Office]]:
    """A job that nobody else works on, and what works on it."""
    store = JobStore()
    job = store.find(name)
    with job.locked():
        job = store.find(job.id)  # as it stands when the lock is ours
        where = config or (Path(job.config) if job.config else None)
        settings = load_config(where, list(job.settings), quiet=quiet)
        office = Office(settings, store, noted(quiet=quiet))
        try:
            yield job, office
        finally:
            office.tidy()


@asynccontextmanager
async def books_for(job: BatchJob, settings: Config) -> AsyncGenerator[Recorder | None]:
    """What enters the costs of a job's results into the history, as far as that is kept."""
    from .circumstances import recorder_for, say_unbooked

    asked = str(job.options.get("asked") or f"batch {job.id}")
    system = job.options.get("system")
    books = recorder_for(
        settings,
        new_id(),
        asked,
        None if system is None else str(system),
        keeps_history=job.options.get("keeps_history") is not False,
    )
    if books is None:
        yield None
        return
    began = time.monotonic()
    try:
        yield books
    finally:
        await books.close(time.monotonic() - began)
        say_unbooked(books.problem)
        if any(part.unbooked for part in job.parts):
            say(f"thinkdial batch collect {job.id} enters it when the history can be used")


def noted(*, quiet: bool) -> Note:
    return (lambda _: None) if quiet else say


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
