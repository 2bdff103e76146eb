"""`thinkdial ask --escalate low,high`: think more only when the answer fails its check."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ....engine.runs.checks.climb import Climb, forecasts_of, ladder_for, saving_of
from ....engine.runs.observer import Silent
from ....providers.errors import BudgetError
from ...exit_codes import ExitCode
from ...output import say
from .ready import make_ready

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....engine.api import ReadyRun
    from ....engine.results.checked import EscalationEnd
    from ....engine.targets.target import Selection
    from ....providers.schema import Json
    from ....providers.think import Think
    from .inquiry import Inquiry


def escalate(
    asked: Inquiry, selection: Selection, levels: Sequence[Think], expect: Json | None, *, yes: bool, count: bool
) -> ExitCode:
    """Ask with one level after the other, until an answer passes. Raises `UsageError` without a check."""
    climb = Climb(ladder_for(selection, levels, expect, asked.options.sweep))
    quiet = asked.keeping.quiet
    while (level := climb.next_level()) is not None:
        try:
            ready = _ready(asked, selection, level, expect, climb.spent_usd, yes=yes, count=count)
        except BudgetError as error:
            if climb.finished is None:
                raise
            say(f"{level} is not asked: {error.message}")
            climb.refuse()
            break
        if isinstance(ready, ExitCode):
            if climb.finished is None:
                return ready
            climb.refuse()
            break
        if climb.finished is None:
            climb.expected = saving_of(ready.jobs[0].target, climb.levels, asked.settings)
            climb.forecasts = forecasts_of(selection, asked.prompt, asked.settings, asked.options, climb.levels)
            if not quiet:
                from ...views.checks.escalation import beforehand

                say(beforehand(climb.levels, climb.expected))
        made = ready.run(Silent())
        if (problem := climb.take(made)) is not None:
            say(f"{level} is not asked: {problem}")
        elif (following := climb.next_level()) is not None and not quiet:
            from ...views.checks.escalation import failed_line

            say(failed_line(made.run.results[0], following))
    finished, ended = climb.finished, climb.ended
    if finished is None or ended is None:
        raise AssertionError("a first level is always asked")
    run = replace(finished.run, results=(climb.result(),))
    from .answer import shown

    return _code(shown(asked, replace(finished, run=run)).code(), ended)


def _code(code: ExitCode, ended: EscalationEnd) -> ExitCode:
    return ExitCode.COST_LIMIT if ended == "budget" and code is ExitCode.OK else code


def _ready(
    asked: Inquiry, selection: Selection, level: Think, expect: Json | None, spent: Decimal, *, yes: bool, count: bool
) -> ReadyRun | ExitCode:
    options = replace(asked.options, sweep=(level,))
    return make_ready(
        "ask", [selection], asked.prompt, asked.settings, options, asked.sending, asked.keeping,
        yes=yes, count=count, spent_usd=spent, expect=expect,
    )  # fmt: skip
