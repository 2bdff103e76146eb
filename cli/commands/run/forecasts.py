"""What a forecast is made of beside the plan: the user's own runs, and the counts of the providers."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from ...output import say

if TYPE_CHECKING:
    from ....engine.costs.forecast import Samples
    from ....engine.planning.prepare import Prepared, Prompt
    from ....engine.results.result import Forecast
    from ....engine.runs.jobs import Job
    from ....engine.targets.authorize import Authorize

PATIENCE_S = 0.1
"""How long a look at earlier runs waits for others who lock the history, while answers are coming in."""


class Afterwards:
    """Forecasts of calls that were sent without one, at the prices of `at`: made when their answers are there.

    The event loop makes them, so the history is opened once and hardly waited for.
    """

    def __init__(self, prompt: Prompt, at: datetime) -> None:
        self._prompt, self._at = prompt, at
        self._open = ExitStack()
        self._samples: Samples | None = None
        self._looked = False

    def __call__(self, job: Job) -> Forecast | None:
        from ....engine.costs.forecast import forecast

        if job.prepared is None:
            return None
        if not self._looked:
            self._looked = True
            self._samples = self._open.enter_context(own_runs(quiet=True, patience_s=PATIENCE_S))
        return forecast(job.prepared, self._prompt, self._at, samples=self._samples)

    def close(self) -> None:
        """Close the history."""
        self._open.close()


@contextmanager
def own_runs(*, quiet: bool = False, patience_s: float | None = None) -> Generator[Samples | None]:
    """The output of the user's runs, for `forecast`; None without a history, or with one that cannot be read.

    `patience_s` is how long others may keep it locked, where that is not the usual.
    """
    from ....engine.history.store import BUSY_TIMEOUT_S, database_path

    if not database_path().exists():
        yield None
        return
    from ....engine.history.samples import output_samples
    from ....engine.history.store import Store
    from ....providers.errors import StoreError

    try:
        store = Store.open(busy_timeout_s=BUSY_TIMEOUT_S if patience_s is None else patience_s)
    except StoreError as error:
        _say_unread(error, quiet)
        yield None
        return
    is_readable = True

    def samples(provider: str, model: str, think: str) -> Sequence[int]:
        nonlocal is_readable
        if not is_readable:
            return ()
        try:
            return output_samples(store, provider, model, think)
        except StoreError as error:
            is_readable = False
            _say_unread(error, quiet)
            return ()

    with store:
        yield samples


def _say_unread(error: Exception, quiet: bool) -> None:
    if not quiet:
        say(f"note: the forecast knows nothing of earlier runs: {error}")


def count_jobs(jobs: Sequence[Job], *, quiet: bool = False) -> dict[int, int]:
    """The input tokens of each job by its index, where the provider counts them; what cannot be counted is said."""
    return count_calls(
        [
            None if job.prepared is None or job.authorize is None or job.refused else (job.prepared, job.authorize)
            for job in jobs
        ],
        quiet=quiet,
    )


def count_plans(plans: Sequence[Prepared], *, quiet: bool = False) -> dict[int, int]:
    """The same for plans, whose keys are looked for only here."""
    from ....engine.targets.authorize import authorization
    from ....providers.errors import ConfigError

    known: dict[str, Authorize | None] = {}
    for prepared in plans:
        name = prepared.target.profile.name
        if name in known:
            continue
        try:
            known[name] = authorization(prepared.target, os.environ)[1]
        except ConfigError as error:
            known[name] = None
            if not quiet:
                say(f"note: {error.message}; the tokens are estimated")
    calls = [(prepared, known[prepared.target.profile.name]) for prepared in plans]
    return count_calls(
        [None if authorize is None else (prepared, authorize) for prepared, authorize in calls], quiet=quiet
    )


def count_calls(calls: Sequence[tuple[Prepared, Authorize] | None], *, quiet: bool) -> dict[int, int]:
    """Ask all counting endpoints at once. Gives the counts by index, and says on stderr why others are missing."""
    import asyncio

    from ....engine.exchange.transport import Transport
    from ....engine.lookups.count import Count, count_all

    async def ask() -> list[Count | None]:
        async with Transport() as transport:
            return await count_all(calls, transport)

    counts = asyncio.run(ask()) if any(calls) else []
    for note in dict.fromkeys(count.note for count in counts if count is not None and count.note):
        if not quiet:
            say(f"note: {note}")
    return {index: count.tokens for index, count in enumerate(counts) if count is not None and count.tokens is not None}
