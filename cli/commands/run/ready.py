"""A run made ready on the command line: planned, afforded, and agreed to."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ....engine.api import ReadyRun, ready_run
from ....engine.runs.jobs import Options, second_call_in_options, server_tools_in, shape_in_options, tools_in_options
from ....engine.runs.money import NOTHING, CostOptions, usd_of
from ....providers.errors import UsageError
from ...exit_codes import ExitCode
from ...output import noting, say

if TYPE_CHECKING:
    from ....engine.history.heads import TurnHead
    from ....engine.planning.prepare import Prompt
    from ....engine.runs.jobs import Job
    from ....engine.targets.target import Selection
    from ....profiles.config import Config
    from ....providers.schema import Json
    from ....providers.think import Think
    from ...options import KeepOptions, SendOptions


def options_of(sending: SendOptions, sweep: tuple[Think, ...], config: Config) -> Options:
    """How each call is made, by what the command line says."""
    options = Options(
        sweep, sending.max_output, sending.timeout, sending.retries, sending.no_stream, sending.emulate,
        shape=shape_in_options(sending.schema, sending.json_mode), server_tools=server_tools_in(sending.server_tool),
        tools=tools_in_options(sending.tool, sending.tool_choice),
        shape_with=second_call_in_options(sending.think_then_shape, sending.shape_with),
    )  # fmt: skip
    return with_run_tools(options, sending.run_tools, sending.max_rounds, config)


def with_run_tools(options: Options, said: str | None, rounds: int | None, config: Config) -> Options:
    """The same with the tools that models may have run. Raises `UsageError` and `ConfigError`."""
    if said is None:
        if rounds is not None:
            raise UsageError("--max-rounds is about tools that are run", hint="add --run-tools allow:NAME")
        return options
    from ....engine.exchange.surroundings import run_loop
    from ....engine.runs.rounds.kit import runnable_tools  # which few calls need

    return replace(options, run_tools=run_loop(runnable_tools(said, rounds, config, os.environ)))


def make_ready(
    command: str,
    selections: Sequence[Selection],
    prompt: Prompt,
    config: Config,
    options: Options,
    sending: SendOptions,
    keeping: KeepOptions,
    *,
    confirm: bool = False,
    yes: bool = False,
    count: bool = False,
    at_once: int | None = None,
    turn: TurnHead | None = None,
    spent_usd: Decimal = NOTHING,
    expect: Json | None = None,
) -> ReadyRun | ExitCode:
    """The run as it may be made, after whatever had to be asked; the exit code when somebody said no.

    `spent_usd` is what calls before it have taken of the limits that hold for them together. `expect` is what answers
    are held against.

    Raises `StrictPlanError` for plans that are worse than was allowed.
    """
    note = noting(quiet=keeping.quiet)
    ready = ready_run(
        selections,
        prompt,
        config,
        options,
        command=command,
        cost=CostOptions(dollars_of(sending.max_cost), sending.allow_unpriced, confirm or count, spent_usd),
        strict=sending.strict_think,
        keeps_history=not keeping.no_history,
        note=note,
        count=_counting(note) if count else None,
        at_once=at_once,
        turn=turn,
        expect=expect,
    )
    if ready.question is None and not confirm:
        return ready
    from ...confirmation import confirm_cost

    forecasts = ready.affordable.forecasts
    judges = ready.affordable.judges
    if not confirm_cost(ready.jobs, forecasts, judges, question=ready.question, asked=confirm, yes=yes):
        say("nothing was sent")
        return ExitCode.COST_LIMIT
    return ready.agreed()


def _counting(note: Callable[[str], None]) -> Callable[[Sequence[Job]], dict[int, int]]:
    def count(jobs: Sequence[Job]) -> dict[int, int]:
        from ....engine.exchange.surroundings import run_loop
        from ....engine.runs.forecasts import count_jobs

        return run_loop(count_jobs(jobs, note))

    return count


def dollars_of(text: str | None) -> Decimal | None:
    """The amount of `--max-cost`, exact. Raises `UsageError` for what is none."""
    return None if text is None else usd_of(text, "--max-cost")
