"""Rows handed to the providers' own batch APIs: planned as a job, checked against the budgets, then submitted."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ....profiles.disk import real_path
from ....profiles.shapes.shape import shape_document
from ....providers.errors import BudgetError, ConfigError, StoreError, UsageError
from ...exchange.surroundings import Surroundings
from ...exchange.transport import Transport
from ...runs.jobs import Options
from ...runs.run import kept_of
from ..budget import batch_limits, is_limited
from ..caller import selection_of_row
from ..listener import Listener, NoListener
from ..output.document import output_document
from ..output.output_file import OutputFile
from ..output.target import document_encoder, output_form
from ..output.works import Work
from ..run import open_input, opened_memory
from .access import ProviderAccess, ProviderAccesses, settings_of
from .budgets import hold
from .estimate import Estimate, check_limits, expected_usd
from .job_store import BatchJob, JobStore
from .manager import JobManager
from .planning import Planned, Planner

if TYPE_CHECKING:
    from ....profiles.config import Config
    from ...costs.budget.limits import Limit
    from ...results.result import Result
    from ...tools.toolset import ToolsWish
    from ..end import BatchEnd
    from ..options import BatchOptions
    from ..rows.rows import BadRow, Row


class Submission(Struct, frozen=True):
    """Jobs for one output that are ours alone: those that were open before, and the new one if there is work for it."""

    jobs: tuple[BatchJob, ...]
    planned: Planned
    memory: OutputFile
    manager: JobManager

    async def submit(self) -> None:
        """Hand to the providers what they do not have yet.

        Raises `BudgetError` and `ConfigError` where a limiter does not agree: then the new job is forgotten.
        """
        try:
            await self.manager.set_aside(self.jobs)
        except (BudgetError, ConfigError):
            if self.planned.works:
                self.jobs[-1].discard()
            raise
        await self.manager.submit(self.jobs)

    async def wait(self) -> None:
        """Wait until all of it has ended."""
        await self.manager.wait(self.jobs)

    async def collect(self) -> None:
        """Write what has come."""
        await self.manager.collect(self.jobs, self.memory)

    def end(self) -> BatchEnd:
        """What the output holds by now."""
        return self.manager.end(self.memory, self.jobs, self.planned)


@contextmanager
def open_submission(
    options: BatchOptions,
    config: Config,
    listener: Listener | None = None,
    *,
    on_bad_row: Callable[[BadRow], None] = lambda _: None,
    looked: Callable[[BatchJob], None] = lambda _: None,
    poll_s: float | None = None,
) -> Generator[Submission]:
    """Plan a job of the rows that are neither done in the output nor part of an open job for it. Nothing is sent.

    Raises `UsageError`, `ConfigError`, and `BudgetError` where the rows are dearer than what is left of a limit.
    """
    _refuse_what_providers_decide(options)
    if options.output is None:
        raise UsageError("--via provider needs -o FILE: the results come hours later, by another command")
    listener, store, output = listener or NoListener(), JobStore(), real_path(options.output)
    form = output_form(options.output_form, options.output)
    with open_input(options, config) as given, ExitStack() as stack:
        memory = stack.enter_context(opened_memory(options.output, form, given, listener, options, config))
        manager = JobManager(config, store, listener, looked=looked, poll_s=poll_s)
        stack.callback(manager.tidy)
        jobs = store.open_for(output, memory.batch)
        for job in jobs:
            stack.enter_context(job.locked())
            if job.output != str(output):
                listener.info(f"batch {job.id} was for {job.output}, which is gone: its results go to {output}")
                job.move(output)
            listener.info(f"batch {job.id} is open for {output.name}: its rows are not submitted again")
        new = _new_job(store, options, str(output), form, memory.batch)
        stack.enter_context(new.locked())
        planning = _Planning(options, config, memory, jobs, new, listener, on_bad_row)
        try:
            planned = planning.plan(given.rows, given.names)
        except BaseException:
            new.discard()
            raise
        if planned.works:
            new.begin()
            jobs.append(new)
            planning.announce(planned)
        else:
            new.discard()
            listener.info("there is nothing to submit")
        yield Submission(tuple(jobs), planned, memory, manager)


class _Planning:
    """What is found out of the rows before a job begins."""

    def __init__(
        self,
        options: BatchOptions,
        config: Config,
        memory: OutputFile,
        jobs: Sequence[BatchJob],
        new: BatchJob,
        listener: Listener,
        on_bad_row: Callable[[BadRow], None],
    ) -> None:
        self._options, self._config, self._memory, self._job = options, config, memory, new
        self._listener, self._on_bad_row = listener, on_bad_row
        self._encode = document_encoder(memory.form, columns=memory.columns)
        self._open = set[bytes]().union(*(job.works(part) for job in jobs for part in job.parts if part.is_open))
        self._used: dict[str, ProviderAccess] = {}
        calls = options.calls
        # What `options_of` a job restores is what the requests are made with, besides which of them there are.
        asked = Options(
            calls.sweep,
            calls.max_output_tokens,
            no_stream=True,
            emulate=calls.emulate,
            repeat=calls.repeat,
            times=calls.times,
            choose=calls.choose,
            shape=calls.shape,
            server_tools=calls.server_tools,
            tools=calls.tools,
        )
        # Nothing is sent while planning, so nothing needs to be open.
        self._accesses = ProviderAccesses(config, Surroundings(Transport()), asked, new.id, system=options.system)

    def plan(self, rows: Iterator[Row | BadRow], names: Sequence[str]) -> Planned:
        """Fill the job with rows. Raises `BudgetError` where they are too dear."""
        options, config, job = self._options, self._config, self._job
        is_booked = kept_of(config, no_history=not options.keeps_history) is not None
        planner = Planner(
            job,
            self._access,
            names,
            wants=self._wants,
            on_bad_row=self._on_bad_row,
            on_refused=self._refused,
            estimates=is_limited(options.cost, config) or is_booked or config.limiter is not None,
        )
        planned = planner.plan(rows)
        job.settings = {name: settings_of(access.target) for name, access in self._used.items()}
        if planned.works:
            self._afford(planned, is_booked=is_booked)
        return planned

    def announce(self, planned: Planned) -> None:
        """Tell what the job is made of."""
        job, info = self._job, self._listener.info
        parts = f"{len(job.parts)} batches" if len(job.parts) > 1 else "one batch"
        info(f"batch {job.id}: {planned.works:,} calls in {parts}")
        for name in dict.fromkeys(part.profile for part in job.parts):
            terms = self._used[name].terms
            share = f"{(Decimal(100) * terms.price_share).normalize():f}"
            info(f"{name}: about {share} % of the usual price; results may take up to {terms.hours} h")

    def _access(self, name: str) -> ProviderAccess:
        access = self._accesses.for_selection(selection_of_row(name, self._config))
        self._used[access.caller.name] = access
        return access

    def _wants(self, work: Work) -> bool:
        state = self._memory.state(work)
        if state == "done" or (state == "failed" and not self._options.retry_failed):
            return False
        return bytes.fromhex(work.token) not in self._open

    def _refused(self, row: Row, work: Work, result: Result) -> None:
        document = output_document(result, row, work, self._job.batch)
        self._memory.add(work, self._encode(document), failed=True)

    def _afford(self, planned: Planned, *, is_booked: bool) -> None:
        """Check the limits, and set the expected cost aside where costs are remembered at all."""
        job, estimates = self._job, planned.estimates
        found = batch_limits(self._options, self._config, list(estimates))
        if self._config.limiter is not None:
            from .bills import remember

            simulated = {name for name in estimates if self._used[name].target.is_simulated}
            remember(job, self._config.limiter, found.limits, estimates, simulated)
        if is_booked:
            real = {name: made for name, made in estimates.items() if not self._used[name].target.is_simulated}
            job.options = {**job.options, "expected_usd": expected_usd(real)}
            checked = self._held_back(found.limits, estimates)
        else:
            checked = self._checked(found.limits, estimates)
        for words in (*found.notes, *checked):
            self._listener.note(words)

    def _held_back(self, limits: Sequence[Limit], estimates: Mapping[str, Estimate]) -> list[str]:
        """Check the limits and set the expected cost aside. Raises `BudgetError`, also where one cannot be checked."""
        cost, names = self._options.cost, self._options.names
        try:
            return hold(self._job, limits, estimates, allow_unpriced=cost.allow_unpriced, names=names)
        except StoreError as error:
            if any(limit.is_enforced and limit.since is not None for limit in limits):
                raise BudgetError(f"the budget cannot be checked: {error.message}", hint=error.hint) from None
            words = f"its expected cost is not set aside from budgets: {error.message}"
            return [*self._checked(limits, estimates), words]

    def _checked(self, limits: Sequence[Limit], estimates: Mapping[str, Estimate]) -> list[str]:
        cost, names = self._options.cost, self._options.names
        return check_limits(limits, estimates, allow_unpriced=cost.allow_unpriced, names=names)


def _new_job(store: JobStore, options: BatchOptions, output: str, form: str, batch_id: str) -> BatchJob:
    return store.new(
        output=output,
        form=form,
        batch=batch_id,
        config=None if options.config_file is None else str(real_path(options.config_file)),
        options={
            "max_output_tokens": options.calls.max_output_tokens,
            "emulate": options.calls.emulate,
            "system": options.system,
            **({} if options.calls.shape is None else {"shape": shape_document(options.calls.shape)}),
            **({} if options.calls.server_tools is None else {"server_tools": [*options.calls.server_tools]}),
            **({} if options.calls.tools is None else {"tools": _tools_document(options.calls.tools)}),
            "asked": options.asked,
            "keeps_history": options.keeps_history,
        },
        settings={},
    )


def _tools_document(wish: ToolsWish) -> dict[str, Any]:
    from ...tools.toolset import wish_document

    return wish_document(wish)


def _refuse_what_providers_decide(options: BatchOptions) -> None:
    """Raise `UsageError` for options that a provider's batch cannot honour."""
    given: Mapping[str, object] = {
        "--ordered": options.ordered,
        "--concurrency": options.concurrency,
        "--retries": options.calls.retries,
        "--run-tools": options.calls.run_tools,
    }
    for name, value in given.items():
        if value:
            raise UsageError(f"{name} says nothing to --via provider: the provider decides", hint=f"leave {name} out")
