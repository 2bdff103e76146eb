"""`thinkdial compare`: the same prompt to many, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ...common_options import Yes
from ...exit_codes import ExitCode, code_for
from ...options import (
    KEPT,
    PRINTED,
    SENT,
    UNCHECKED,
    CheckOptions,
    Confirm,
    CountTokens,
    Differences,
    DryRun,
    Format,
    KeepOptions,
    PrintOptions,
    Profiles,
    PromptArgument,
    ReasoningView,
    Repeat,
    SendOptions,
    ShowAnswers,
    Spend,
    ThinkSweep,
)
from ...talk_options import ALONE, TalkOptions
from .inquiry import TYPED, PromptOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ....engine.api import ReadyRun
    from ....engine.checks.gates import Gate
    from ....engine.runs.jobs import Job
    from ....engine.runs.run import Finished
    from ....engine.targets.target import Selection
    from ....profiles.config import Config
    from ....profiles.profile import Reference
    from ...views.choose.difference import NamedDifference
    from .inquiry import Inquiry
    from .talk import Talk

CallsAtOnce = Annotated[
    int | None,
    typer.Option("--concurrency", metavar="N", min=1, max=4096, help="Calls at once, at most; 64 unless it is said."),
]


def compare(
    prompt: PromptArgument = None,
    profile: Profiles = None,
    think: ThinkSweep = None,
    spend: Spend = None,
    repeat: Repeat = 1,
    prompting: PromptOptions = TYPED,
    sending: SendOptions = SENT,
    confirm: Confirm = False,
    yes: Yes = False,
    count: CountTokens = False,
    concurrency: CallsAtOnce = None,
    dry_run: DryRun = False,
    checking: CheckOptions = UNCHECKED,
    diff: Differences = False,
    answers: ShowAnswers = ReasoningView.FULL,
    printing: PrintOptions = PRINTED,
    talking: TalkOptions = ALONE,
    keeping: KeepOptions = KEPT,
) -> ExitCode:
    """Send one prompt to many profiles and show reasoning, answers, time and cost side by side.

    With --session or -c all get the conversation so far; `thinkdial session pick` goes on with one of the answers.

    Example:  thinkdial compare "Is 91 prime?" -p claude -p gpt -p gemini --think off,low,high
    """
    from ....engine.runs.samples import with_samples
    from ....engine.targets.target import select
    from ....providers.errors import UsageError
    from ...formats import chosen_format
    from ...output import noting
    from ...selection import load_config, sweep_values
    from .inquiry import Inquiry, prompt_of
    from .ready import make_ready, options_of

    form = chosen_format(printing.output_format, printing.json, printing.output, Format.TABLE, force=printing.force)
    if diff and form in (Format.JSONL, Format.CSV):
        raise UsageError(f"--diff does not go with --format {form}", hint="it goes with table, json, md, html and text")
    sweep = sweep_values(think, spend)
    settings = load_config(keeping.config, profile or [], quiet=keeping.quiet, shared=keeping.shared)
    selections = select(profile or [], settings)
    given = prompt_of(prompting, prompt, sending, settings, noting(quiet=keeping.quiet))
    note = noting(quiet=keeping.quiet)
    options = with_samples(options_of(sending, sweep, settings), repeat, profile or [], settings, note)
    expect, gate = checking.expectation(), checking.gate()
    foresee = None
    if talking.in_session():
        from ....engine.sessions.voices import labelled
        from . import talk

        turn = talk.looked_at(talking, settings, no_history=keeping.no_history)
        if not dry_run:
            asked = Inquiry(settings, given, options, form, sending, printing, keeping, "compare", talking, checking)
            return compare_in_session(
                asked, talk.Talk(turn), selections, confirm=confirm, yes=yes, count=count, at_once=concurrency,
                with_differences=diff, answers=answers,
            )  # fmt: skip
        given, options = talk.prompt_in(turn, given, talking), labelled(turn, options)
        foresee = talk.foresight(turn)
    if dry_run:
        from .plan import print_plans

        as_json, strict = form is Format.JSON, sending.strict_think
        return print_plans(
            selections, given, settings, options, as_json=as_json, strict=strict, foresee=foresee, expect=expect
        )
    ready = make_ready(
        "compare", selections, given, settings, options, sending, keeping,
        confirm=confirm, yes=yes, count=count, at_once=concurrency, expect=expect,
    )  # fmt: skip
    if isinstance(ready, ExitCode):
        return ready
    strict = sending.strict_think
    return make_and_show(
        ready,
        form,
        printing,
        quiet=keeping.quiet,
        reference=settings.reference,
        gate=gate,
        strict=strict,
        with_differences=diff,
        answers=answers,
        config=settings,
    )


def compare_in_session(
    asked: Inquiry,
    talk: Talk,
    selections: Sequence[Selection],
    *,
    confirm: bool = False,
    yes: bool = False,
    count: bool = False,
    at_once: int | None = None,
    after: Callable[[Finished], None] | None = None,
    with_differences: bool = False,
    answers: ReasoningView = ReasoningView.FULL,
) -> ExitCode:
    """Put the conversation so far to many; `after` hears how that ended, and else it is said how one is picked."""
    from ....engine.sessions.voices import labelled
    from ...output import say
    from . import talk as talks
    from .ready import make_ready

    turn, config, quiet = talk.turn, asked.settings, asked.keeping.quiet
    prompt = talks.prompt_in(turn, asked.prompt, asked.talking)
    ready = make_ready(
        "compare", selections, prompt, config, labelled(turn, asked.options), asked.sending, asked.keeping,
        confirm=confirm, yes=yes, count=count, at_once=at_once, spent_usd=talk.spent_usd,
        expect=asked.checking.expectation(),
    )  # fmt: skip
    if isinstance(ready, ExitCode):
        return ready
    if not talks.may_go(talk, ready.jobs, yes=yes, quiet=quiet):
        say("nothing was sent")
        return ExitCode.USAGE

    def noted(finished: Finished) -> None:
        talk.count(finished)
        talks.note_compared(turn, finished, quiet=quiet or after is not None)
        if after is not None:
            after(finished)

    return make_and_show(
        ready, asked.form, asked.printing, quiet=quiet, reference=config.reference, after=noted,
        gate=asked.checking.gate(), strict=asked.sending.strict_think, with_differences=with_differences,
        answers=answers, config=config,
    )  # fmt: skip


def make_and_show(
    ready: ReadyRun,
    form: Format,
    printing: PrintOptions,
    *,
    quiet: bool,
    reference: Reference | None = None,
    after: Callable[[Finished], None] | None = None,
    gate: Gate | None = None,
    strict: bool = False,
    with_differences: bool = False,
    answers: ReasoningView = ReasoningView.FULL,
    config: Config | None = None,
) -> ExitCode:
    """Make the calls, with a live view where there is a terminal, and print the results. Gives their exit code.

    `after` hears how the run ended, once it is shown. A `gate` that fails, or `strict` where thinking that was asked
    for was not seen, is told on stderr and in the exit code.
    """
    import sys
    from functools import partial

    from ....engine.runs.observer import Silent
    from ...formats import print_aftermath, print_notes, print_run
    from ...output import console, is_terminal, say

    live = not quiet and is_terminal(sys.stderr)
    if live:
        from ...views.streams.live import LiveCompare

        titles, cells = _titles(ready.jobs)
        observer = LiveCompare(console(stderr=True), titles, cells=cells)
        with observer:
            finished = ready.run(observer)
    else:
        finished = ready.run(Silent())
    differences: Sequence[NamedDifference] = ()
    if with_differences:
        from ...views.choose.difference import first_with_others

        differences = first_with_others(finished.run)
    from ...framework.pager import show_text

    show = show_text if config is None else partial(show_text, variables=partial(_key_variables, config))
    written = print_run(finished.run, form, printing, reference, differences, answers=answers, show=show)
    if not quiet:
        print_notes(finished.run.results, after_comparison=form is Format.TABLE)
        if finished.interrupted:
            say("interrupted: what had come is shown and marked")
        print_aftermath(finished)
        if finished.number is not None and is_terminal(sys.stderr):
            say(f"run {finished.number}: thinkdial open {finished.number}")
    if after is not None:
        after(finished)
    code = code_for(finished.run.results, interrupted=finished.interrupted)
    if not written and code is ExitCode.OK:
        return ExitCode.USAGE
    if gate is None and not strict:
        return code
    from ...gates import gated

    return gated(code, finished.run.results, gate, strict=strict)


def _key_variables(config: Config) -> frozenset[str]:
    from ....engine.targets.bare_environment import key_variables

    return key_variables(config)


def _titles(jobs: Sequence[Job]) -> tuple[list[str], list[int]]:
    """What each call is called while it goes on, and which cell it is a sample of."""
    from ...views.numbers import think_words

    cells = [sum((job.repeat or 1) == 1 for job in jobs[: at + 1]) - 1 for at in range(len(jobs))]
    names = [job.profile for job in jobs if (job.repeat or 1) == 1]
    titles = [
        job.profile if names.count(job.profile) == 1 else f"{job.profile} @{think_words(job.think)}" for job in jobs
    ]
    return titles, cells
