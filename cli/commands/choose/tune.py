"""`thinkdial tune`: which profile and think value is the cheapest that passes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from ...common_options import AsJson, Force, Yes, output_option
from ...exit_codes import ExitCode
from ...files.attached import AS_USUAL, AttachedOptions
from ...options import (
    KEPT,
    UNCHECKED,
    AllowUnpriced,
    CheckOptions,
    Confirm,
    DryRun,
    Emulate,
    JsonMode,
    KeepOptions,
    MaxCost,
    MaxOutput,
    NoStream,
    OutputFormat,
    Profiles,
    Retries,
    SchemaOption,
    StrictThink,
    System,
    ThinkSweep,
    Timeout,
    ToolChoiceOption,
    ToolFiles,
)
from ..batch.options import AllowFiles, InputForm, ProfileCallsAtOnce, TemplateText, Variables

TunedRows = Annotated[
    str | None,
    typer.Argument(metavar="FILE", help="Rows with expect: JSONL or CSV; - reads standard input. Or --from alone."),
]


class AimOptions(Struct, frozen=True):
    """What is to be shown, and with how many rows."""

    target: Annotated[
        float | None,
        typer.Option(
            "--target",
            metavar="RATE",
            help="The pass rate to be reached, such as 0.9, by its lower bound; else: not worse than the best arm.",
        ),
    ] = None
    confidence: Annotated[
        float, typer.Option("--confidence", metavar="SHARE", help="How sure what is said has to be; 0.95 by default.")
    ] = 0.95
    most_rows: Annotated[
        int | None, typer.Option("--rows", metavar="N", min=1, help="Take at most so many rows, at random.")
    ] = None
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Decides the order of the rows.")] = 0
    samples: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="FILE", help="An output of a batch that has some of the samples; repeatable."),
    ] = None


class ResultOptions(Struct, frozen=True):
    """Where results and what they come to are written."""

    output: Annotated[
        Path | None,
        output_option("Keep the results as JSONL; the same command goes on.", is_stdout_else=False),
    ] = None
    force: Force = False
    summary: Annotated[
        list[Path] | None,
        typer.Option("--summary", metavar="FILE", help="Write what was found to a .json, .html or .md; repeatable."),
    ] = None
    save: Annotated[
        str | None,
        typer.Option("--save", metavar="NAME", help="Write what was chosen into your configuration, as this profile."),
    ] = None
    output_format: OutputFormat = None
    json: AsJson = False


AIMED, UNSAVED = AimOptions(), ResultOptions()


def tune(
    rows: TunedRows = None,
    profile: Profiles = None,
    think: ThinkSweep = None,
    aim: AimOptions = AIMED,
    template: TemplateText = None,
    var: Variables = None,
    system: System = None,
    max_output: MaxOutput = None,
    max_cost: MaxCost = None,
    allow_unpriced: AllowUnpriced = False,
    concurrency: ProfileCallsAtOnce = None,
    input_format: InputForm = None,
    timeout: Timeout = None,
    retries: Retries = None,
    no_stream: NoStream = False,
    emulate: Emulate = False,
    schema: SchemaOption = None,
    json_mode: JsonMode = False,
    tool: ToolFiles = None,
    tool_choice: ToolChoiceOption = None,
    strict_think: StrictThink = False,
    checking: CheckOptions = UNCHECKED,
    allow_files: AllowFiles = False,
    attached: AttachedOptions = AS_USUAL,
    results: ResultOptions = UNSAVED,
    confirm: Confirm = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    keeping: KeepOptions = KEPT,
) -> ExitCode:
    """Find the cheapest profile@think that passes the rows' `expect`, with as few calls as that takes.

    Arms that are shown to fail, to be worse or to be dearer are asked no more. It says so when it cannot tell. With
    -o FILE the same command goes on where it has stopped, and pays nothing twice.

    Example:  thinkdial tune rows.jsonl -p claude -p gpt --think low,high --target 0.9 --max-cost 5 -o tune.jsonl
    """
    from ....engine.batch.options import BatchOptions
    from ....engine.doses.chooser import choose_dose
    from ....engine.runs.jobs import Options, shape_in_options, tools_in_options
    from ....engine.runs.money import CostOptions
    from ....engine.trials.options import TrialOptions
    from ....providers.errors import UsageError
    from ...output import check_writable
    from ...selection import load_config, sweep_values
    from ..batch.run import source_of
    from ..run.composition import variable_of
    from ..run.ready import dollars_of
    from .tuned import Asking, Telling, check_form, check_save, run_trial, show_outputs

    telling = Telling(
        check_form(results.output_format, as_json=results.json),
        tuple(results.summary or ()),
        results.save,
        rows or ", ".join(map(str, aim.samples or ())),
        results.output,
        keeping.quiet,
    )
    telling.check(force=results.force)
    asking = Asking(dry_run, confirm, yes)
    asking.check(telling.form)
    if results.output is not None:
        check_writable(results.output)
    if rows is None and not aim.samples:
        raise UsageError("no rows: name a file of rows, each with what is expected", hint="--from FILE alone looks")
    options = TrialOptions(
        batch=BatchOptions(
            source=source_of(rows) if rows is not None else (),
            target=_dropped if results.output is None or (dry_run and not results.output.exists()) else results.output,
            profiles=tuple(profile or ()),
            calls=Options(
                sweep_values(think),
                max_output,
                timeout,
                retries,
                no_stream,
                emulate,
                is_strict=strict_think,
                choose=choose_dose,
                shape=shape_in_options(schema, json_mode),
                tools=tools_in_options(tool, tool_choice),
            ),
            cost=CostOptions(dollars_of(max_cost), allow_unpriced),
            system=system,
            template=template,
            variables=tuple(map(variable_of, var or ())),
            input_form=input_format,
            output_form="jsonl",
            concurrency=concurrency,
            keeps_history=not keeping.no_history,
            config_file=keeping.config,
            expect=checking.expectation(),
            allow_files=allow_files,
            files=attached.wishes,
        ),
        target=aim.target,
        confidence=aim.confidence,
        seed=aim.seed,
        most_rows=aim.most_rows,
        samples_from=tuple(aim.samples or ()),
        gate=checking.gate(),
    )
    settings = load_config(keeping.config, options.batch.profiles, quiet=keeping.quiet, shared=keeping.shared)
    check_save(results.save, settings)
    if rows is None:
        return show_outputs(options, settings, telling)
    return run_trial(options, settings, telling, asking)


def _dropped(line: bytes) -> None:
    """Without -o nothing is kept."""
