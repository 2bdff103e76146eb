"""`thinkdial batch status`: how the batches of one submission are getting on."""

from __future__ import annotations

from datetime import UTC, datetime

from ...common_options import AsJson, ConfigFile, Quiet
from ...exit_codes import ExitCode
from .options import BatchName


def status(batch: BatchName = None, config: ConfigFile = None, json: AsJson = False, quiet: Quiet = False) -> ExitCode:
    """Ask the providers how the batches of one submission are getting on.

    Example:  thinkdial batch status 3f2a91
    """
    from ....engine.batch.provider.job_store import job_document
    from ...formats import json_text
    from ...output import emit, rendered
    from ...views.batch.job_list import job_view
    from .jobs import Interrupted, looked_at, opened_job

    with opened_job(batch, config, quiet=quiet) as (job, manager):
        looked, problem = looked_at(job, manager)
        emit(json_text(job_document(job)) if json else rendered(*job_view(job, datetime.now(UTC))))
    if problem is not None:
        raise problem
    return ExitCode.INTERRUPTED if isinstance(looked, Interrupted) else ExitCode.OK
