"""`thinkdial compare`: the same prompt to many, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...exit_codes import ExitCode, code_for
from ...options import (
    AllowUnpriced,
    AsJson,
    ConfigFile,
    Confirm,
    CountTokens,
    DryRun,
    Emulate,
    Files,
    Format,
    MaxCost,
    MaxOutput,
    NoHistory,
    NoStream,
    Output,
    OutputFormat,
    Profiles,
    PromptArgument,
    Quiet,
    ReasoningView,
    Retries,
    ShowReasoning,
    StrictThink,
    System,
    ThinkSweep,
    Timeout,
    Yes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ....engine.api import ReadyRun
    from ....engine.runs.jobs import Job
    from ....profiles.profile import Reference


def compare(
    prompt: PromptArgument = None,
    profile: Profiles = None,
    think: ThinkSweep = None,
    file: Files = None,
    system: System = None,
    max_output: MaxOutput = None,
    timeout: Timeout = None,
    retries: Retries = None,
    no_stream: NoStream = False,
    strict_think: StrictThink = False,
    emulate: Emulate = False,
    max_cost: MaxCost = None,
    allow_unpriced: AllowUnpriced = False,
    confirm: Confirm = False,
    yes: Yes = False,
    count: CountTokens = False,
    dry_run: DryRun = False,
    reasoning: ShowReasoning = ReasoningView.EXCERPT,
    output_format: OutputFormat = None,
    json: AsJson = False,
    output: Output = None,
    config: ConfigFile = None,
    no_history: NoHistory = False,
    quiet: Quiet = False,
) -> int:
    """Send one prompt to many profiles and show reasoning, answers, time and cost side by side.

    Example:  thinkdial compare "Is 91 prime?" -p claude -p gpt -p gemini --think off,low,high
    """
    from ....engine.runs.jobs import Options
    from ....engine.targets.target import select
    from ...formats import chosen_format
    from ...prompt import read_prompt
    from ...selection import load_config, sweep_values
    from .plan import print_plans
    from .ready import RunChoices, make_ready

    form = chosen_format(output_format, json, output, Format.TABLE)
    sweep = sweep_values(think)
    settings = load_config(config, profile or [], quiet=quiet)
    selections = select(profile or [], settings)
    given = read_prompt(prompt, file or [], system)
    wishes = Options(sweep, max_output, timeout, retries, no_stream, emulate)
    if dry_run:
        return print_plans(selections, given, settings, wishes, as_json=form is Format.JSON, strict=strict_think)
    asked = RunChoices(max_cost, allow_unpriced, confirm, yes, count, strict_think, no_history, quiet)
    ready = make_ready("compare", selections, given, settings, wishes, asked)
    if isinstance(ready, ExitCode):
        return ready
    return make_and_show(ready, form, reasoning, output, quiet=quiet, reference=settings.reference)


def make_and_show(
    ready: ReadyRun,
    form: Format,
    reasoning: ReasoningView,
    output: Path | None,
    *,
    quiet: bool,
    reference: Reference | None = None,
) -> ExitCode:
    """Make the calls, with a live view where there is a terminal, and print the results. Gives their exit code."""
    import sys

    from ....engine.runs.observer import Silent
    from ...formats import print_aftermath, print_notes, print_run
    from ...output import console, is_terminal, say

    live = not quiet and is_terminal(sys.stderr)
    if live:
        from ...views.run.live import LiveCompare

        observer = LiveCompare(console(stderr=True), titles=_titles(ready.jobs))
        with observer:
            finished = ready.run(observer)
    else:
        finished = ready.run(Silent())
    written = print_run(finished.run, form, reasoning, output, reference)
    if not quiet:
        print_notes(finished.run.results, after_comparison=form is Format.TABLE)
        if finished.interrupted:
            say("interrupted: what had come is shown and marked")
        print_aftermath(finished)
    code = code_for(finished.run.results, interrupted=finished.interrupted)
    return code if written or code is not ExitCode.OK else ExitCode.USAGE


def _titles(jobs: Sequence[Job]) -> list[str]:
    names = [job.profile for job in jobs]
    return [job.profile if names.count(job.profile) == 1 else f"{job.profile} @{job.think}" for job in jobs]
