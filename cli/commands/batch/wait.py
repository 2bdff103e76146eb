"""`thinkdial batch wait`: until the batches of one submission have ended."""

from __future__ import annotations

from typing import Annotated

import typer

from ...common_options import ConfigFile, Quiet
from ...exit_codes import ExitCode
from .options import BatchName, Poll


def wait(
    batch: BatchName = None,
    poll: Poll = None,
    most: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", min=0, help="Give up waiting after so long (exit 1)."),
    ] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
) -> ExitCode:
    """Wait until all batches of one submission have ended; submit before that what a crash left unsubmitted.

    Ctrl-C stops the waiting and not the batches.

    Example:  thinkdial batch wait && thinkdial batch collect
    """
    from ...output import say
    from .jobs import Interrupted, opened_job, until_done

    with opened_job(batch, config, quiet=quiet, poll_s=poll) as (job, manager):
        unended = until_done([job], manager.wait([job], most))
        if isinstance(unended, Interrupted):
            return ExitCode.INTERRUPTED
        if unended is not None:
            say(f"batch {job.id} goes on at the provider; thinkdial batch wait {job.id} waits again")
            return ExitCode.SOME_FAILED
        if any(part.stage == "ended" for part in job.parts):
            say(f"batch {job.id} has ended; thinkdial batch collect {job.id} writes the results")
        dropped = sum(part.stage == "dropped" for part in job.parts)
    if not dropped:
        return ExitCode.OK
    return ExitCode.ALL_FAILED if dropped == len(job.parts) else ExitCode.SOME_FAILED
