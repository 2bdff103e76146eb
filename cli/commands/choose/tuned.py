"""A trial made and told: its notes, its display, what was found in the form that was asked for, and its exit code."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ....engine.results.forms import form_of
from ....engine.results.moments import timestamp
from ....engine.trials.report import TrialEnd, TrialOutcome, TrialReport
from ....providers.errors import ThinkdialError, UsageError
from ...confirmation import agreed
from ...exit_codes import ExitCode
from ...files.output_files import check_replaceable
from ...gates import code_after
from ...options import Format
from ...output import complain, console, emit, is_terminal, say, show, spread, write_file

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ....engine.trials.likely_cost import TrialCost
    from ....engine.trials.options import TrialOptions
    from ....profiles.config import Config

FORMS = (Format.TABLE, Format.JSON, Format.MD, Format.HTML)
SUMMARY_FORMS = ("json", "md", "html")
NARROW = 80


class Asking(Struct, frozen=True):
    """Whether it is only said what a trial may cost (`dry_run`), or asked before it begins."""

    dry_run: bool = False
    confirm: bool = False
    yes: bool = False

    def check(self, form: Format) -> None:
        """Raise `UsageError` where there is nobody to ask, and for a form that a forecast has not."""
        if self.dry_run and form not in (Format.TABLE, Format.JSON):
            raise UsageError(f"--format {form}: a forecast is told as table or json")
        if self.confirm and not self.yes and not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
            raise UsageError("--confirm needs a terminal to ask on", hint="pass --yes to go on without the question")


class Telling(Struct, frozen=True):
    """How a trial is told, and what is written of it."""

    form: Format
    summaries: tuple[Path, ...]
    save: str | None
    source: str
    output: Path | None
    quiet: bool

    def check(self, *, force: bool = False) -> None:
        """Raise `UsageError` for what could not be written."""
        for path in self.summaries:
            if form_of(path, SUMMARY_FORMS) is None:
                raise UsageError(
                    f"--summary {path}: the end of the name tells the form of a summary",
                    hint="FILE.json, FILE.html or FILE.md",
                )
            check_replaceable(path, force=force)


def check_form(given: Format | None, *, as_json: bool) -> Format:
    """How it is printed. Raises `UsageError` for a form that a trial has not."""
    if as_json and given not in (None, Format.JSON):
        raise UsageError(f"--json and --format {given} contradict each other")
    form = Format.JSON if as_json else given or Format.TABLE
    if form not in FORMS:
        raise UsageError(f"--format {form}: a trial is told as {', '.join(FORMS)}")
    if form is Format.HTML and is_terminal(sys.stdout):
        raise UsageError("--format html makes a page for a browser", hint="--summary FILE.html writes it to a file")
    return form


def check_save(name: str | None, config: Config) -> None:
    """Raise `UsageError` for a name under which no profile can be saved."""
    if name is None:
        return
    from ....profiles.user_files import check_new_name

    check_new_name(name, config)


def run_trial(options: TrialOptions, config: Config, telling: Telling, asking: Asking) -> ExitCode:
    """Make the calls that it takes, and tell what they came to."""
    from ....engine.trials.trial import ready_trial
    from ...views.trials.live import watcher_for
    from ..batch.listener import SpokenLines

    listener = SpokenLines(telling.quiet)
    with ready_trial(options, config, listener) as ready:
        for words in ready.notes:
            listener.note(words)
        if asking.dry_run or asking.confirm:
            cost = ready.cost(listener.note)
            if asking.dry_run:
                emit(json_of(cost) if telling.form is Format.JSON else spread(partial(_cost_view, cost)))
                return ExitCode.OK
            show(_cost_view(cost, console(stderr=True).width))
            if not asking.yes and not agreed("Begin this trial?"):
                say("nothing was sent")
                return ExitCode.COST_LIMIT
        done = ready.run(watcher_for(telling.quiet))
    tell(done.report, options, config, telling)
    ended = None if done.batch is None else done.batch.ended
    if ended is not None and ended.output_problem is not None:
        complain(ended.output_problem)
    if ended is not None and ended.budget is not None:
        say(ended.budget.message)
    if done.report.end in (TrialEnd.BUDGET, TrialEnd.INTERRUPTED):
        say(
            "nothing is remembered without -o FILE: the same command begins anew"
            if telling.output is None
            else f"everything so far is in {telling.output}; the same command goes on from there"
        )
    return code_after(code_of_trial(done.report), done.report.gate_failures)


def json_of(cost: TrialCost) -> str:
    from ...formats import json_text

    return json_text(cost.document())


def _cost_view(cost: TrialCost, width: int) -> RenderableType:
    from ...views.trials.likely_cost import trial_cost_view

    return trial_cost_view(cost, width)


def show_outputs(options: TrialOptions, config: Config, telling: Telling) -> ExitCode:
    """Tell what outputs of batches show by themselves."""
    from ....engine.trials.earlier import report_of_outputs

    report = report_of_outputs(options)
    tell(report, options, config, telling)
    return code_after(code_of_trial(report), report.gate_failures)


def code_of_trial(report: TrialReport) -> ExitCode:
    """How the command ends: a choice that passes is a success, also where another may be cheaper; none is a gate."""
    match report.end:
        case TrialEnd.INTERRUPTED:
            return ExitCode.INTERRUPTED
        case TrialEnd.OUTPUT_FAILED:
            return ExitCode.USAGE
        case TrialEnd.BUDGET:
            return ExitCode.COST_LIMIT
        case _:
            pass
    if report.outcome is TrialOutcome.NO_ANSWERS:
        return ExitCode.ALL_FAILED
    return ExitCode.OK if report.chosen is not None else ExitCode.GATE


def tell(report: TrialReport, options: TrialOptions, config: Config, telling: Telling) -> None:
    """Print what was found, write it to files, and save what was chosen."""
    now = datetime.now(UTC)
    emit(_text(telling.form, report, telling, now))
    for path in telling.summaries:
        form = Format(form_of(path, SUMMARY_FORMS) or "json")
        try:
            write_file(path, _text(form, report, telling, now))
        except ThinkdialError as problem:
            complain(problem)
    if telling.save is not None:
        _save(report, config, telling.save)


def _text(form: Format, report: TrialReport, telling: Telling, now: datetime) -> str:
    match form:
        case Format.JSON:
            from ....engine.trials.documents import trial_document
            from ...formats import json_text

            output = None if telling.output is None else str(telling.output)
            return json_text(trial_document(report, created_at=timestamp(now), source=telling.source, output=output))
        case Format.MD:
            from ...views.trials.markdown import trial_markdown

            return trial_markdown(report, telling.source)
        case Format.HTML:
            from ...views.report.trial import trial_page

            return trial_page(report, telling.source, now)
        case _:
            from rich.console import Group

            from ...views.trials.table import trial_view

            return spread(lambda width: Group(*trial_view(report, width)))


def _save(report: TrialReport, config: Config, name: str) -> None:
    """Write what was chosen into the user's configuration, if something was."""
    choice = report.choice
    if choice is None:
        say(f"{name} is not saved: nothing was chosen")
        return
    if report.rules.target is None and report.end in (TrialEnd.BUDGET, TrialEnd.INTERRUPTED):
        say(f"{name} is not saved: the trial did not come to its end")
        return
    from ....profiles.user_files import save_copy

    path = save_copy(name, choice.arm.profile, choice.arm.think, config)
    say(f"{choice.name} is saved as {name} in {path}")
