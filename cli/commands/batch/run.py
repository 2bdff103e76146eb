"""`thinkdial batch run`: rows x profiles x think values, here, at the providers, or over a cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct
from msgspec.structs import replace

from ...common_options import Force
from ...exit_codes import ExitCode
from ...files.attached import AS_USUAL, AttachedOptions
from ...options import (
    KEPT,
    UNCHECKED,
    AllowUnpriced,
    CheckOptions,
    Emulate,
    Escalate,
    JsonMode,
    KeepOptions,
    MaxCost,
    MaxOutput,
    MaxRounds,
    NoStream,
    Profiles,
    Repeat,
    Retries,
    RunTools,
    SchemaOption,
    ServerTools,
    ShapeWith,
    Spend,
    StrictThink,
    System,
    ThinkSweep,
    ThinkThenShape,
    Timeout,
    ToolChoiceOption,
    ToolFiles,
)
from .options import (
    AllowFiles,
    BatchForm,
    BatchTarget,
    InputForm,
    Ordered,
    Poll,
    ProfileCallsAtOnce,
    ShardName,
    TemplateText,
    Variables,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....engine.batch.options import BatchOptions, Workers
    from ....profiles.config import Config
    from ....providers.think import Think

PROVIDER, RAY = "provider", "ray"

Input = Annotated[str, typer.Argument(metavar="FILE", help="Rows: JSONL, CSV or plain lines; - reads standard input.")]
TemplateName = Annotated[
    str | None, typer.Option("-T", "--use", metavar="NAME", help="The prompt from this template of your configuration.")
]


class ProviderOptions(Struct, frozen=True):
    """Whether the rows go to the providers' batch APIs, and what then."""

    via: Annotated[
        str | None,
        typer.Option("--via", metavar="provider", help="provider: hand the rows to the providers' own batch APIs."),
    ] = None
    wait: Annotated[bool, typer.Option("--wait", help="With --via: wait for the results, then write them.")] = False
    poll: Poll = None


class SpreadOptions(Struct, frozen=True):
    """Who makes the calls: this process, others of this machine, or workers of a cluster."""

    engine: Annotated[
        str | None, typer.Option("--engine", metavar="ray", help="ray: spread the rows over a Ray cluster.")
    ] = None
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", min=1, help="With --engine ray: workers in all; else one for each CPU."),
    ] = None
    processes: Annotated[
        int | None,
        typer.Option("--processes", metavar="N", min=1, help="Have N processes of this machine make the calls."),
    ] = None
    send_keys: Annotated[
        bool,
        typer.Option("--send-keys", help="With --engine ray over TLS or loopback: send keys along, sealed."),
    ] = False

    def wanted(self) -> Workers | None:
        """The workers; None where this process makes the calls. Raises `UsageError`."""
        from ....engine.batch.options import Workers
        from ....providers.errors import UsageError, did_you_mean

        if self.engine not in (None, RAY):
            raise UsageError(
                f"--engine {self.engine}: is not known{did_you_mean(self.engine, (RAY,))}",
                hint="--engine ray, or none",
            )
        if self.engine is None:
            for option, given in (("--workers", self.workers is not None), ("--send-keys", self.send_keys)):
                if given:
                    raise UsageError(f"{option} is for --engine ray", hint="--processes N is for this machine alone")
            return None if self.processes is None else Workers(self.processes)
        if self.processes is not None:
            raise UsageError("--processes is for this machine alone", hint="--engine ray has --workers N")
        return Workers(self.workers, on_cluster=True, sends_keys=self.send_keys)


class PartOptions(Struct, frozen=True):
    """How large the parts of an output are, where it consists of parts."""

    part_rows: Annotated[
        int, typer.Option("--part-rows", metavar="N", min=1, help="Results in one part, of s3://... or a .parquet.")
    ] = 1000
    part_seconds: Annotated[
        float, typer.Option("--part-seconds", metavar="SECONDS", min=0.1, help="Write a part at least so often.")
    ] = 60.0


AT_NO_PROVIDER, NOT_SPREAD, PARTED = ProviderOptions(), SpreadOptions(), PartOptions()


