"""`thinkdial batch --via provider`: the rows handed to the providers' own batch APIs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ....engine.batch.provider.submission import Submission, open_submission
from ....providers.errors import UsageError
from ...exit_codes import ExitCode
from ...output import emit, say
from .jobs import Interrupted, code_of_jobs, collected, until_done
from .listener import SpokenLines, progress_of_jobs
from .summary import write_summaries

if TYPE_CHECKING:
    from ....engine.batch.options import BatchOptions
    from ....profiles.config import Config


def submit(
    options: BatchOptions,
    config: Config,
    summaries: Sequence[Path],
    *,
    waits: bool,
    poll_s: float | None,
    quiet: bool,
) -> ExitCode:
    """Submit what is neither done nor under way; with `waits` wait for it and write it. Gives the exit code."""
    if summaries and not waits:
        raise UsageError("--summary is about results, and --via provider only submits", hint="add --wait")
    listener = SpokenLines(quiet)
    with open_submission(
        options,
        config,
        listener,
        on_bad_row=lambda bad: say(bad.problem),
        looked=progress_of_jobs(listener),
        poll_s=poll_s,
    ) as made:
        submitted = until_done(made.jobs, made.submit())
        for job in made.jobs:
            emit(f"{job.id}\n")
        if isinstance(submitted, Interrupted):
            return ExitCode.INTERRUPTED
        code = _waited(made, options, summaries, quiet=quiet) if waits else _told(made)
    if code is ExitCode.OK and (made.planned.bad_rows or made.planned.refused):
        return ExitCode.SOME_FAILED
    return code


def _waited(made: Submission, options: BatchOptions, summaries: Sequence[Path], *, quiet: bool) -> ExitCode:
    """Wait for the results and write them."""
    if isinstance(until_done(made.jobs, made.wait()), Interrupted):
        code = ExitCode.INTERRUPTED
    else:
        code = collected(made.jobs, made.manager, made.memory, planned=made.planned, quiet=quiet)
    if summaries:
        write_summaries(summaries, made.end(), options)
    return code


def _told(made: Submission) -> ExitCode:
    """Say how to go on."""
    for job in made.jobs:
        say(f"thinkdial batch wait {job.id} waits for the results, batch collect {job.id} writes them")
    return code_of_jobs(made.jobs, may_wait=True)
