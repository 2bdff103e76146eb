"""Many calls at once: bounded, in order, each with an outcome of its own; a peer's failure stops nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, nullcontext
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ...providers.errors import Failure
from ...providers.schema import Delta, Notice
from ..exchange.surroundings import Surroundings
from ..planning.prepare import Prepared
from ..results.assembly import unsent_result
from ..results.result import Result
from .call import OnStored, UnheardError, make_call
from .jobs import Job
from .observer import Observer

if TYPE_CHECKING:
    from ..costs.budget.purse import Purse
    from ..exchange.files.uploads import Uploads
    from ..results.tool_use import ToolRun
    from .keeper import Keeper
    from .rounds.loop import ToolKit

MOST_AT_ONCE = 64
"""Calls, unless somebody says otherwise. What waits for its place has not begun: no latency counts it."""

FEW = 8
"""With more calls than these the history is opened before their connections are."""


class _Relay:
    """Passes everything on to an observer until that fails: then nobody listens any more, and the run is over."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.error: Exception | None = None

    def started(self, index: int, attempt: int) -> None:
        self._tell(lambda: self._observer.started(index, attempt))

    def delta(self, index: int, delta: Delta) -> None:
        self._tell(lambda: self._observer.delta(index, delta))

    def waiting(self, index: int, seconds: float, failure: Failure) -> None:
        self._tell(lambda: self._observer.waiting(index, seconds, failure))

    def tool_ran(self, index: int, run: ToolRun) -> None:
        if (hear := getattr(self._observer, "tool_ran", None)) is not None:
            self._tell(lambda: hear(index, run))

    def finished(self, index: int, result: Result) -> None:
        self._tell(lambda: self._observer.finished(index, result))

    def _tell(self, speak: Callable[[], None]) -> None:
        if self.error is not None:
            return
        try:
            speak()
        except Exception as error:
            self.error = error
            raise UnheardError from error


class Done(Struct, frozen=True):
    """The results in the order of the jobs, and whether the run was interrupted."""

    results: tuple[Result, ...]
    interrupted: bool


async def fan_out(
    jobs: Sequence[Job],
    *,
    surroundings: Surroundings,
    observer: Observer,
    run_id: str,
    at: datetime,
    extra: tuple[Notice, ...] = (),
    keeper: Keeper | None = None,
    purse: Purse | None = None,
    at_once: int = MOST_AT_ONCE,
    uploads: Uploads | None = None,
    kit: ToolKit | None = None,
) -> Done:
    """Make all calls. A cancellation (Ctrl-C) ends those under way, keeps what came, and still returns.

    So many are made `at_once`, at most. With a `kit` what they call is run, and each goes on until there is an answer.
    A result is with the `keeper` before the observer hears of it. The `purse` decides what each call may cost.
    An error of the observer ends all calls; it is raised when what came of them is kept.
    """
    relay, rounds = _Relay(observer), count(len(jobs))
    everyone = asyncio.Semaphore(at_once)
    lanes: dict[str, asyncio.Semaphore] = {}
    for job in jobs:
        if job.target is not None and job.target.profile.limits.concurrency:
            lanes.setdefault(job.profile, asyncio.Semaphore(job.target.profile.limits.concurrency))

    def unsent(job: Job, failed: Failure) -> Result:
        native = job.prepared.plan.native if job.prepared and failed.kind != "cancelled" else None
        return unsent_result(
            job.target, job.profile, job.model, job.think, failed,
            run_id=run_id, at=at, native=native, repeat=job.repeat, twins=job.twins,
        )  # fmt: skip

    async def one(index: int, job: Job) -> Result:
        places = AsyncExitStack()

        async def keep(result: Result, settle: OnStored | None) -> Result:
            await places.aclose()  # others may call while this is stored
            result = replace(result, forecast=job.forecast)
            if keeper is not None:
                result = await keeper.finished(index, job, result)
            if settle is not None:
                settle()
            return result

        async def begin(prepared: Prepared, usd: Decimal | None) -> None:
            # A history that is open already costs no time; of a single call it is opened while the provider thinks.
            if keeper is not None and (purse is not None or len(jobs) > FEW or keeper.has_begun(index)):
                await keeper.expect(index, prepared, job.forecast.expected_usd if usd is None and job.forecast else usd)

        call = job.ready
        async with places:
            if call is None:
                failed = job.refused or Failure("config", "there is nothing to send")
                result = await keep(unsent(job, failed), None)
            else:
                await places.enter_async_context(lanes.get(job.profile, nullcontext()))
                await places.enter_async_context(everyone)
                if kit is None and not call.prepared.may_pause:
                    result = await make_call(
                        call, surroundings, run_id=run_id, at=at, extra=extra,
                        index=index, observer=relay, purse=purse, begin=begin, keep=keep, uploads=uploads,
                    )  # fmt: skip
                else:
                    from .rounds.books import KeptRounds
                    from .rounds.loop import CONTINUING, make_rounds

                    books = KeptRounds(index, job, rounds, keeper, relay, expects=purse is not None or len(jobs) > FEW)
                    result = await make_rounds(
                        call, surroundings, kit or CONTINUING, books, run_id=run_id, at=at, extra=extra,
                        index=index, observer=relay, purse=purse, uploads=uploads,
                    )  # fmt: skip
        relay.finished(index, result)
        if relay.error is not None:
            raise relay.error
        return result

    # The first sample of everybody goes before the second of anybody: waits and what is left of a budget favour none.
    turns = sorted(range(len(jobs)), key=lambda index: jobs[index].repeat or 1)
    begun = {index: asyncio.create_task(one(index, jobs[index])) for index in turns}
    tasks = [begun[index] for index in range(len(jobs))]
    interrupted = False
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    except asyncio.CancelledError:
        interrupted = True
    for task in tasks:
        task.cancel()  # those that have ended do not mind; the others go on only when all is well
    await asyncio.wait(tasks)
    if relay.error is not None:
        await asyncio.gather(*tasks, return_exceptions=True)  # takes note of their errors, of which this is one
        raise relay.error
    stopped = Failure("cancelled", "interrupted before it began")
    results = [
        unsent(job, stopped) if task.cancelled() else task.result() for job, task in zip(jobs, tasks, strict=True)
    ]
    return Done(tuple(results), interrupted)
