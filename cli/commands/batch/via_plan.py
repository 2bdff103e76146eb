"""Before anything is handed to a provider: which rows, in which parts of a job, and whether they can be afforded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ....engine.batch.output.csv_lines import csv_line
from ....engine.batch.output.document import json_line, output_document
from ....engine.batch.output.output_file import OutputFile, Work
from ....engine.batch.provider.access import ProviderAccess, ProviderAccesses, settings_of
from ....engine.batch.provider.budgets import hold
from ....engine.batch.provider.estimate import check_limits, expected_usd
from ....engine.batch.provider.job_store import BatchJob
from ....engine.batch.provider.planning import Planned, Planner
from ....engine.exchange.surroundings import Surroundings
from ....engine.exchange.transport import Transport
from ....engine.runs.jobs import Options
from ....engine.targets.target import select
from ....providers.errors import BudgetError, StoreError, UsageError
from ...output import say
from ...selection import sweep_values
from .via_run import Office

if TYPE_CHECKING:
    from ....engine.batch.rows.rows import BadRow, Row
    from ....engine.costs.budget.limits import Limit
    from ....engine.results.result import Result
    from .run import BatchWishes


class Clerk:
    """Decides which works are still to be done, and writes what cannot be sent."""

    def __init__(self, wishes: BatchWishes, memory: OutputFile, batch_id: str, jobs: Sequence[BatchJob]) -> None:
        self._retry_failed, self._memory, self._batch_id = wishes.retry_failed, memory, batch_id
        self._open = set[bytes]().union(*(job.works(part) for job in jobs for part in job.parts if part.is_open))

    def wants(self, work: Work) -> bool:
        state = self._memory.state(work)
        if state == "done" or (state == "failed" and not self._retry_failed):
            return False
        return bytes.fromhex(work.token) not in self._open

    def bad_row(self, bad: BadRow) -> None:
        say(bad.problem)

    def refused(self, row: Row, work: Work, result: Result) -> None:
        document = output_document(result, row, work, self._batch_id, None, None)
        self._memory.add(work, encoder_for(self._memory)(document), failed=True)


def planned_job(
    job: BatchJob, run: Office, wishes: BatchWishes, names: Sequence[str], rows: Iterator[Row | BadRow], clerk: Clerk
) -> tuple[Planned, Mapping[str, ProviderAccess]]:
    """Plan the job. Raises `BudgetError` where its rows are dearer than what is left of a limit."""
    from ....engine.api import settle_open_jobs
    from ....engine.costs.budget.limits import Limits, today
    from ....engine.runs.money import found_limits
    from ....engine.runs.run import kept_of
    from ..run.ready import dollars_of

    asked = Options(
        sweep=sweep_values(wishes.think),
        max_output_tokens=wishes.max_output_tokens,
        no_stream=True,
        emulate=wishes.emulate,
    )
    used: dict[str, ProviderAccess] = {}
    max_cost = dollars_of(wishes.max_cost_usd)
    is_limited = max_cost is not None or run.settings.budget.limits_anything
    is_booked = kept_of(run.settings, no_history=not wishes.keeps_history) is not None
    # Nothing is sent while planning, so nothing needs to be open.
    accesses = ProviderAccesses(run.settings, Surroundings(Transport()), asked, job.id, system=wishes.system)

    def access_for(name: str) -> ProviderAccess:
        chosen = select([name], run.settings)
        if len(chosen) != 1:
            raise UsageError(f"{name!r} is a group; a row names profiles")
        access = accesses.for_selection(chosen[0])
        used[access.caller.name] = access
        return access

    planned = Planner(job, access_for, names, clerk, estimates=is_limited or is_booked).plan(rows)
    job.settings = {name: settings_of(access.target) for name, access in used.items()}
    if planned.works:
        profiles = list(planned.estimates)
        found = (
            found_limits(run.settings, max_cost, profiles, today(), settle=settle_open_jobs) if is_limited else Limits()
        )
        if is_booked:
            job.options = {**job.options, "expected_usd": expected_usd(planned.estimates)}
            checked = _held_back(job, found.limits, planned, allow_unpriced=wishes.allow_unpriced)
        else:
            checked = check_limits(found.limits, planned.estimates, allow_unpriced=wishes.allow_unpriced)
        for words in (*found.notes, *checked):
            run.note(f"note: {words}")
    return planned, used


def _held_back(job: BatchJob, limits: Sequence[Limit], planned: Planned, *, allow_unpriced: bool) -> list[str]:
    """Check the limits and set the expected cost aside. Raises `BudgetError`, also where a limit cannot be checked."""
    try:
        return hold(job, limits, planned.estimates, allow_unpriced=allow_unpriced)
    except StoreError as error:
        if any(limit.is_enforced and limit.since is not None for limit in limits):
            raise BudgetError(f"the budget cannot be checked: {error.message}", hint=error.hint) from None
        checked = check_limits(limits, planned.estimates, allow_unpriced=allow_unpriced)
        return [*checked, f"its expected cost is not set aside from budgets: {error.message}"]


def encoder_for(memory: OutputFile) -> Callable[[dict[str, Any]], bytes]:
    """What makes a line of a document."""
    return csv_line if memory.form == "csv" else json_line