def run(
    rows: Input,
    profile: Profiles = None,
    think: ThinkSweep = None,
    spend: Spend = None,
    repeat: Repeat = 1,
    output: BatchTarget = None,
    shard: ShardName = None,
    template: TemplateText = None,
    use: TemplateName = None,
    var: Variables = None,
    system: System = None,
    max_output: MaxOutput = None,
    max_cost: MaxCost = None,
    allow_unpriced: AllowUnpriced = False,
    concurrency: ProfileCallsAtOnce = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run those rows again too whose results in -o FILE have failed.")
    ] = False,
    ordered: Ordered = False,
    window: Annotated[
        int, typer.Option("--window", metavar="N", min=1, help="With --ordered on a pipe: results that may wait.")
    ] = 10_000,
    input_format: InputForm = None,
    output_format: BatchForm = None,
    summary: Annotated[
        list[Path] | None,
        typer.Option("--summary", metavar="FILE", help="Write the end summary to a .json, .html or .md; repeatable."),
    ] = None,
    force: Force = False,
    timeout: Timeout = None,
    retries: Retries = None,
    no_stream: NoStream = False,
    emulate: Emulate = False,
    schema: SchemaOption = None,
    json_mode: JsonMode = False,
    server_tool: ServerTools = None,
    run_tools: RunTools = None,
    max_rounds: MaxRounds = None,
    tool: ToolFiles = None,
    tool_choice: ToolChoiceOption = None,
    think_then_shape: ThinkThenShape = False,
    shape_with: ShapeWith = None,
    strict_think: StrictThink = False,
    checking: CheckOptions = UNCHECKED,
    escalate: Escalate = None,
    allow_files: AllowFiles = False,
    attached: AttachedOptions = AS_USUAL,
    provider: ProviderOptions = AT_NO_PROVIDER,
    spreading: SpreadOptions = NOT_SPREAD,
    parted: PartOptions = PARTED,
    keeping: KeepOptions = KEPT,
) -> ExitCode:
    """Send every row to every profile with every think value; one result a line, as results come.

    A row is a prompt, a chat (`messages`), or fields for --template or -T; it may have id, system, think, profile,
    max_output and expect. With -o FILE the same command goes on where an earlier run has stopped.

    Example:  cat rows.jsonl | thinkdial batch - -p claude -p gpt --think low -o results.jsonl
    """
    from ....engine.batch.options import BatchOptions, placed
    from ....engine.batch.output.target import output_form
    from ....engine.batch.storage.lines import parts_form
    from ....engine.doses.chooser import choose_dose
    from ....engine.runs.jobs import (
        Options,
        second_call_in_options,
        server_tools_in,
        shape_in_options,
        tools_in_options,
    )
    from ....engine.runs.money import CostOptions
    from ....engine.runs.samples import with_samples
    from ....providers.errors import UsageError, did_you_mean
    from ...files.output_files import check_replaceable
    from ...output import check_writable, noting
    from ...selection import load_config, sweep_values
    from ..run.composition import variable_of
    from ..run.ready import dollars_of, with_run_tools
    from .listener import standard_output
    from .summary import check_summary_paths

    summaries, (target, own_shard) = tuple(summary or ()), placed(output, shard)
    has_parts = parts_form(output_format, target) is not None
    if isinstance(target, Path | None) and not has_parts:
        output_form(output_format, target)
    check_summary_paths(summaries)
    workers = spreading.wanted()
    if workers is not None and provider.via is not None:
        raise UsageError("--via leaves nothing to workers: leave out --processes and --engine")
    if provider.via not in (None, PROVIDER):
        hint = "--via provider uses the providers' own batch APIs"
        raise UsageError(
            f"--via {provider.via}: is not known{did_you_mean(provider.via or '', (PROVIDER,))}", hint=hint
        )
    for path in summaries:
        check_replaceable(path, force=force)
    if isinstance(target, Path) and not has_parts:
        check_writable(target)
    is_here, gate = provider.via is None, checking.gate()
    if not is_here and (gate is not None or strict_think):
        option = "--fail-on" if gate is not None else "--strict-think"
        raise UsageError(f"{option} is for batches whose calls are made here", hint="leave out --via")
    if not is_here and (own_shard is not None or has_parts):
        option = "--shard" if own_shard is not None else f"-o {target}"
        raise UsageError(f"{option} is for batches whose calls are made here", hint="leave out --via")
    if not is_here and (think_then_shape or shape_with is not None):
        option = "--think-then-shape" if think_then_shape else "--shape-with"
        raise UsageError(f"{option} is for batches whose calls are made here", hint="leave out --via")
    options = BatchOptions(
        source=source_of(rows),
        target=target if target is not None or not is_here else standard_output(),
        profiles=tuple(profile or ()),
        calls=Options(
            sweep_values(think, spend),
            max_output,
            timeout,
            retries,
            no_stream,
            emulate,
            is_strict=strict_think,
            shape=shape_in_options(schema, json_mode),
            server_tools=server_tools_in(server_tool),
            tools=tools_in_options(tool, tool_choice),
            shape_with=second_call_in_options(think_then_shape, shape_with),
            choose=choose_dose,
        ),
        cost=CostOptions(dollars_of(max_cost), allow_unpriced),
        system=system,
        template=template,
        variables=tuple(map(variable_of, var or ())),
        input_form=input_format,
        output_form=output_format,
        concurrency=concurrency,
        retry_failed=retry_failed,
        ordered=ordered,
        window=window,
        keeps_history=not keeping.no_history,
        config_file=keeping.config,
        expect=checking.expectation(),
        allow_files=allow_files,
        files=attached.wishes,
        is_local=is_here,
        gate=gate,
        escalate=_levels(escalate, think, is_here=is_here),
        workers=workers,
        shard=own_shard,
        part_rows=parted.part_rows,
        part_s=parted.part_seconds,
    )
    quiet = keeping.quiet
    settings = load_config(keeping.config, options.profiles, quiet=quiet, shared=keeping.shared)
    if use is not None:
        options = with_template(options, use, settings)
    calls = with_samples(options.calls, repeat, options.profiles, settings, noting(quiet=quiet))
    options = replace(options, calls=with_run_tools(calls, run_tools, max_rounds, settings))
    if provider.via is not None:
        from .submission import submit

        return submit(options, settings, summaries, waits=provider.wait, poll_s=provider.poll, quiet=quiet)
    return _run_here(options, settings, summaries, quiet=quiet)


