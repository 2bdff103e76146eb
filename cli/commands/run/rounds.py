"""Turns of a session whose tools are run in between: each round is a turn of its own, until there is an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ....engine.results.rounds import whole_answer
from ....engine.runs.rounds.loop import result_piece, unforced, why_ended
from ....engine.runs.rounds.thread import ToolThread
from ....providers.errors import BudgetError
from ...exit_codes import ExitCode
from ...output import say
from ...views.tools.runs import run_line

if TYPE_CHECKING:
    from ....engine.results.result import Result, RoundsEnd
    from ....engine.results.tool_use import ToolRun
    from ....engine.runs.rounds.limits import ToolSupply
    from ....engine.runs.run import Finished
    from ....engine.tool_runs.output import ToolOutput
    from .inquiry import Inquiry
    from .talk import Talk

Turn = Callable[["Inquiry"], "Finished | ExitCode"]
"""Makes the next turn of a session; the exit code where nothing was sent."""


def turns_in_rounds(asked: Inquiry, talk: Talk, supply: ToolSupply, make: Turn) -> Finished | ExitCode:
    """Make the turn, run what it calls, and go on with what the tools say. The last run, with the result of all rounds.

    An answer without calls is as it is. What was done before a Ctrl-C stays in the session.
    """
    results: list[Result] = []
    finished: Finished | None = None
    began = time.monotonic()
    with ToolThread(supply) as tools:
        while True:
            try:
                made = make(asked)
            except BudgetError:
                if finished is None:
                    raise
                return _whole(finished, results, "budget")
            if isinstance(made, ExitCode):
                return made if finished is None else _whole(finished, results, "interrupted")
            finished = made
            results.append(finished.run.results[0])
            end = why_ended(results, supply.limits, time.monotonic() - began, goes_on=bool(results[-1].tool_calls))
            if end is not None:
                return _whole(finished, results, end) if len(results) > 1 or results[0].tool_calls else finished
            ran: list[tuple[ToolRun, ToolOutput]] = []
            try:
                tools.run(results[-1].tool_calls, len(results), ran)
            except KeyboardInterrupt:
                results[-1] = _logged(results[-1], ran)
                return _whole(replace(finished, interrupted=True), results, "interrupted")
            results[-1] = _logged(results[-1], ran)
            if not asked.keeping.quiet:
                for run, _ in ran:
                    say(run_line(run))
            talk.go_on()
            asked = _following(asked, results[-1], ran)


def _following(asked: Inquiry, result: Result, ran: list[tuple[ToolRun, ToolOutput]]) -> Inquiry:
    """What is asked next: nothing but what the tools said."""
    pieces = tuple(result_piece(call, output, result) for call, (_, output) in zip(result.tool_calls, ran, strict=True))
    options = replace(asked.options, tools=unforced(asked.options.tools))
    return replace(asked, prompt=replace(asked.prompt, text="", asked=pieces), options=options, outputs=())


def _logged(result: Result, ran: list[tuple[ToolRun, ToolOutput]]) -> Result:
    return replace(result, tool_runs=tuple(run for run, _ in ran))


def _whole(finished: Finished, results: list[Result], end: RoundsEnd) -> Finished:
    return replace(finished, run=replace(finished.run, results=(whole_answer(results, end),)))
