"""What the command line and the library call: a run made ready, and made. Nothing here prints, asks or exits."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ..providers.errors import UsageError
from ..providers.schema import Notice
from .planning.option_names import COMMAND_LINE, OptionNames
from .planning.prepare import Prompt
from .runs.descriptors import room_for
from .runs.fanout import MOST_AT_ONCE
from .runs.forecasts import Note, unheard
from .runs.jobs import Job, Options, make_jobs
from .runs.money import Affordable, CostOptions, afford
from .runs.run import Circumstances, Finished, kept_of, make_calls, run_jobs
from .targets.target import wants_dose

_T = TypeVar("_T")

if TYPE_CHECKING:
    from ..profiles.config import Config
    from .batch.end import BatchEnd
    from .batch.listener import Listener
    from .batch.options import BatchOptions
    from .batch.run import BatchWatcher
    from .checks.terms import Expected
    from .costs.budget.limits import Question
    from .costs.budget.purse import Purse
    from .exchange.transport import Transport
    from .history.heads import TurnHead
    from .results.result import Forecast
    from .runs.checks.judge_calls import JudgeCalls
    from .runs.observer import Observer
    from .targets.target import Selection


CHECKED = ("ask", "compare", "chat")
"""Commands whose answers are held against what profiles expect; a summary of a session, say, is no such answer."""


class ReadyRun(Struct, frozen=True):
    """A run that may be made, once its `question` is answered with yes, if there is one."""

    prompt: Prompt
    affordable: Affordable
    circumstances: Circumstances

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The calls, in the order of their results."""
        return self.affordable.jobs

    @property
    def question(self) -> Question | None:
        """What somebody has to agree to before money is spent."""
        return self.affordable.question

    def agreed(self) -> ReadyRun:
        """The same after a yes."""
        return replace(self, affordable=self.affordable.agreed())

    def run(self, observer: Observer) -> Finished:
        """Make all calls, on an event loop of our own that hears Ctrl-C and SIGTERM."""
        return run_jobs(self.jobs, self.prompt, observer, replace(self.circumstances, purse=self.affordable.purse))

    async def make(self, observer: Observer, transport: Transport, purse: Purse | None) -> Finished:
        """Make all calls on the caller's loop, over `transport` and from `purse`, which stay open."""
        circumstances = replace(self.circumstances, purse=lambda: purse)
        return await make_calls(self.jobs, self.prompt, observer, circumstances, transport)


