"""`thinkdial ask`: one profile; the answer streams to stdout, the reasoning and the receipt go to stderr."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...exit_codes import ExitCode, code_for
from ...options import (
    ALONE,
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
    TalkOptions,
    ThinkOne,
    Yes,
)

if TYPE_CHECKING:
    from ....engine.api import ReadyRun
    from ....engine.planning.prepare import Prompt
    from ....engine.runs.jobs import Options
    from ....engine.runs.run import Finished
    from ....profiles.config import Config


def ask(
    prompt: PromptArgument = None,
    profile: OneProfile = None,
    think: ThinkOne = None,
    sending: SendOptions = SENT,
    yes: Yes = False,
    count: CountTokens = False,
    dry_run: DryRun = False,
    printing: PrintOptions = PRINTED_IN_FULL,
    talking: TalkOptions = ALONE,
    keeping: KeepOptions = KEPT,
) -> ExitCode:
    """Ask one model. The answer goes to stdout, alone; reasoning and a one-line receipt go to stderr.

    Example:  cat notes.txt | thinkdial ask "Summarize this" -p claude --think low
    """
    from ....engine.targets.target import one_selection
    from ...formats import chosen_format
    from ...output import noting
    from ...prompt import read_prompt
    from ...selection import load_config, one_value
    from .ready import make_ready, options_of

    form = chosen_format(printing.output_format, printing.json, printing.output, Format.TEXT)
    sweep = (one_value(think),) if think is not None else ()
    settings = load_config(keeping.config, profile or [], quiet=keeping.quiet)
    in_session = talking.session is not None or talking.go_on
    selection = None if in_session else one_selection(profile, settings)
    given = read_prompt(prompt, sending.file or [], sending.system, noting(quiet=keeping.quiet))
    options = options_of(sending, sweep)
    asked = _Asked(settings, given, options, form, sending, printing, keeping)
    if dry_run:
        return _planned(asked, profile, talking)
    if selection is None:
        return _in_session(asked, profile, talking, yes=yes, count=count)
    ready = make_ready("ask", [selection], given, settings, options, sending, keeping, yes=yes, count=count)
    return ready if isinstance(ready, ExitCode) else code_of(*_answered(asked, ready))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Asked:
    """What was typed, read."""

    settings: Config
    prompt: Prompt
    options: Options
    form: Format
    sending: SendOptions
    printing: PrintOptions
    keeping: KeepOptions


def code_of(finished: Finished, written: bool) -> ExitCode:
    """The exit code of a call, and of its results being written."""
    code = code_for(finished.run.results, interrupted=finished.interrupted)
    return code if written or code is not ExitCode.OK else ExitCode.USAGE


def _planned(asked: _Asked, profile: list[str] | None, talking: TalkOptions) -> ExitCode:
    """What would be sent; a session is only looked at."""
    from ....engine.targets.target import one_selection
    from .plan import print_plans

    prompt, options, foresee = asked.prompt, asked.options, None
    if talking.session is not None or talking.go_on:
        from . import talk

        turn = talk.looked_at(talking, asked.settings, asked.keeping)
        options = talk.options_in(turn, options, profile)
        profile = talk.profile_of(turn, profile, asked.settings)
        prompt = turn.prompt(prompt)
        foresee = talk.foresight(turn)
    selection = one_selection(profile, asked.settings)
    as_json, strict = asked.form is Format.JSON, asked.sending.strict_think
    return print_plans([selection], prompt, asked.settings, options, as_json=as_json, strict=strict, foresee=foresee)


def _in_session(asked: _Asked, profile: list[str] | None, talking: TalkOptions, *, yes: bool, count: bool) -> ExitCode:
    """The next turn of a session."""
    from ....engine.targets.target import one_selection, think_values
    from ...output import say
    from . import talk
    from .ready import make_ready

    config = asked.settings
    with talk.held(talking, config, asked.keeping, asked.prompt.system) as held:
        turn = held.turn
        options = talk.options_in(turn, asked.options, profile)
        selection = one_selection(talk.profile_of(turn, profile, config), config)
        prompt = turn.prompt(asked.prompt)
        think = think_values(selection, options.sweep, config)[0]
        ready = make_ready(
            "ask", [selection], prompt, config, options, asked.sending, asked.keeping,
            yes=yes, count=count, turn=turn.head(prompt, selection.profile.name, str(think)),
        )  # fmt: skip
        if isinstance(ready, ExitCode):
            return ready
        if not talk.may_go(turn, ready.jobs, yes=yes, quiet=asked.keeping.quiet):
            say("nothing was sent")
            return ExitCode.USAGE
        finished, written = _answered(asked, ready)
        if finished.run.results[0].answer:
            held.remember(ready.jobs[0])
        return code_of(finished, written)


def _answered(asked: _Asked, ready: ReadyRun) -> tuple[Finished, bool]:
    """Make the call and show what comes; whether all of it could be written."""
    from ....engine.runs.observer import Silent
    from ...formats import print_aftermath, print_notes, print_run
    from .answer_stream import AnswerStream

    printing, keeping = asked.printing, asked.keeping
    streams = printing.output_format is None and not printing.json and printing.output is None
    if streams:
        shown = printing.reasoning is not ReasoningView.NONE and not keeping.quiet
        stream = AnswerStream(ready.jobs[0], show_reasoning=shown)
        with stream:
            finished = ready.run(stream)
        written = True
    else:
        finished = ready.run(Silent())
        written = print_run(finished.run, asked.form, printing.reasoning, printing.output, asked.settings.reference)
    if not keeping.quiet:
        from ...output import aside, is_terminal, show_line, width_aside
        from ...views.run.receipt import receipt_line

        if streams and is_terminal(sys.stderr):
            aside("\n")
        print_notes(finished.run.results, after_comparison=False)
        if finished.run.results[0].attempts:
            show_line(receipt_line(finished.run.results[0], width_aside()))
        print_aftermath(finished)
    return finished, written
