"""From jobs to a finished run: the transport, the record, the purse, the event loop and Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from ...profiles.settings.history_settings import HistorySettings
from ...providers.errors import StoreError
from ...providers.schema import Notice
from ...providers.turns.pieces import FILE_MARK
from ..costs.prices import pricing
from ..exchange.surroundings import Surroundings, run_loop
from ..exchange.transport import Transport
from ..planning.prepare import Prompt
from ..results.assembly import make_run, new_id
from ..results.result import Result, Run
from .fanout import MOST_AT_ONCE, Done, fan_out
from .forecasts import forecast_of
from .jobs import Job
from .observer import Observer

if TYPE_CHECKING:
    from ...profiles.config import Config
    from ..costs.budget.purse import Purse
    from ..exchange.files.uploads import Uploads
    from ..history.heads import Kept, TurnHead
    from .keeper import Keeper
    from .rounds.limits import ToolSupply


WARMING_AFTER_S = 0.02
"""Seconds after a request has left, before the price table is imported for its answer."""


class Finished(Struct, frozen=True):
    """A run, and whether somebody interrupted it.

    `number` is its place in the history, `problem` why it is not there in full. `notes` are lines about budgets.
    `spent_usd` is what it has taken of the limits it was under: what was reserved for calls whose cost is unknown.
    `terminated`: it was SIGTERM that interrupted it.
    """

    run: Run
    interrupted: bool
    number: int | None = None
    problem: StoreError | None = None
    notes: tuple[str, ...] = ()
    spent_usd: Decimal = Decimal(0)
    terminated: bool = False


class Circumstances(Struct, frozen=True):
    """How a run is made: how much of it is kept, what it may cost, what is said of each result, how many go at once.

    `kept` is None when not even its cost is to be remembered. `shaper` puts the answers into
    their shape when all are there, and then `checks` look at them.
    """

    command: str
    kept: Kept | None = None
    retention: HistorySettings = HistorySettings()
    purse: Callable[[], Purse | None] = lambda: None
    extra: tuple[Notice, ...] = field(default=())
    simulated: bool = False
    turn: TurnHead | None = None
    at_once: int = MOST_AT_ONCE
    checks: RunChecks | None = None
    tools: ToolSupply | None = None
    shaper: RunChecks | None = None


class RunChecks(Protocol):
    """Holds the results of a run against what is expected of them."""

    async def examine(
        self,
        prompt: Prompt,
        results: Sequence[Result],
        circumstances: Circumstances,
        transport: Transport,
        purse: Purse | None,
        /,
    ) -> tuple[Result, ...]: ...


def run_jobs(jobs: Sequence[Job], prompt: Prompt, observer: Observer, circumstances: Circumstances) -> Finished:
    """Make all calls on an event loop of our own. Ctrl-C and SIGTERM end those under way and keep what came."""

    async def run() -> Finished:
        task = asyncio.current_task()
        terminated = False

        def terminate() -> None:
            nonlocal terminated
            terminated = True
            if task is not None:
                task.cancel()

        if sys.platform != "win32":
            with suppress(RuntimeError, ValueError):  # only the main thread may listen to signals
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
        finished = await make_calls(jobs, prompt, observer, circumstances)
        if finished.interrupted and task is not None:
            task.uncancel()
        return replace(finished, terminated=terminated)

    return run_loop(run())


async def make_calls(
    jobs: Sequence[Job],
    prompt: Prompt,
    observer: Observer,
    circumstances: Circumstances,
    transport: Transport | None = None,
) -> Finished:
    """Make all calls, over `transport` where there is one that others use too.

    A cancellation ends those under way and keeps what came: `interrupted` says that there was one.
    """
    run_id, at, began = new_id(), datetime.now(UTC), time.monotonic()
    loop = asyncio.get_running_loop()
    needs_prices = any(job.target is not None and job.target.profile.price is None for job in jobs)
    timers: list[asyncio.TimerHandle] = []
    is_looking = False

    def look_up() -> None:  # in a thread
        pricing.warm()
        if keeper is not None:
            keeper.price_expected()

    def looked_up(_: object = None) -> None:
        nonlocal is_looking
        is_looking = False

    def begin_to_look() -> None:
        if needs_prices:
            loop.run_in_executor(None, look_up).add_done_callback(looked_up)
            return
        if keeper is not None:
            keeper.price_expected()
        looked_up()

    def on_sent() -> None:
        # The price table takes long to import; now the provider is thinking anyway. One that answers at once is not
        # kept waiting by it: two threads of Python are slower than one.
        nonlocal is_looking
        if (needs_prices or keeper is not None) and not is_looking:
            is_looking = True
            timers.append(loop.call_later(WARMING_AFTER_S, begin_to_look))

    keeper = _keeper(run_id, at, prompt, circumstances)
    uploads, left = _uploads(jobs, circumstances), list[str]()
    purse = circumstances.purse()
    try:
        if purse is not None:
            await purse.ready()
        tools = nullcontext(None) if circumstances.tools is None else circumstances.tools.opened()
        async with nullcontext(transport) if transport is not None else Transport() as ours, tools as kit:
            done: Done = await fan_out(
                jobs,
                surroundings=Surroundings(ours, on_sent=on_sent, tape=keeper),
                observer=observer,
                run_id=run_id,
                at=at,
                extra=circumstances.extra,
                keeper=keeper,
                purse=purse,
                at_once=circumstances.at_once,
                uploads=uploads,
                kit=kit,
            )
            if uploads is not None:
                left += await uploads.close()
            for looks in (circumstances.shaper, circumstances.checks):
                if looks is not None and not done.interrupted:
                    done = await _checked(done, looks, prompt, circumstances, ours, purse, keeper)
    finally:  # also when nobody reads the answer any more: what came of it was paid for
        total_s = time.monotonic() - began
        for timer in timers:
            timer.cancel()
        number = None if keeper is None else await keeper.close(total_s)
        notes = (*left, *(() if purse is None else await purse.close()))
    run = make_run(run_id, prompt.text, prompt.system, done.results, total_s, prompt.asked)
    problem = None if keeper is None else keeper.problem
    return Finished(run, done.interrupted, number, problem, notes, Decimal(0) if purse is None else purse.spent_usd)


async def _checked(
    done: Done,
    checks: RunChecks,
    prompt: Prompt,
    circumstances: Circumstances,
    transport: Transport,
    purse: Purse | None,
    keeper: Keeper | None,
) -> Done:
    """The results with what their checks say, in the history too. Interrupted, they are as they were."""
    try:
        results = await checks.examine(prompt, done.results, circumstances, transport, purse)
    except asyncio.CancelledError:
        return Done(done.results, interrupted=True)
    if keeper is not None:
        for index, result in enumerate(results):
            keeper.amended(index, result)
    return Done(results, done.interrupted)


def kept_of(config: Config, *, no_history: bool) -> Kept | None:
    """How much of a run is kept. A budget by day or month needs at least the sums."""
    if config.history.enabled and not no_history:
        return "everything"
    return "sums" if config.budget.needs_history else None


def _uploads(jobs: Sequence[Job], circumstances: Circumstances) -> Uploads | None:
    """Where files of the run are uploaded, if any are; without a history they go when it ends."""
    mark = FILE_MARK.encode()
    if not any(job.prepared is not None and mark in job.prepared.request.body for job in jobs):
        return None
    from ..exchange.files.uploads import Uploads

    if circumstances.kept != "everything":
        return Uploads()
    from ..history.files.uploaded import StoredUploads

    return Uploads(StoredUploads())


def _keeper(run_id: str, at: datetime, prompt: Prompt, circumstances: Circumstances) -> Keeper | None:
    """What keeps the run in the history; None when it is not to be kept. Nobody forecasts what is simulated."""
    settings = circumstances.retention
    if circumstances.kept is None:
        return None
    from ..history.heads import Retention, RunHead
    from ..history.record import Recorder
    from .keeper import Keeper

    head = RunHead(run_id, at, circumstances.command, prompt.text, prompt.system, circumstances.simulated)
    head = replace(head, kept=circumstances.kept, turn=circumstances.turn, files=prompt.asked)
    recorder = Recorder(head, retention=Retention(settings.keep_days, settings.max_mb, settings.keep_files_days))
    return Keeper(recorder, None if circumstances.simulated else partial(forecast_of, prompt, at))
