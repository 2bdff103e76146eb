"""What the calls of a run may cost, from their plans, the user's own runs and the providers' counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from ...providers.errors import ConfigError, StoreError
from ..planning.prepare import Prepared, Prompt
from ..results.result import Forecast
from ..targets.authorize import Authorize, authorization
from .jobs import Job

if TYPE_CHECKING:
    from ..costs.forecast import Samples
    from ..costs.priors import PastRun

Note = Callable[[str], None]
"""Takes a line for people: why a forecast knows less than it could."""

PATIENCE_S = 0.1
"""How long a look at earlier runs waits for others who lock the history, while answers are coming in."""


def unheard(note: str) -> None:
    """Takes a line for people whom nobody wants to hear."""


def forecasts_for(
    jobs: Sequence[Job],
    prompt: Prompt,
    at: datetime,
    *,
    counted: Mapping[int, int] | None = None,
    samples: Samples | None = None,
) -> list[Forecast | None]:
    """A forecast for each job, in order; None for one that cannot be sent. `counted` are input tokens by index."""
    from ..costs.forecast import forecast

    known: dict[tuple[str, str, str, str], Sequence[PastRun]] = {}

    def once(provider: str, host: str, model: str, think: str) -> Sequence[PastRun]:
        key = (provider, host, model, think)
        if key not in known:
            known[key] = samples(*key) if samples is not None else ()
        return known[key]

    return [
        None
        if job.prepared is None or job.refused is not None
        else forecast(job.prepared, prompt, at, counted_tokens=(counted or {}).get(index), samples=once)
        for index, job in enumerate(jobs)
    ]


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
        from ..costs.forecast import forecast

        if job.prepared is None:
            return None
        if not self._looked:
            self._looked = True
            self._samples = self._open.enter_context(own_runs(unheard, patience_s=PATIENCE_S))
        return forecast(job.prepared, self._prompt, self._at, samples=self._samples)

    def close(self) -> None:
        """Close the history."""
        self._open.close()


@contextmanager
def own_runs(note: Note, *, patience_s: float | None = None) -> Generator[Samples | None]:
    """The output of the user's runs, for `forecast`; None without a history, or with one that cannot be read.

    `patience_s` is how long others may keep it locked, where that is not the usual.
    """
    from ..history.store import BUSY_TIMEOUT_S, database_path

    if not database_path().exists():
        yield None
        return
    from ..history.samples import output_samples
    from ..history.store import Store

    def unread(error: StoreError) -> None:
        note(f"the forecast knows nothing of earlier runs: {error}")

    try:
        store = Store.open(busy_timeout_s=BUSY_TIMEOUT_S if patience_s is None else patience_s)
    except StoreError as error:
        unread(error)
        yield None
        return
    is_readable = True

    def samples(provider: str, host: str, model: str, think: str) -> Sequence[PastRun]:
        nonlocal is_readable
        if not is_readable:
            return ()
        try:
            return output_samples(store, provider, host, model, think)
        except StoreError as error:
            is_readable = False
            unread(error)
            return ()

    with store:
        yield samples


async def count_jobs(jobs: Sequence[Job], note: Note) -> dict[int, int]:
    """The input tokens of each job by its index, where the provider counts them; what cannot be counted is noted."""
    return await _count(
        [
            None if job.prepared is None or job.authorize is None or job.refused else (job.prepared, job.authorize)
            for job in jobs
        ],
        note,
    )


async def count_plans(plans: Sequence[Prepared], note: Note) -> dict[int, int]:
    """The same for plans, whose keys are looked for only here."""
    known: dict[str, Authorize | None] = {}
    for prepared in plans:
        name = prepared.target.profile.name
        if name in known:
            continue
        try:
            known[name] = authorization(prepared.target, os.environ)[1]
        except ConfigError as error:
            known[name] = None
            note(f"{error.message}; the tokens are estimated")
    calls = [(prepared, known[prepared.target.profile.name]) for prepared in plans]
    return await _count([None if authorize is None else (prepared, authorize) for prepared, authorize in calls], note)


async def _count(calls: Sequence[tuple[Prepared, Authorize] | None], note: Note) -> dict[int, int]:
    """Ask all counting endpoints at once. Gives the counts by index, and notes why others are missing."""
    if not any(calls):
        return {}
    from ..exchange.transport import Transport
    from ..lookups.count import count_all

    async with Transport() as transport:
        counts = await count_all(calls, transport)
    for words in dict.fromkeys(count.note for count in counts if count is not None and count.note):
        note(words)
    return {index: count.tokens for index, count in enumerate(counts) if count is not None and count.tokens is not None}
