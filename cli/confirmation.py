"""The question before the money: what the calls may cost, on stderr, and whether to make them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..providers.errors import UsageError
from ..providers.untrusted import harmless
from .framework.keyboard import typed_line
from .output import aside, console, is_terminal, say, show

if TYPE_CHECKING:
    from ..engine.costs.budget.limits import Question
    from ..engine.results.result import Forecast
    from ..engine.runs.checks.judge_calls import JudgeCalls
    from ..engine.runs.jobs import Job


def confirm_cost(
    jobs: Sequence[Job],
    forecasts: Sequence[Forecast | None],
    judges: Sequence[JudgeCalls] = (),
    *,
    question: Question | None = None,
    asked: bool = False,
    yes: bool = False,
) -> bool:
    """Whether the calls may be made. Somebody is asked when they wanted that (`--confirm`) or a limit has a `question`.

    `judges` are the calls that judge the answers. The forecast is shown on stderr whenever there is something to ask,
    also when `yes` answers it. Without a terminal there is nobody to ask: raises `UsageError`, or the
    `BudgetError` of the question.
    """
    if not asked and question is None:
        return True
    if not yes and not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        if question is not None:
            raise question.refusal()
        raise UsageError("--confirm needs a terminal to ask on", hint="pass --yes to go on without the question")
    from ..engine.results.result import totals
    from .views.run.forecasts import forecast_table

    calls = [made for job, made in zip(jobs, forecasts, strict=True) if job.refused is None]
    total = totals([*calls, *(made for one in judges for made in one.forecasts)])
    show(forecast_table(jobs, forecasts, total, console(stderr=True).width, judges))
    if question is not None:
        say(f"{question.words}.")
    return yes or agreed("Make this call?" if total.calls == 1 else f"Make these {total.calls} calls?")


def agreed(question: str) -> bool:
    """Whether somebody types yes on the terminal. Anything else, the end of input and Ctrl-C are no."""
    aside(f"{harmless(question)} [y/N] ")
    try:
        typed = typed_line()
    except KeyboardInterrupt:
        typed = ""
    if not typed.endswith("\n"):
        aside("\n")
    return typed.strip().lower() in ("y", "yes")
