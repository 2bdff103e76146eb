"""`thinkdial plan`: what each profile would send, and what it may cost. Nothing is sent, except to count tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...common_options import AsJson, ConfigFile, Quiet
from ...exit_codes import ExitCode
from ...options import (
    AsIs,
    Attach,
    Convert,
    CountTokens,
    Detail,
    Emulate,
    Files,
    JsonMode,
    MaxOutput,
    NoStream,
    Profiles,
    PromptArgument,
    RemoteUrls,
    Repeat,
    SchemaOption,
    ServerTools,
    ShapeWith,
    Spend,
    StrictThink,
    System,
    ThinkSweep,
    ThinkThenShape,
    ToolChoiceOption,
    ToolFiles,
    Upload,
)
from ...talk_options import ALONE, TalkOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ....engine.planning.prepare import Prepared, Prompt
    from ....engine.results.result import Forecast
    from ....engine.runs.checks.judge_calls import JudgeCalls
    from ....engine.runs.jobs import Options
    from ....engine.runs.plans import PlannedCall
    from ....engine.sessions.context.outlook import Outlook
    from ....engine.targets.target import Selection
    from ....profiles.config import Config
    from ....providers.schema import Json

PLACEHOLDER = "(your prompt)"


def plan(
    prompt: PromptArgument = None,
    profile: Profiles = None,
    think: ThinkSweep = None,
    spend: Spend = None,
    repeat: Repeat = 1,
    file: Files = None,
    attach: Attach = None,
    remote_urls: RemoteUrls = False,
    convert: Convert = False,
    as_is: AsIs = False,
    detail: Detail = "high",
    upload: Upload = False,
    system: System = None,
    max_output: MaxOutput = None,
    no_stream: NoStream = False,
    strict_think: StrictThink = False,
    emulate: Emulate = False,
    schema: SchemaOption = None,
    json_mode: JsonMode = False,
    server_tool: ServerTools = None,
    tool: ToolFiles = None,
    tool_choice: ToolChoiceOption = None,
    think_then_shape: ThinkThenShape = False,
    shape_with: ShapeWith = None,
    count: CountTokens = False,
    json: AsJson = False,
    talking: TalkOptions = ALONE,
    config: ConfigFile = None,
    quiet: Quiet = False,
) -> ExitCode:
    """Show the exact native fields each profile would send, what was lost in translation, and a cost range.

    No network and no key is needed, except for --count. Without -p every profile is planned; --json has the whole
    request and every figure's source. In a session it shows what becomes of earlier turns, too.

    Example:  thinkdial plan -p claude -p gemini --think off,high,8k
    """
    from ....engine.planning.prepare import Prompt
    from ....engine.runs.jobs import (
        Options,
        second_call_in_options,
        server_tools_in,
        shape_in_options,
        tools_in_options,
    )
    from ....engine.targets.target import select
    from ....providers.errors import UsageError
    from ...output import noting
    from ...prompt import Beside, read_prompt
    from ...selection import load_config, sweep_values

    sweep = sweep_values(think, spend)
    settings = load_config(config, profile or [], quiet=quiet)
    options = Options(
        sweep, max_output, no_stream=no_stream, emulate=emulate, shape=shape_in_options(schema, json_mode),
        server_tools=server_tools_in(server_tool), tools=tools_in_options(tool, tool_choice),
        shape_with=second_call_in_options(think_then_shape, shape_with),
    )  # fmt: skip
    if repeat > 1 or len(set(profile or ())) < len(profile or ()):
        from ....engine.runs.samples import with_samples

        options = with_samples(options, repeat, profile or [], settings, noting(quiet=quiet))
    turn = foresee = None
    if talking.in_session():
        from ....engine.sessions.voices import options_in, profiles_in
        from . import talk

        turn = talk.looked_at(talking, settings)
        options = options_in(turn, options, profile)
        profile = profiles_in(turn, profile, settings)
    chosen = profile or list(settings.defaults.profiles)
    names = chosen or list(settings.profiles)
    selections = select(names, settings)
    given = prompt is not None or file or attach
    if count and not given:
        raise UsageError("--count needs a prompt to count", hint='thinkdial plan "..." --count, or -f FILE')
    note = noting(quiet=quiet)
    beside = Beside(attach or [], remote_urls, convert, as_is, detail, upload)
    asked = read_prompt(prompt, file or [], system, note, beside) if given else Prompt(PLACEHOLDER, system)
    if turn is not None:
        from . import talk

        asked, foresee = talk.prompt_in(turn, asked, talking), talk.foresight(turn)
    # Of all profiles, those that still lack something of the user's are mentioned; one that was named must be planned.
    return print_plans(
        selections,
        asked,
        settings,
        options,
        as_json=json,
        strict=strict_think,
        tolerant=not chosen,
        quiet=quiet,
        count=count,
        foresee=foresee,
    )


def print_plans(
    selections: Sequence[Selection],
    prompt: Prompt,
    config: Config,
    options: Options,
    *,
    as_json: bool,
    strict: bool = False,
    tolerant: bool = False,
    quiet: bool = False,
    count: bool = False,
    foresee: Callable[[Prepared, Forecast], Outlook] | None = None,
    expect: Json | None = None,
) -> ExitCode:
    """Plan everything and print it; what cannot be planned is said on stderr, and unless `tolerant` in the exit code.

    `count` asks the providers how many tokens the prompt has. `foresee` gives the outlook of the session that the calls
    go on with. `expect` is what answers are to be held against, by judges perhaps. Raises `ConfigError` when nothing
    can be planned.
    """

    from ....engine.runs.plans import plan_calls
    from ....engine.targets.target import wants_dose
    from ...output import complain, emit, noting, rendered, say, spread

    note = noting(quiet=quiet)
    if wants_dose(selections, options.sweep, config):
        from msgspec.structs import replace

        from ....engine.doses.chooser import choose_dose

        options = replace(options, choose=choose_dose)

    if options.shape_with is not None:
        from ....engine.runs.beside.second_call import demand_schema, settled

        demand_schema(options, selections)
        options = settled(options, config, [one.profile.name for one in selections], note)

    def counted(plans: Sequence[Prepared]) -> dict[int, int]:
        from ....engine.exchange.surroundings import run_loop
        from ....engine.runs.forecasts import count_plans

        return run_loop(count_plans(plans, note))

    fit = None
    if prompt.past is not None:
        from ....engine.sessions.context.fit import fitted_now

        fit = fitted_now
    entries, problems = plan_calls(
        selections, prompt, config, options, note=note, count=counted if count else None, fit=fit
    )
    if problems and not entries:
        from ....providers.errors import joined

        raise joined(problems)
    outlooks = [] if foresee is None else [foresee(entry.prepared, entry.forecast) for entry in entries]
    judges = () if tolerant else _judges(selections, prompt, config, entries, expect, options)
    if options.shape_with is not None:
        from ....engine.runs.beside.second_call import ShapeRound

        answers = [entry.forecast for entry in entries for _ in range(entry.samples)]
        judges = (*judges, *ShapeRound(config, options, {}).calls(answers, prompt.text))
    if as_json:
        from ....engine.runs.plan_documents import plan_document
        from ...formats import json_text

        emit(json_text(plan_document(entries, outlooks, judges)))
    else:
        from ...views.run.plans import plans_view

        emit(spread(lambda width: plans_view(entries, width, judges)))
        if outlooks:
            emit("\n")
        for outlook in outlooks:
            from ...views.sessions.outlook import outlook_view

            emit(rendered(outlook_view(outlook)))
    for problem in problems:
        if not tolerant:
            complain(problem)
        elif not quiet:
            say(f"left out: {problem.message}")
    if strict and any(not entry.prepared.plan.is_strict for entry in entries):
        return ExitCode.STRICT_PLAN
    if problems and not tolerant:
        from ....providers.errors import UsageError

        return ExitCode.USAGE if any(isinstance(one, UsageError) for one in problems) else ExitCode.SOME_FAILED
    return ExitCode.OK


def _judges(
    selections: Sequence[Selection], prompt: Prompt, config: Config, entries: Sequence[PlannedCall],
    expect: Json | None, options: Options,
) -> tuple[JudgeCalls, ...]:  # fmt: skip
    """What judges of the answers would be asked. Raises `UsageError` and `ConfigError` for what cannot be judged."""
    if expect is None and all(selection.profile.expect is None for selection in selections):
        return ()
    import os

    from ....engine.runs.checks.round import check_round

    checks = check_round(selections, config, expect, options, os.environ)
    answers = [(one.prepared.target.profile.name, one.forecast) for one in entries for _ in range(one.samples)]
    return () if checks is None else checks.judge_calls(answers, prompt)