def with_template(options: BatchOptions, name: str, config: Config) -> BatchOptions:
    """The batch with a template of the configuration. Raises `UsageError` beside `--template`, `ConfigError`."""
    from ....profiles.prompts.templates import template_named
    from ....providers.errors import UsageError

    if options.template is not None:
        raise UsageError("-T names a template, --template is one: say one of them")
    found = template_named(name, config.templates)
    given = {**found.variables, **dict(options.variables)}
    return replace(
        options, template=found.prompt, variables=tuple(given.items()), system=options.system or found.system
    )  # fmt: skip


def _run_here(options: BatchOptions, config: Config, summaries: Sequence[Path], *, quiet: bool) -> ExitCode:
    from ....engine.batch.run import ready_batch
    from ...output import forget, is_terminal
    from ...views.batch.progress import watcher_for
    from .listener import SpokenLines
    from .summary import finish

    try:
        with ready_batch(options, config, SpokenLines(quiet)) as ready:
            beside_results = not ready.has_memory and is_terminal(sys.stdout)
            end = ready.run(watcher_for(quiet, how_far=ready.input.source.share, beside_results=beside_results))
            return finish(end, options, summaries, quiet=quiet)
    except BrokenPipeError:  # before anything was sent
        forget(sys.stdout)
        return ExitCode.BROKEN_PIPE


def source_of(rows: str) -> str | int:
    """Where the rows are read from. Raises `UsageError` where there is no standard input."""
    from ....providers.errors import UsageError

    if rows != "-":
        return rows
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] it was closed before we began
        raise UsageError("standard input is closed", hint="name a file")
    try:
        return sys.stdin.fileno()
    except (OSError, ValueError) as error:
        raise UsageError(f"standard input cannot be read: {error}") from None


def _levels(escalate: str | None, think: str | None, *, is_here: bool) -> tuple[Think, ...]:
    """The think values that rows go up. Raises `UsageError`."""
    if escalate is None:
        return ()
    from ....engine.checks.escalation import checked_levels
    from ....providers.errors import UsageError
    from ...selection import sweep_values

    if think is not None:
        raise UsageError("--escalate says the think values: leave out --think")
    if not is_here:
        raise UsageError("--escalate is for batches whose calls are made here", hint="leave out --via")
    return checked_levels(sweep_values(escalate))
