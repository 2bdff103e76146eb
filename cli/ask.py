"""`thinkdial ask`: one profile; the answer streams to stdout, the reasoning and the receipt go to stderr."""

from __future__ import annotations

import sys

import typer

from .options import (
    AsJson,
    ConfigFile,
    DryRun,
    Emulate,
    Files,
    Format,
    MaxOutput,
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
    dry_run: DryRun = False,
    reasoning: ShowReasoning = ReasoningView.FULL,
    output_format: OutputFormat = None,
    json: AsJson = False,
    output: Output = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
) -> None:
    """Ask one model. The answer goes to stdout, alone; reasoning and a one-line receipt go to stderr.

    Example:  cat notes.txt | thinkdial ask "Summarize this" -p claude --think low
    """
    from ..engine.jobs import Wishes, make_jobs
    from ..engine.observer import Silent
    from .answering import AnswerStream
    from .choosing import load_config, one_selection, one_value, refuse_unless_strict
    from .exit_codes import ExitCode, code_for
    from .plan import print_plans
    from .printing import chosen_format, print_notes, print_run
    from .prompt import read_prompt
    from .running import run_jobs

    form = chosen_format(output_format, json, output, Format.TEXT)
    streams = output_format is None and not json and output is None
    sweep = (one_value(think),) if think is not None else ()
    settings = load_config(config, profile or [], quiet=quiet)
    selection = one_selection(profile, settings)
    asked = read_prompt(prompt, file or [], system)
    wishes = Wishes(sweep, max_output, timeout, retries, no_stream, emulate)
    if dry_run:
        print_plans([selection], asked, settings, wishes, as_json=form is Format.JSON, strict=strict_think)
        return
    jobs = make_jobs([selection], asked, settings, wishes)
    if strict_think:
        refuse_unless_strict(jobs)
    if streams:
        stream = AnswerStream(jobs[0], show_reasoning=reasoning is not ReasoningView.NONE and not quiet)
        with stream:
            finished = run_jobs(jobs, asked, stream)
        written = True
    else:
        finished = run_jobs(jobs, asked, Silent())
        written = print_run(finished.run, form, reasoning, output)
    if not quiet:
        from .output import aside, console, is_terminal, show
        from .render.receipt import receipt_line

        if streams and is_terminal(sys.stderr):
            aside("\n")
        print_notes(finished.run.results, after_comparison=False)
        if finished.run.results[0].attempts:
            show(receipt_line(finished.run.results[0], console(stderr=True).width))
    code = code_for(finished.run.results, interrupted=finished.interrupted)
    raise typer.Exit(code if written or code is not ExitCode.OK else ExitCode.USAGE)
