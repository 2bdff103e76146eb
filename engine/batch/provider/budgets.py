"""What open jobs are expected to cost, held back from the budgets of all that run until it is in the history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ....providers.errors import StoreError
from ....providers.json_values import dollars, obj
from ...costs.budget.limits import Limit
from ...history.read import reading
from ...history.store import Store, database_path
from ...history.sums.aside import Aside, everything_aside, set_aside
from ...history.sums.aside import settle as settle_history
from ...history.sums.reservations import elsewhere_of
from ...planning.option_names import COMMAND_LINE, OptionNames
from .bills import share_of
from .estimate import Estimate, check_limits
from .job_store import BatchJob, JobStore

if TYPE_CHECKING:
    from ....profiles.config import Config
    from ..listener import Listener


def hold(
    job: BatchJob,
    limits: Sequence[Limit],
    estimates: Mapping[str, Estimate],
    *,
    allow_unpriced: bool,
    names: OptionNames = COMMAND_LINE,
) -> list[str]:
    """Set aside what `job` is expected to cost, if all `limits` allow it at this moment. Notes on them.

    Nobody else can take the same money meanwhile. The job is to begin after that; if it never does, `settle` finds
    out. Raises `BudgetError`, and `StoreError` when the history cannot be used.
    """
    with Store.open(create=True) as history, history.transaction() as connection:
        found = elsewhere_of(history, connection, limits)
        current: list[Limit] = []
        for limit in limits:
            here = found.get(limit.name)
            if here is not None:
                limit = replace(limit, left_usd=here.left_usd - here.reserved_usd, aside_usd=here.aside_usd)
            current.append(limit)
        notes = check_limits(current, estimates, allow_unpriced=allow_unpriced, names=names)
        set_aside(connection, expected_of(job))
    return notes


def settle(store: JobStore, *, for_budgets: bool = False) -> None:
    """Bring what the history knows of jobs in line with the jobs as they stand, whoever was killed in between.

    `for_budgets`: where a budget is about to be checked. The history is made if it is gone while a job is open, and is
    not written to while what is set aside is as it should be. Raises `StoreError`.
    """
    exists = database_path().exists()
    if for_budgets:
        wanted = {one for job in store.jobs() for one in expected_of(job)}
        if wanted == (_there() if exists else set()):
            return
    elif not exists:
        return
    with Store.open(create=for_budgets) as history, history.transaction() as connection:
        # Read within the transaction: a job that changes after that is settled by who changes it, after us.
        jobs = {job.id: job for job in store.jobs()}
        due = [one for job in jobs.values() for one in expected_of(job)]
        settle_history(connection, {name: job.is_owing for name, job in jobs.items()}, due, store.may_exist)


def tidy(store: JobStore, config: Config, listener: Listener) -> None:
    """Forget jobs that have long been over, and have the budgets know how the others stand."""
    try:
        store.tidy(config.history.keep_days)
        settle(store)
    except StoreError as error:
        listener.note(f"what is known of batches and their costs may be out of date: {error.message}")


def settle_open_jobs() -> None:
    """Bring what open jobs set aside up to date, before a budget is looked at. Raises `StoreError`."""
    settle(JobStore(), for_budgets=True)


def _there() -> set[Aside]:
    with Store.open() as history, reading(history) as connection:
        return set(everything_aside(connection))


def expected_of(job: BatchJob) -> Iterator[Aside]:
    """What is expected of the parts of `job` whose cost is to come, each its share of the rows of its profile."""
    for name, written in obj(job.options.get("expected_usd")).items():
        if not (usd := dollars(written)):
            continue
        for part in job.parts:
            if part.profile == name and part.is_owing:
                day = (part.created_at or job.created_at)[:10]
                yield Aside(job.id, part.number, day, name, share_of(job, part, usd))
