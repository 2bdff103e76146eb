"""`thinkdial batch cancel`: the batches of one submission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...common_options import ConfigFile, Quiet
from ...exit_codes import ExitCode
from .options import BatchName

if TYPE_CHECKING:
    from ....engine.batch.provider.job_store import BatchJob


def cancel(batch: BatchName = None, config: ConfigFile = None, quiet: Quiet = False) -> ExitCode:
    """Cancel all batches of one submission. What is done by then is paid for, and can be collected.

    Example:  thinkdial batch cancel 3f2a91
    """
    from ...output import say
    from .jobs import Interrupted, opened_job, until_done

    with opened_job(batch, config, quiet=quiet) as (job, manager):
        if isinstance(until_done([job], manager.cancel([job])), Interrupted):
            return ExitCode.INTERRUPTED
        say(f"batch {job.id}: {_outcome(job)}")
    return ExitCode.OK


def _outcome(job: BatchJob) -> str:
    """What cancelling has come to."""
    if any(part.guessed for part in job.parts):
        return f"not all of it is cancelled; thinkdial batch wait {job.id} finds out what is ours"
    if any(part.stage == "created" for part in job.parts):
        return f"being cancelled; thinkdial batch wait {job.id}, then collect what was done by then"
    if any(part.stage == "ended" for part in job.parts):
        return f"has ended; thinkdial batch collect {job.id} writes what was done by then"
    if any(part.stage == "collected" for part in job.parts):
        return "there is nothing left to cancel: its results have been collected"
    return "cancelled; there is nothing to collect"
