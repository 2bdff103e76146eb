"""From jobs to a finished run: the event loop, the transport, and Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from ..engine import pricing
from ..engine.fanout import Done, Job, fan_out
from ..engine.observer import Observer
from ..engine.prepare import Prompt
from ..engine.results import make_run, new_id
from ..engine.run import Surroundings
from ..engine.transport import Transport
from ..providers.schema import Notice, Run
from .version import VERSION


@dataclass(frozen=True, slots=True)
class Finished:
    """A run, and whether somebody interrupted it."""

    run: Run
    interrupted: bool


def run_jobs(jobs: Sequence[Job], prompt: Prompt, observer: Observer, *, extra: tuple[Notice, ...] = ()) -> Finished:
    """Make all calls. Ctrl-C and SIGTERM end those under way and keep what came."""
    return asyncio.run(_run(jobs, prompt, observer, extra))


async def _run(jobs: Sequence[Job], prompt: Prompt, observer: Observer, extra: tuple[Notice, ...]) -> Finished:
    run_id, at, began = new_id(), datetime.now(UTC), time.monotonic()
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is not None and sys.platform != "win32":
        with suppress(RuntimeError, ValueError):  # only the main thread may listen to signals
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
    needs_prices = any(job.target is not None and job.target.profile.price is None for job in jobs)
    warming: list[asyncio.Future[None]] = []

    def on_sent() -> None:
        # The price table takes long to import; now the provider is thinking anyway.
        if needs_prices and not warming:
            warming.append(loop.run_in_executor(None, pricing.warm))

    async with Transport(user_agent=f"thinkdial/{VERSION}") as transport:
        surroundings = Surroundings(transport, on_sent=on_sent)
        done: Done = await fan_out(
            jobs, surroundings=surroundings, observer=observer, run_id=run_id, at=at, extra=extra
        )
    if done.interrupted and task is not None:
        task.uncancel()
    run = make_run(run_id, prompt.text, prompt.system, done.results, time.monotonic() - began)
    return Finished(run, done.interrupted)
