"""`thinkdial batch list`: what was submitted to providers from this machine."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ...common_options import AsJson
from ...exit_codes import ExitCode

if TYPE_CHECKING:
    from ....engine.batch.provider.job_store import JobStore


def list_(
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, help="At most so many.")] = 20,
    json: AsJson = False,
) -> ExitCode:
    """List what was submitted with --via provider from this machine, newest first, as it was when last looked at.

    Example:  thinkdial batch list
    """
    from ....engine.batch.provider.job_store import JobStore, job_document
    from ...formats import json_text
    from ...output import emit, listed, say
    from ...views.batch.job_list import jobs_view

    store = JobStore()
    _tidy(store)
    jobs = store.jobs()[:limit]
    if json:
        emit(json_text({"schema": "thinkdial.batch-jobs/1", "jobs": [job_document(job) for job in jobs]}))
    elif jobs:
        emit(listed(lambda _: jobs_view(jobs, datetime.now(UTC))))
    else:
        say("no batch was submitted from this machine: thinkdial batch FILE -p NAME --via provider -o FILE")
    return ExitCode.OK


def _tidy(store: JobStore) -> None:
    """Forget jobs that have long been over, unless the configuration cannot be read: it may say for how long."""
    from ....engine.batch.provider.budgets import tidy
    from ....profiles.config import load
    from ....providers.errors import ConfigError
    from .listener import SpokenLines

    with suppress(ConfigError):
        tidy(store, load(None), SpokenLines(quiet=False))
