"""What the calls of a run may cost, from their plans, the user's own runs and the providers' counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
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
    from ..history.store import Store

Note = Callable[[str], None]
"""Takes a line for people: why a forecast knows less than it could."""


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


def forecast_of(prompt: Prompt, at: datetime, job: Job, samples: Samples | None) -> Forecast | None:
    """The forecast of a call that was sent without one, at the prices of `at`: made when its answer is there."""
    from ..costs.forecast import forecast

    return None if job.prepared is None else forecast(job.prepared, prompt, at, samples=samples)


@contextmanager
def own_runs(note: Note) -> Generator[Samples | None]:
    """The output of the user's runs, for `forecast`; None without a history, or with one that cannot be read."""
    from ..history.store import Store, database_path

    if not database_path().exists():
        yield None
        return
    try:
        store = Store.open()
    except StoreError as error:
        note(_unread(error))
        yield None
        return
    with store:
        yield runs_in(store, note)


def runs_in(store: Store, note: Note) -> Samples:
    """The output of the user's runs in an open history, as far as it can be read."""
    from ..history.samples import output_samples

    is_readable = True

    def samples(provider: str, host: str, model: str, think: str) -> Sequence[PastRun]:
        nonlocal is_readable
        if not is_readable:
            return ()
        try:
            return output_samples(store, provider, host, model, think)
        except StoreError as error:
            is_readable = False
            note(_unread(error))
            return ()

    return samples


def _unread(error: StoreError) -> str:
    return f"the forecast knows nothing of earlier runs: {error}"


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
