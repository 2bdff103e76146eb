"""What a batch uses while it runs: the transport, the purse, and the history's sums."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING

from msgspec import Struct

from ..costs.prices import pricing
from ..exchange.surroundings import Surroundings
from ..exchange.transport import Transport
from ..runs.descriptors import room_for
from ..runs.money import limiter_use, purse_for
from ..targets.target import select
from .books import recorder_for, tell_unbooked
from .budget import LONGEST_CALL_S, batch_limits, profiles_of
from .caller import RowCaller
from .pace.pace import Pace

if TYPE_CHECKING:
    from ...profiles.config import Config
    from ..costs.budget.purse import Purse
    from ..exchange.files.uploads import Uploads
    from ..runs.rounds.loop import ToolKit
    from .listener import Listener
    from .options import BatchOptions
    from .output.sums import Sums

MOST_AT_ONCE = 256
"""Calls under way for one profile, where nothing else limits them: 6,000 a minute of 2.5 seconds each."""


class Resources(Struct, frozen=True):
    """Open for one batch. Without a purse nothing limits it; without sums not even its cost is remembered.

    `uploads` gives the files that it has at providers, which are deleted when it is closed. The `kit` runs the tools
    that models call, None where none may be run.
    """

    surroundings: Surroundings
    purse: Purse | None
    sums: Sums | None
    uploads: Callable[[], Uploads] | None = None
    kit: ToolKit | None = None


@asynccontextmanager
async def resources_for(
    options: BatchOptions,
    config: Config,
    names: Sequence[str],
    run_id: str,
    listener: Listener,
    purse: Purse | None = None,
) -> AsyncGenerator[Resources]:
    """What a batch of profiles `names` uses, closed in the end: with the caller's `purse`, or one of its own.

    Raises `BudgetError` when a budget that is configured cannot be checked.
    """
    found = batch_limits(options, config, profiles_of(names, config))
    for words in found.notes:
        listener.note(words)
    wanted = options.concurrency or 0
    if (room := room_for(wanted)) < wanted:
        listener.note(f"{room} calls at once, not {wanted}: this process may open no more files (ulimit -n)")
    if purse is None:
        purse = purse_for(
            found.limits, (), LONGEST_CALL_S, allow_unpriced=options.cost.allow_unpriced, limiter=limiter_use(config)
        )  # fmt: skip
    if purse is not None:
        if purse.doors is not None:
            purse.doors.tell(lambda words: listener.note(words, important=True))
        await purse.ready()
    sums, began = _sums_for(options, config, run_id), time.monotonic()
    # The price table takes half a second to import, and is not needed where all bring a price of their own.
    needs_table = any(selection.profile.price is None for selection in select(names, config))
    warming = asyncio.get_running_loop().run_in_executor(None, pricing.warm) if needs_table else None
    if warming is not None and sums is not None:
        warming.add_done_callback(lambda _: sums.price_begun())
    made: list[Uploads] = []

    def uploads() -> Uploads:
        from ..exchange.files.uploads import Uploads  # which few batches need

        if not made:
            made.append(Uploads())
        return made[0]

    tools = nullcontext(None) if options.calls.run_tools is None else options.calls.run_tools.opened()
    async with Transport() as transport, tools as kit:
        try:
            yield Resources(Surroundings(transport), purse, sums, uploads, kit)
        finally:
            for one in made:
                for words in await one.close():
                    listener.note(words, important=True)
            if warming is not None:
                await warming
            if sums is not None:
                await sums.close(time.monotonic() - began)
                tell_unbooked(sums.problem, listener)
            if purse is not None:
                for words in await purse.close():
                    listener.note(words, important=True)


def pace_maker(purse: Purse | None, most_at_once: int | None = None) -> Callable[[RowCaller], Pace]:
    """How the pace of a profile is made: its own, and where its purse knows of a limiter, by leave of that too."""
    most_at_once = most_at_once or room_for(MOST_AT_ONCE)
    if purse is None or purse.doors is None:
        return lambda caller: Pace(caller.limits, most_at_once=most_at_once)
    from .pace.limited_pace import limited_paces

    return limited_paces(purse.doors, most_at_once)


def _sums_for(options: BatchOptions, config: Config, run_id: str) -> Sums | None:
    recorder = recorder_for(config, run_id, options.asked, options.system, keeps_history=options.keeps_history)
    if recorder is None:
        return None
    from .output.sums import Sums

    return Sums(recorder)
