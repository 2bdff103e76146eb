"""Batches at the providers: all jobs in a list, one of them in detail, and one line while waiting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from ....engine.batch.provider.job_store import BatchJob, BatchPart
from ....providers.untrusted import one_line
from ..grid import Column, cells
from ..line import BAD, CAUTION, GOOD, QUIET
from ..name_list import NameList
from ..numbers import UNKNOWN

_STAGES = {
    "planned": ("unsent", CAUTION),
    "uploaded": ("unsent", CAUTION),
    "creating": ("unanswered", CAUTION),
    "collected": ("collected", GOOD),
    "dropped": ("not taken", BAD),
}
_STATUSES = {"ended": GOOD, "failed": BAD, "expired": CAUTION, "cancelled": CAUTION, "cancelling": CAUTION}
_WORDS = 300


def jobs_view(jobs: Sequence[BatchJob], now: datetime) -> NameList:
    """One line for each batch, below the id of its job."""
    return _table([(job, part) for job in jobs for part in job.parts], now)


def job_view(job: BatchJob, now: datetime) -> list[RenderableType]:
    """The batches of one job, and below them what the providers call them and what they say."""
    table = _table([(job, part) for part in job.parts], now)
    shown: list[RenderableType] = [table, Text(f"\nresults go to {one_line(job.output)}", QUIET)]
    for part in job.parts:
        words = Text(f"{part.number:>3}  ", QUIET)
        words.append(one_line(part.batch_id or "no batch yet", 80))
        if part.guessed:
            words.append(" (perhaps: found by its time and size)", CAUTION)
        if part.written_to:
            words.append(f", written to {one_line(part.written_to)}")
        if part.problem:
            words.append(f"\n     {one_line(str(part.problem.get('message')), _WORDS)}", BAD)
        shown.append(words)
    return shown


def progress_line(job: BatchJob) -> str:
    """How a job is getting on, in one line."""
    return f"batch {job.id}: " + " · ".join(
        f"{one_line(part.profile, 24)} {_state(part).plain} {_done(part)}" for part in job.parts
    )


def _table(parts: Sequence[tuple[BatchJob, BatchPart]], now: datetime) -> NameList:
    return NameList(
        (
            Column("profile", "left", cells([one_line(part.profile) for _, part in parts])),
            Column("provider", "left", cells([one_line(part.provider) for _, part in parts])),
            Column("state", "left", [_state(part) for _, part in parts]),
            Column("rows", "right", cells([_done(part) for _, part in parts])),
            Column("age", "right", cells([_age(job, part, now) for job, part in parts])),
            Column("expires", "right", cells([_expires(part, now) for _, part in parts])),
        ),
        names=2,
        groups=[job.id for job, _ in parts],
        group_head="id",
        labelled=frozenset({"age", "expires"}),
    )


def _age(job: BatchJob, part: BatchPart, now: datetime) -> str:
    return _span((now - datetime.fromisoformat(part.created_at or job.created_at)).total_seconds())


def _state(part: BatchPart) -> Text:
    if part.stage in _STAGES:
        return Text(*_STAGES[part.stage])
    status = part.status or "running"
    return Text(one_line(status), _STATUSES.get(status, ""))


def _done(part: BatchPart) -> str:
    """`1,200/5,000`, with failures as `-3`: as written, else as the provider counts."""
    if part.stage == "collected":
        done, failed = part.ok, part.failed
    else:
        done, failed = part.counts.get("succeeded"), part.counts.get("failed")
    shown = UNKNOWN if done is None else f"{done:,}"
    return f"{shown}/{part.rows:,}" + (f" -{failed:,}" if failed else "")


def _expires(part: BatchPart, now: datetime) -> str:
    if part.stage != "created" or part.expires_at is None:
        return UNKNOWN
    left_s = (datetime.fromisoformat(part.expires_at) - now).total_seconds()
    return f"in {_span(left_s)}" if left_s > 0 else "overdue"


def _span(seconds: float) -> str:
    """`12s`, `4m`, `3h`, `2d`."""
    whole = max(0, int(seconds))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}s"
