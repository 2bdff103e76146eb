"""What the commands for batches at providers share: one job that is ours alone, Ctrl-C, and the exit code."""

from __future__ import annotations

from collections.abc import Coroutine, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ....engine.batch.provider.job_store import BatchJob, JobStore
from ....engine.batch.provider.manager import JobManager, held_job, standing_of
from ....providers.errors import ConfigError
from ...exit_codes import ExitCode
from ...output import say
from ...selection import load_config
from .listener import SpokenLines, progress_of_jobs
from .summary import print_summary, results_missing

if TYPE_CHECKING:
    from ....engine.batch.output.output_file import OutputFile
    from ....engine.batch.provider.planning import Planned

T = TypeVar("T")


class Interrupted:
    """Stands for what was not done because somebody pressed Ctrl-C. The batches go on."""


@contextmanager
def opened_job(
    name: str | None, config: Path | None, *, quiet: bool, poll_s: float | None = None
) -> Generator[tuple[BatchJob, JobManager]]:
    """A job that nobody else works on, and what works on it."""
    store, listener = JobStore(), SpokenLines(quiet)
    with held_job(name, store) as job:
        where = config or (Path(job.config) if job.config else None)
        settings = load_config(where, list(job.settings), quiet=quiet)
        manager = JobManager(settings, store, listener, looked=progress_of_jobs(listener), poll_s=poll_s)
        try:
            yield job, manager
        finally:
            manager.tidy()


def until_done(jobs: Sequence[BatchJob], work: Coroutine[Any, Any, T]) -> T | Interrupted:
    """Do `work` on `jobs`, unless somebody presses Ctrl-C."""
    from ....engine.exchange.surroundings import run_loop

    try:
        return run_loop(work)
    except KeyboardInterrupt:
        for job in jobs:
            say(f"batch {job.id} goes on without us; thinkdial batch wait {job.id} goes on from here")
        return Interrupted()


def code_of_jobs(jobs: Sequence[BatchJob], *, may_wait: bool) -> ExitCode:
    """The exit code for how `jobs` stand; what has not ended counts as missing, unless it `may_wait`."""
    standing = standing_of(jobs)
    if standing.failed and not standing.ok and not standing.is_waiting:
        return ExitCode.ALL_FAILED
    return ExitCode.SOME_FAILED if standing.failed or (standing.is_waiting and not may_wait) else ExitCode.OK


def looked_at(job: BatchJob, manager: JobManager) -> tuple[Interrupted | None, ConfigError | None]:
    """Look at all parts. What went wrong is to be told when the rest has been done."""
    try:
        return until_done([job], manager.look([job])), None
    except ConfigError as error:
        return None, error


def collected(
    jobs: Sequence[BatchJob],
    manager: JobManager,
    memory: OutputFile,
    elsewhere: Path | None = None,
    *,
    planned: Planned | None = None,
    quiet: bool,
) -> ExitCode:
    """Collect, sum the whole file up, and say what is missing and how to go on. Gives the exit code."""
    if isinstance(until_done(jobs, manager.collect(jobs, memory, elsewhere=elsewhere)), Interrupted):
        return ExitCode.INTERRUPTED
    end = manager.end(memory, jobs, planned)
    if not quiet and any(part.stage == "collected" for job in jobs for part in job.parts):
        print_summary(end)
    code, missing = code_of_jobs(jobs, may_wait=False), end.ended.missing
    for job in jobs:
        if job.is_open:
            say(f"batch {job.id} has not ended; thinkdial batch wait {job.id}")
    if not missing:
        return code
    is_open = any(job.is_open for job in jobs)
    why = "a batch has not ended" if is_open else "the provider or a setting left them out"
    say(f"{results_missing(missing)}: {why}")
    if not is_open:
        say(f"the same thinkdial batch --via provider with {memory.path} sends them again")
    return ExitCode.SOME_FAILED if code is ExitCode.OK else code