def ready_run(
    selections: Sequence[Selection],
    prompt: Prompt,
    config: Config,
    options: Options,
    *,
    command: str,
    cost: CostOptions | None = None,
    strict: bool = False,
    keeps_history: bool = True,
    simulated: Notice | None = None,
    note: Note = unheard,
    count: Callable[[Sequence[Job]], Mapping[int, int]] | None = None,
    environment: Mapping[str, str] = os.environ,
    names: OptionNames = COMMAND_LINE,
    at_once: int | None = None,
    turn: TurnHead | None = None,
    expect: Expected | None = None,
) -> ReadyRun:
    """Plan the calls and look at their cost. Nothing is sent, except what `count` asks the counting endpoints.

    Raises `ConfigError` when nothing can be called, `StrictPlanError` when `strict` and a plan is worse than `mapped`,
    and `BudgetError` when the calls cannot be afforded. `simulated` is said of each result of a simulator. `names` are
    what the caller's options are called. `at_once`: how many calls, at most; that some must wait otherwise is noted.
    `turn`: the answer becomes this turn of a session. `expect` is what answers are held against, where not profiles
    say it; `UsageError` and `ConfigError` where that cannot be done.
    """
    if simulated is not None:
        options = replace(options, is_simulated=True)
    if options.choose is None and wants_dose(selections, options.sweep, config):
        from .doses.chooser import choose_dose

        options = replace(options, choose=choose_dose)
    if options.run_tools is not None and command == "compare" and prompt.past is not None and prompt.past.place:
        raise UsageError(
            "tools are not run for a comparison in a session: the turns between would be lost",
            hint="ask in the session, or compare without it",
        )
    checks = None
    says = command in CHECKED and any(selection.profile.expect is not None for selection in selections)
    if expect is not None or says:
        from .runs.checks.round import check_round

        checks = check_round(selections, config, expect, options, environment)
    if options.shape_with is not None:
        from .runs.beside.second_call import demand_schema, settled

        demand_schema(options, selections)
        options = settled(options, config, [one.profile.name for one in selections], note)
    jobs = make_jobs(selections, prompt, config, replace(options, is_strict=strict), environment)
    if strict:
        from .runs.strictness import refuse_unless_strict

        plans = [
            (job.profile, decided)
            for job in jobs
            if job.prepared is not None
            for decided in (job.prepared.plan, *(twin.plan for twin in job.twins))
        ]
        refuse_unless_strict(plans, names)
    counted: Mapping[int, int] | None = None
    if prompt.past is not None and prompt.past.turns:
        from .sessions.context.fit import fitted_jobs

        counted = count(jobs) if count is not None else {}
        before, jobs = jobs, fitted_jobs(jobs, datetime.now(UTC), counted)
        counted = {at: tokens for at, tokens in counted.items() if jobs[at] == before[at]}
    shaper = None
    if options.shape_with is not None:
        from .runs.beside.second_call import ShapeRound

        shaper = ShapeRound(config, options, environment, tuple(jobs))

    def beside(answers: Sequence[tuple[str, Forecast | None]]) -> tuple[JudgeCalls, ...]:
        judged = () if checks is None else checks.judge_calls(answers, prompt)
        return judged if shaper is None else (*judged, *shaper.calls((one for _, one in answers), prompt.text))

    affordable = afford(
        jobs,
        prompt,
        config,
        cost or CostOptions(),
        settle=settle_open_jobs,
        note=note,
        count=lambda: counted if counted is not None else count(jobs) if count is not None else {},
        names=names,
        also=(*(() if checks is None else checks.judges), *(() if shaper is None else shaper.profiles)),
        judged=None if checks is None and shaper is None else beside,
    )
    kept = kept_of(config, no_history=not keeps_history)
    extra = () if simulated is None else (simulated,)
    is_simulated = all(job.target is not None and job.target.is_simulated for job in jobs)
    calls, wanted = sum(job.ready is not None for job in affordable.jobs), at_once or MOST_AT_ONCE
    room = room_for(wanted)
    if room < min(calls, wanted):
        note(f"{calls} calls, {room} of them at once: this process may open no more files (ulimit -n)")
    elif at_once is None and calls > wanted:
        note(f"{calls} calls, {wanted} of them at once; {names.concurrency} changes that; no wait is latency")
    circumstances = Circumstances(
        command, kept, config.history, extra=extra, simulated=is_simulated, at_once=room, turn=turn, checks=checks,
        tools=None if turn is not None else options.run_tools, shaper=shaper,
    )  # fmt: skip
    return ReadyRun(prompt, affordable, circumstances)


async def run_batch(
    options: BatchOptions,
    config: Config,
    watcher: BatchWatcher | None = None,
    listener: Listener | None = None,
    purse: Purse | None = None,
) -> BatchEnd:
    """Run the rows of a batch on the caller's loop, and write its results. A cancellation keeps what came.

    A `purse` of the caller's stays open.

    Raises `UsageError` and `ConfigError` before anything is sent, and `BudgetError` where a limit cannot be checked.
    """
    from .batch.run import NoWatcher, ready_batch

    opened = ready_batch(options, config, listener)
    if not options.is_remote:
        with opened as ready:
            return await ready.make(watcher or NoWatcher(), purse)
    async with _apart(opened) as ready:
        return await ready.make(watcher or NoWatcher(), purse)


@asynccontextmanager
async def _apart(opened: AbstractContextManager[_T]) -> AsyncGenerator[_T]:
    """What `opened` gives, entered and left in a thread: a network may be waited for."""
    entering = asyncio.ensure_future(asyncio.to_thread(opened.__enter__))
    try:
        value = await asyncio.shield(entering)
    except asyncio.CancelledError:
        await entering
        await asyncio.to_thread(opened.__exit__, None, None, None)
        raise
    try:
        yield value
    finally:
        await asyncio.to_thread(opened.__exit__, *sys.exc_info())


def settle_open_jobs() -> None:
    """Bring what open batches at providers set aside up to date. Raises `StoreError`."""
    from .batch.provider import budgets

    budgets.settle_open_jobs()
