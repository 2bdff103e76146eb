"""`thinkdial dose`: what each think value of a model took, from the history; `--measure` asks for what is missing."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...common_options import AsJson, ConfigFile, Force, Quiet, output_option
from ...exit_codes import ExitCode
from ...options import AllowUnpriced, Files, MaxCost, Profiles, PromptArgument, System

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....engine.doses.curves import DoseCurve
    from ....engine.doses.measure import Measurement
    from ....engine.planning.prepare import Prompt
    from ....engine.runs.money import CostOptions
    from ....engine.targets.target import Selection
    from ....profiles.config import Config
    from ....providers.think import Think

MOST_WANTED = 200


class DoseFormat(StrEnum):
    """How dose curves are printed."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"


def dose(
    prompt: PromptArgument = None,
    profile: Profiles = None,
    think: Annotated[
        str | None, typer.Option("--think", "-t", metavar="VALUES", help="Only these think values; a comma list.")
    ] = None,
    measure: Annotated[
        int | None,
        typer.Option(
            "--measure",
            metavar="N",
            min=1,
            max=MOST_WANTED,
            help="Ask until each think value has N answers; needs --max-cost. Run again, it goes on.",
        ),
    ] = None,
    max_cost: MaxCost = None,
    allow_unpriced: AllowUnpriced = False,
    file: Files = None,
    system: System = None,
    output_format: Annotated[DoseFormat | None, typer.Option("--format", help="How to print the curves.")] = None,
    json: AsJson = False,
    output: Annotated[Path | None, output_option("Write the curves to a file, as dose.html.")] = None,
    force: Force = False,
    config: ConfigFile = None,
    quiet: Quiet = False,
) -> ExitCode:
    """Draw reasoning tokens, time and cost by think value, from your own history, without a call.

    Without -p every model in the history is drawn. With a PROMPT only answers to it count. Neighbouring values whose
    reasoning is not shown to differ are marked. --measure asks the prompt, or a few short ones that are shipped.

    Example:  thinkdial dose -p claude -p gpt --measure 8 --max-cost 0.50
    """
    from ....engine.doses.dose import dose_curves, only_thinks
    from ....engine.runs.money import CostOptions, usd_of
    from ....engine.targets.target import select
    from ....providers.errors import UsageError
    from ...output import noting
    from ...prompt import read_prompt
    from ...selection import load_config, sweep_values

    form = _format(output_format, json, output, force=force)
    thinks = sweep_values(think)
    settings = load_config(config, profile or [], quiet=quiet)
    given = prompt is not None or bool(file)
    own = [read_prompt(prompt, file or [], system, noting(quiet=quiet))] if given else None
    measured: Measurement | None = None
    if measure is not None:
        names = profile or list(settings.defaults.profiles)
        if not names:
            raise UsageError("--measure needs to know whom to ask", hint="thinkdial dose -p NAME --measure 8 ...")
        if max_cost is None:
            raise UsageError("--measure spends money: say how much at most", hint="for instance --max-cost 0.50")
        selections = select(names, settings)
        cost = CostOptions(usd_of(max_cost, "--max-cost"), allow_unpriced)
        measured = _measured(selections, settings, own, measure, thinks, cost, system, quiet)
    elif max_cost is not None:
        raise UsageError("--max-cost is for --measure: without it nothing is called")
    else:
        selections = select(profile, settings) if profile else []
    _print(only_thinks(dose_curves(selections, settings, prompts=own), thinks), form, output)
    return ExitCode.OK if measured is None else _told(measured, quiet=quiet)


def _measured(
    selections: Sequence[Selection],
    config: Config,
    own: Sequence[Prompt] | None,
    wanted: int,
    thinks: Sequence[Think],
    cost: CostOptions,
    system: str | None,
    quiet: bool,
) -> Measurement:
    from ....engine.dose_calls import measure_doses
    from ...output import noting, say

    def heard(ended: int, total: int) -> None:
        if not quiet:
            say(f"measuring: {ended} of {total} calls")

    return measure_doses(
        selections, config, wanted, cost,
        prompts=own, system=system, thinks=thinks, note=noting(quiet=quiet), heard=heard,
    )  # fmt: skip


def _told(measured: Measurement, *, quiet: bool) -> ExitCode:
    """Say how far it came. Gives the exit code."""
    from ...output import say
    from ...views.numbers import dollars

    if not quiet:
        say(f"measured: {measured.made} answers for {dollars(measured.spent_usd)}")
        if measured.open:
            say(f"still open: {measured.open} answers ({measured.stopped}); the same command goes on")
    if measured.interrupted:
        return ExitCode.INTERRUPTED
    if not measured.open:
        return ExitCode.OK
    if measured.out_of_money:
        return ExitCode.COST_LIMIT
    return ExitCode.SOME_FAILED if measured.made else ExitCode.ALL_FAILED


def _format(given: DoseFormat | None, as_json: bool, output: Path | None, *, force: bool) -> DoseFormat:
    from ....providers.errors import UsageError

    if as_json and given not in (None, DoseFormat.JSON):
        raise UsageError(f"--json and --format {given} contradict each other")
    said: DoseFormat | None = None
    if output is not None:
        from ...files.output_files import checked_form

        said = checked_form([output], DoseFormat, force=force, said=as_json or given is not None)
    return DoseFormat.JSON if as_json else given or said or DoseFormat.TABLE


def _print(curves: Sequence[DoseCurve], form: DoseFormat, output: Path | None) -> None:
    from ...output import emit, rendered, spread, write_file

    match form:
        case DoseFormat.JSON:
            from ....engine.doses.documents import dose_document
            from ...formats import json_text

            text = json_text(dose_document(curves))
        case DoseFormat.HTML:
            from datetime import UTC, datetime

            from ...views.doses.page import dose_page

            text = dose_page(curves, datetime.now(UTC))
        case DoseFormat.TABLE:
            from rich.console import Group

            from ...formats import FILE_WIDTH
            from ...views.doses.curves import curves_view

            width = None if output is None else FILE_WIDTH
            if not curves:
                text = "no answers in the history yet: every ask and compare is kept, and --measure asks\n"
            else:
                text = (
                    spread(lambda columns: Group(*curves_view(curves, columns)))
                    if width is None
                    else rendered(*curves_view(curves, width), width=width)
                )
    if output is None:
        emit(text)
    else:
        write_file(output, text)
