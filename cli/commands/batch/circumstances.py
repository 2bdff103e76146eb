"""What a batch runs in: the transport, the purse, and the history's sums."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncGenerator, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ....engine.api import settle_open_jobs
from ....engine.costs.prices import pricing
from ....engine.exchange.surroundings import Surroundings
from ....engine.runs.money import found_limits, purse_for
from ....engine.runs.run import kept_of
from ....engine.targets.target import select
from ....profiles.config import Config
from ...output import say
from ..run.ready import dollars_of

if TYPE_CHECKING:
    from ....engine.batch.output.sums import Sums
    from ....engine.costs.budget.purse import Purse
    from ....engine.history.record import Recorder
    from ....providers.errors import StoreError
    from .run import BatchWishes

_T = TypeVar("_T")

LONGEST_CALL_S = 3600.0
OBJECTS_BETWEEN_COLLECTIONS = 20_000


def run_quickly(main: Coroutine[Any, Any, _T]) -> _T:
    """`asyncio.run` on the loop of uvloop where there is one, at a fifth less CPU for an exchange over HTTP."""
    try:
        from uvloop import new_event_loop
    except ImportError:  # there is none for Windows
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)


@asynccontextmanager
async def surroundings_for(
    wishes: BatchWishes, config: Config, names: Sequence[str], run_id: str
) -> AsyncGenerator[tuple[Surroundings, Purse | None, Sums | None]]:
    """The transport, the purse and the history's sums for a batch of profiles `names`, closed in the end.

    Raises `BudgetError` when a budget that is configured cannot be checked.
    """
    from ....engine.costs.budget.limits import today
    from ....engine.exchange.fast_transport import FastTransport

    max_cost = dollars_of(wishes.max_cost_usd)
    purse = None
    if max_cost is not None or config.budget.limits_anything:
        # Rows may name other profiles, which have budgets too.
        profiles = [*(name.partition("@")[0] for name in names), *config.budget.profiles]
        found = found_limits(config, max_cost, profiles, today(), settle=settle_open_jobs)
        if not wishes.quiet:
            for note in found.notes:
                say(f"note: {note}")
        purse = purse_for(found.limits, (), LONGEST_CALL_S, allow_unpriced=wishes.allow_unpriced)
    asked, began = asked_by(wishes), time.monotonic()
    sums = sums_for(config, run_id, asked, wishes.system, keeps_history=wishes.keeps_history)
    # The price table takes half a second to import, and is not needed where all bring a price of their own.
    needs_table = any(selection.profile.price is None for selection in select(names, config))
    warming = asyncio.get_running_loop().run_in_executor(None, pricing.warm) if needs_table else None
    async with FastTransport() as transport:
        try:
            with _rare_collections():
                yield Surroundings(transport), purse, sums
        finally:
            if warming is not None:
                await warming
            if sums is not None:
                await close_sums(sums, time.monotonic() - began)
            if purse is not None:
                for note in await purse.close():
                    say(f"note: {note}")


def asked_by(wishes: BatchWishes) -> str:
    """What the history says of a batch: its template, else where its rows come from."""
    return wishes.template or f"the rows of {'standard input' if wishes.source == '-' else wishes.source}"


def sums_for(config: Config, run_id: str, asked: str, system: str | None, *, keeps_history: bool) -> Sums | None:
    """What adds the costs to the history; None when not even they are to be remembered."""
    recorder = recorder_for(config, run_id, asked, system, keeps_history=keeps_history)
    if recorder is None:
        return None
    from ....engine.batch.output.sums import Sums

    return Sums(recorder)


def recorder_for(
    config: Config, run_id: str, asked: str, system: str | None, *, keeps_history: bool
) -> Recorder | None:
    """What writes the costs into the history; None when not even they are to be remembered."""
    kept = kept_of(config, no_history=not keeps_history)
    if kept is None:
        return None
    from ....engine.history.record import Recorder, RunHead
    from ....engine.history.retention import Retention

    # The results themselves are in the output; of the run there is one line.
    kept = "run" if kept == "everything" else kept
    head = RunHead(run_id, datetime.now(UTC), "batch", asked, system, simulated=False, kept=kept)
    return Recorder(head, retention=Retention(config.history.keep_days, config.history.max_mb))


async def close_sums(sums: Sums, total_s: float) -> None:
    """Store what is left, and say so if something could not be stored."""
    await sums.close(total_s)
    say_unbooked(sums.problem)


def say_unbooked(problem: StoreError | None) -> None:
    """Say why the costs of a batch are not in the history, if something went wrong."""
    if problem is not None:
        say(f"note: what this batch cost is not in the history: {problem.message}")


@contextmanager
def _rare_collections() -> Generator[None]:
    """Look for garbage in cycles less often: rows leave hardly any, and the search takes a tenth of the time."""
    before = gc.get_threshold()
    gc.freeze()  # what has been imported stays
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
