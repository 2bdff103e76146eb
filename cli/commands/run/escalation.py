"""`thinkdial ask --escalate low,high`: think more only when the answer fails its check."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ....engine.checks.escalation import (
    Expectation,
    checked_levels,
    ended_by,
    escalation_of,
    expected_saving,
)
from ....engine.runs.observer import Silent
from ....providers.errors import BudgetError, StoreError, UsageError
from ...exit_codes import ExitCode
from ...output import say
from .ready import make_ready

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....engine.api import ReadyRun
    from ....engine.results.checked import EscalationEnd
    from ....engine.results.result import Result
    from ....engine.runs.run import Finished
    from ....engine.targets.target import Selection
    from ....providers.schema import Json
    from ....providers.think import Think
    from .inquiry import Inquiry


def escalate(
    asked: Inquiry, selection: Selection, levels: Sequence[Think], expect: Json | None, *, yes: bool, count: bool
) -> ExitCode:
    """Ask with one level after the other, until an answer passes. Raises `UsageError` without a check."""
    levels = checked_levels(levels)
    if expect is None and selection.profile.expect is None:
        raise UsageError(
            "--escalate goes up where a check fails, and there is no check", hint="add --expect KIND=VALUE"
        )
    if selection.think is not None or asked.options.sweep:
        raise UsageError("--escalate says the think values: leave out --think and @VALUE")
    quiet = asked.keeping.quiet
    attempts: list[Result] = []
    finished: Finished | None = None
    ended: EscalationEnd | None = None
    expected, forecasts = Expectation(), dict[str, Decimal | None]()
    spent = Decimal(0)
    for place, level in enumerate(levels):
        try:
            ready = _ready(asked, selection, level, expect, spent, yes=yes, count=count)
        except BudgetError as error:
            if finished is None:
                raise
            say(f"{level} is not asked: {error.message}")
            ended = "budget"
            break
        if isinstance(ready, ExitCode):
            if finished is None:
                return ready
            ended = "budget"
            break
        if place == 0:
            expected = _expected(asked, ready, levels)
            forecasts = _forecasts(asked, selection, levels)
            if not quiet:
                from ...views.checks.escalation import beforehand

                say(beforehand(levels, expected))
        made = ready.run(Silent())
        spent += made.spent_usd
        result = made.run.results[0]
        if finished is not None and not result.attempts and result.error is not None:
            say(f"{level} is not asked: {result.error.message}")
            ended = "budget" if result.error.kind == "budget" else "failed"
            break
        finished = made
        attempts.append(result)
        ended = "interrupted" if made.interrupted else ended_by(result, at_top=place == len(levels) - 1)
        if ended is not None:
            break
        if not quiet:
            from ...views.checks.escalation import failed_line

            say(failed_line(result, levels[place + 1]))
    if finished is None or ended is None:
        raise AssertionError("a first level is always asked")
    whole = escalation_of(levels, attempts, ended, expected=expected, forecasts=forecasts)
    run = replace(finished.run, results=(replace(attempts[-1], escalation=whole),))
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


def _expected(asked: Inquiry, ready: ReadyRun, levels: Sequence[Think]) -> Expectation:
    """What the history makes of it."""
    target = ready.jobs[0].target
    if target is None or not asked.settings.history.enabled:
        return Expectation()
    from ....engine.history.store import Store, database_path
    from ....engine.history.sums.levels import level_records

    if not database_path().exists():
        return Expectation()
    with suppress(StoreError), Store.open() as store:
        names = [*map(str, levels)]
        return expected_saving(
            level_records(store, target.host, target.profile.model, names, simulated=target.is_simulated)
        )
    return Expectation()


def _forecasts(asked: Inquiry, selection: Selection, levels: Sequence[Think]) -> dict[str, Decimal | None]:
    """What the levels are likely to cost, as a plan would say."""
    from ....engine.runs.plans import plan_calls

    options = replace(asked.options, sweep=tuple(levels))
    calls = plan_calls([selection], asked.prompt, asked.settings, options).calls
    return {str(call.prepared.think): call.forecast.expected_usd for call in calls}
