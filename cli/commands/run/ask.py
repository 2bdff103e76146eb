"""`thinkdial ask`: one profile; the answer streams to stdout, the reasoning and the receipt go to stderr."""

from __future__ import annotations

import sys

from ...exit_codes import ExitCode, code_for
from ...options import (
    AllowUnpriced,
    AsJson,
    ConfigFile,
    CountTokens,
    DryRun,
    Emulate,
    Files,
    Format,
    MaxCost,
    MaxOutput,
    NoHistory,
    NoStream,
    OneProfile,
    Output,
    OutputFormat,
    PromptArgument,
    Quiet,
    ReasoningView,
    Retries,
    ShowReasoning,
    StrictThink,
    System,
    ThinkOne,
    Timeout,
    Yes,
)


def ask(
    prompt: PromptArgument = None,
    profile: OneProfile = None,
    think: ThinkOne = None,
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
    yes: Yes = False,
    count: CountTokens = False,
    dry_run: DryRun = False,
    reasoning: ShowReasoning = ReasoningView.FULL,
    output_format: OutputFormat = None,
    json: AsJson = False,
    output: Output = None,
    config: ConfigFile = None,
    no_history: NoHistory = False,
    quiet: Quiet = False,
) -> int:
    """Ask one model. The answer goes to stdout, alone; reasoning and a one-line receipt go to stderr.

    Example:  cat notes.txt | thinkdial ask "Summarize this" -p claude --think low
    """
    from ....engine.runs.jobs import Options
    from ....engine.runs.observer import Silent
    from ....engine.targets.target import one_selection
    from ...formats import chosen_format, print_aftermath, print_notes, print_run
    from ...prompt import read_prompt
    from ...selection import load_config, one_value
    from .answer_stream import AnswerStream
    from .plan import print_plans
    from .ready import RunChoices, make_ready

    form = chosen_format(output_format, json, output, Format.TEXT)
    streams = output_format is None and not json and output is None
    sweep = (one_value(think),) if think is not None else ()
    settings = load_config(config, profile or [], quiet=quiet)
    selection = one_selection(profile, settings)
    given = read_prompt(prompt, file or [], system)
    wishes = Options(sweep, max_output, timeout, retries, no_stream, emulate)
    if dry_run:
        return print_plans([selection], given, settings, wishes, as_json=form is Format.JSON, strict=strict_think)
    asked = RunChoices(
        max_cost, allow_unpriced, yes=yes, count=count, strict=strict_think, no_history=no_history, quiet=quiet
    )
    ready = make_ready("ask", [selection], given, settings, wishes, asked)
    if isinstance(ready, ExitCode):
        return ready
    if streams:
        stream = AnswerStream(ready.jobs[0], show_reasoning=reasoning is not ReasoningView.NONE and not quiet)
        with stream:
            finished = ready.run(stream)
        written = True
    else:
        finished = ready.run(Silent())
        written = print_run(finished.run, form, reasoning, output, settings.reference)
    if not quiet:
        from ...output import aside, is_terminal, show_line, width_aside
        from ...views.run.receipt import receipt_line

        if streams and is_terminal(sys.stderr):
            aside("\n")
        print_notes(finished.run.results, after_comparison=False)
        if finished.run.results[0].attempts:
            show_line(receipt_line(finished.run.results[0], width_aside()))
        print_aftermath(finished)
    code = code_for(finished.run.results, interrupted=finished.interrupted)
    return code if written or code is not ExitCode.OK else ExitCode.USAGE
