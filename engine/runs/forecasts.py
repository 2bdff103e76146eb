"""What the calls of a run may cost, before they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..costs.forecast import Samples, forecast
from ..planning.prepare import Prompt
from ..results.result import Forecast
from .jobs import Job


def forecasts_for(
    jobs: Sequence[Job],
    prompt: Prompt,
    at: datetime,
    *,
    counted: Mapping[int, int] | None = None,
    samples: Samples | None = None,
) -> list[Forecast | None]:
    """A forecast for each job, in order; None for one that cannot be sent. `counted` are input tokens by index."""
    known: dict[tuple[str, str, str], Sequence[int]] = {}

    def once(provider: str, model: str, think: str) -> Sequence[int]:
        key = (provider, model, think)
        if key not in known:
            known[key] = samples(*key) if samples is not None else ()
        return known[key]

    return [
        None
        if job.prepared is None or job.refused is not None
        else forecast(job.prepared, prompt, at, counted_tokens=(counted or {}).get(index), samples=once)
        for index, job in enumerate(jobs)
    ]
