"""`thinkdial ask`: one profile; the answer streams to stdout, the reasoning and the receipt go to stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...common_options import Yes
from ...exit_codes import ExitCode
from ...options import (
    KEPT,
    PRINTED_IN_FULL,
    SENT,
    UNCHECKED,
    CheckOptions,
    CountTokens,
    DryRun,
    Escalate,
    Format,
    KeepOptions,
    OneProfile,
    PrintOptions,
    PromptArgument,
    SendOptions,
    Spend,
    ThinkOne,
    ToolOutputs,
)
from ...talk_options import ALONE, TalkOptions
from .inquiry import TYPED, PromptOptions, outputs_in

if TYPE_CHECKING:
    from ....engine.planning.prepare import Prompt
    from ....engine.sessions.tool_outputs import Outputs
    from ....engine.targets.target import Selection
    from ....providers.schema import Json
    from .inquiry import Inquiry


def ask(
    prompt: PromptArgument = None,
    profile: OneProfile = None,
    think: ThinkOne = None,
    spend: Spend = None,
    prompting: PromptOptions = TYPED,
    sending: SendOptions = SENT,
    yes: Yes = False,
    count: CountTokens = False,
    dry_run: DryRun = False,
    checking: CheckOptions = UNCHECKED,
    escalate: Escalate = None,
    tool_output: ToolOutputs = None,
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
    from ...selection import load_config, one_sweep, or_the_ready_one
    from .answer import answer
    from .inquiry import Inquiry, prompt_of
    from .ready import make_ready, options_of

    form = chosen_format(printing.output_format, printing.json, printing.output, Format.TEXT, force=printing.force)
    sweep = one_sweep(think, spend)
    settings = load_config(keeping.config, profile or [], quiet=keeping.quiet, shared=keeping.shared)
    in_session = talking.in_session()
    note = noting(quiet=keeping.quiet)
    if not in_session:
        profile = or_the_ready_one(profile, settings, note)
    selection = None if in_session else one_selection(profile, settings)
    outputs = outputs_in(tool_output)
    given = _given(outputs, in_session, prompting, prompt, sending) or prompt_of(
        prompting, prompt, sending, settings, note
    )
    options, expect, _ = options_of(sending, sweep, settings), checking.expectation(), checking.gate()
    asked = Inquiry(
        settings, given, options, form, sending, printing, keeping, talking=talking, checking=checking, outputs=outputs
    )
    if dry_run:
        return _planned(asked, profile, talking, escalate)
    if escalate is not None:
        return _escalated(asked, selection, escalate, expect, yes=yes, count=count)
    if selection is None:
        return _in_session(asked, profile, talking, yes=yes, count=count)
    ready = make_ready(
        "ask", [selection], given, settings, options, sending, keeping, yes=yes, count=count, expect=expect
    )
    return ready if isinstance(ready, ExitCode) else answer(asked, ready).code()


def _given(
    outputs: Outputs, in_session: bool, prompting: PromptOptions, prompt: str | None, sending: SendOptions
) -> Prompt | None:
    """A prompt without words, where outputs of tools are all that is said; else None. Raises `UsageError`."""
    from ....engine.planning.prepare import Prompt, checked_text
    from ....providers.errors import UsageError

    if not outputs:
        return None
    if not in_session:
        raise UsageError("--tool-output answers calls of a session", hint="say which: --session NAME, or -c")
    if prompt is not None or sending.file or sending.attach or not prompting.is_plain:
        return None
    return Prompt("", checked_text(sending.system, "--system") if sending.system else None)


def _escalated(
    asked: Inquiry, selection: Selection | None, levels: str, expect: Json | None, *, yes: bool, count: bool
) -> ExitCode:
    """One level after the other, until an answer passes."""
    from ....providers.errors import UsageError
    from ...selection import sweep_values
    from .escalation import escalate

    if selection is None:
        raise UsageError("--escalate is for a question by itself: a session would have a turn for each attempt")
    return escalate(asked, selection, sweep_values(levels), expect, yes=yes, count=count)


def _planned(asked: Inquiry, profile: list[str] | None, talking: TalkOptions, escalate: str | None) -> ExitCode:
    """What would be sent; a session is only looked at."""
    from ....engine.targets.target import one_selection
    from .plan import print_plans

    prompt, options, foresee = asked.prompt, asked.options, None
    if talking.in_session():
        from ....engine.sessions.voices import options_in, profiles_in
        from . import talk

        turn = talk.looked_at(talking, asked.settings, no_history=asked.keeping.no_history, begins=True)
        options = options_in(turn, options, profile)
        profile = profiles_in(turn, profile, asked.settings)
        prompt = talk.prompt_in(turn, prompt, talking, asked.outputs)
        foresee = talk.foresight(turn)
    selection = one_selection(profile, asked.settings)
    if escalate is not None:
        from msgspec.structs import replace

        from ....engine.runs.checks.climb import ladder_for
        from ...selection import sweep_values

        ladder = ladder_for(selection, sweep_values(escalate), asked.checking.expectation(), options.sweep)
        options = replace(options, sweep=ladder)
    as_json, strict = asked.form is Format.JSON, asked.sending.strict_think
    return print_plans(
        [selection], prompt, asked.settings, options,
        as_json=as_json, strict=strict, foresee=foresee, expect=asked.checking.expectation(),
    )  # fmt: skip


def _in_session(asked: Inquiry, profile: list[str] | None, talking: TalkOptions, *, yes: bool, count: bool) -> ExitCode:
    """The next turn of a session."""
    from . import talk
    from .answer import answer_in_session

    with talk.held(talking, asked.settings, asked.keeping, asked.prompt.system) as held:
        answered = answer_in_session(asked, held, profile, yes=yes, count=count)
    return answered if isinstance(answered, ExitCode) else answered.code()
