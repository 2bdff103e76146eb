"""`thinkdial ask`: one profile; the answer streams to stdout, the reasoning and the receipt go to stderr."""

from __future__ import annotations

import sys

from ...exit_codes import ExitCode, code_for
from ...options import (
    KEPT,
    PRINTED_IN_FULL,
    SENT,
    CountTokens,
    DryRun,
    Format,
    KeepOptions,
    OneProfile,
    PrintOptions,
    PromptArgument,
    ReasoningView,
    SendOptions,
    ThinkOne,
    Yes,
)


def ask(
    prompt: PromptArgument = None,
    profile: OneProfile = None,
    think: ThinkOne = None,
    sending: SendOptions = SENT,
    yes: Yes = False,
    count: CountTokens = False,
    dry_run: DryRun = False,
    printing: PrintOptions = PRINTED_IN_FULL,
    keeping: KeepOptions = KEPT,
) -> ExitCode:
    """Ask one model. The answer goes to stdout, alone; reasoning and a one-line receipt go to stderr.

    Example:  cat notes.txt | thinkdial ask "Summarize this" -p claude --think low
    """
    from ....engine.runs.observer import Silent
    from ....engine.targets.target import one_selection
    from ...formats import chosen_format, print_aftermath, print_notes, print_run
    from ...prompt import read_prompt
    from ...selection import load_config, one_value
    from .answer_stream import AnswerStream
    from .ready import make_ready, options_of

    form = chosen_format(printing.output_format, printing.json, printing.output, Format.TEXT)
    streams = printing.output_format is None and not printing.json and printing.output is None
    sweep = (one_value(think),) if think is not None else ()
    settings = load_config(keeping.config, profile or [], quiet=keeping.quiet)
    selection = one_selection(profile, settings)
    given = read_prompt(prompt, sending.file or [], sending.system)
    options = options_of(sending, sweep)
    if dry_run:
        from .plan import print_plans

        as_json, strict = form is Format.JSON, sending.strict_think
        return print_plans([selection], given, settings, options, as_json=as_json, strict=strict)
    ready = make_ready("ask", [selection], given, settings, options, sending, keeping, yes=yes, count=count)
    if isinstance(ready, ExitCode):
        return ready
    if streams:
        shown = printing.reasoning is not ReasoningView.NONE and not keeping.quiet
        stream = AnswerStream(ready.jobs[0], show_reasoning=shown)
        with stream:
            finished = ready.run(stream)
        written = True
    else:
        finished = ready.run(Silent())
        written = print_run(finished.run, form, printing.reasoning, printing.output, settings.reference)
    if not keeping.quiet:
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
