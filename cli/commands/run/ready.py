"""A run made ready on the command line: planned, afforded, and agreed to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ....engine.api import ReadyRun, ready_run
from ....engine.runs.money import CostOptions, usd_of
from ....providers.errors import StrictPlanError
from ...exit_codes import ExitCode
from ...output import noting, say

if TYPE_CHECKING:
    from ....engine.planning.prepare import Prompt
    from ....engine.runs.jobs import Job, Options
    from ....engine.targets.target import Selection
    from ....profiles.config import Config


@dataclass(frozen=True, slots=True)
class RunChoices:
    """What the options say about cost, strictness and the record of a run."""

    max_cost: str | None = None
    allow_unpriced: bool = False
    confirm: bool = False
    yes: bool = False
    count: bool = False
    strict: bool = False
    no_history: bool = False
    quiet: bool = False


def make_ready(
    command: str, selections: Sequence[Selection], prompt: Prompt, config: Config, wishes: Options, asked: RunChoices
) -> ReadyRun | ExitCode:
    """The run as it may be made, after whatever had to be asked; the exit code when nothing is to be sent."""
    note = noting(quiet=asked.quiet)
    try:
        ready = ready_run(
            selections,
            prompt,
            config,
            wishes,
            command=command,
            cost=CostOptions(dollars_of(asked.max_cost), asked.allow_unpriced, asked.confirm or asked.count),
            strict=asked.strict,
            keeps_history=not asked.no_history,
            note=note,
            count=_counting(note) if asked.count else None,
        )
    except StrictPlanError as error:
        for reason in error.reasons:
            say(reason)
        say("nothing was sent")
        return ExitCode.STRICT_PLAN
    if ready.question is None and not asked.confirm:
        return ready
    from ...confirmation import confirm_cost

    forecasts = ready.affordable.forecasts
    if not confirm_cost(ready.jobs, forecasts, question=ready.question, asked=asked.confirm, yes=asked.yes):
        say("nothing was sent")
        return ExitCode.COST_LIMIT
    return ready.agreed()


def _counting(note: Callable[[str], None]) -> Callable[[Sequence[Job]], dict[int, int]]:
    def count(jobs: Sequence[Job]) -> dict[int, int]:
        from ....engine.runs.forecasts import count_jobs

        return asyncio.run(count_jobs(jobs, note))

    return count


def dollars_of(text: str | None) -> Decimal | None:
    """The amount of `--max-cost`, exact. Raises `UsageError` for what is none."""
    return None if text is None else usd_of(text, "--max-cost")
