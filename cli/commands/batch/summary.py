"""The end of a batch: its summary on the terminal and in files, what is said of it, and its exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ....engine.batch.end import BatchEnd, BatchOutcome, Ended, summary_document
from ....engine.results.forms import form_of
from ....providers.errors import ThinkdialError, UsageError
from ...exit_codes import ExitCode
from ...output import aside, complain, console, forget, rendered, say, write_file

if TYPE_CHECKING:
    from ....engine.batch.options import BatchOptions

SummaryForm = Literal["json", "md", "html"]
SUMMARY_FORMS: tuple[SummaryForm, ...] = ("json", "md", "html")

CODES: Mapping[BatchOutcome, ExitCode] = {
    BatchOutcome.PIPE_CLOSED: ExitCode.BROKEN_PIPE,
    BatchOutcome.INTERRUPTED: ExitCode.INTERRUPTED,
    BatchOutcome.OUTPUT_FAILED: ExitCode.USAGE,
    BatchOutcome.OVER_BUDGET: ExitCode.COST_LIMIT,
    BatchOutcome.NO_ROWS: ExitCode.OK,
    BatchOutcome.ALL_FAILED: ExitCode.ALL_FAILED,
    BatchOutcome.SOME_FAILED: ExitCode.SOME_FAILED,
    BatchOutcome.OK: ExitCode.OK,
}


def check_summary_paths(paths: Iterable[Path]) -> None:
    """Raise `UsageError` for a file whose suffix says no form that a summary has."""
    for path in paths:
        if form_of(path, SUMMARY_FORMS) is None:
            raise UsageError(
                f"--summary {path}: the end of the name tells the form of a summary",
                hint="FILE.json, FILE.html or FILE.md",
            )


def finish(end: BatchEnd, options: BatchOptions, summaries: Iterable[Path], *, quiet: bool) -> ExitCode:
    """Sum the batch up, and say what is to be done about how it ended. Gives its exit code."""
    outcome = end.outcome
    if outcome is BatchOutcome.PIPE_CLOSED:
        forget(sys.stdout)
        return CODES[outcome]
    if not quiet:
        print_summary(end)
    write_summaries(summaries, end, options)
    ended = end.ended
    match outcome:
        case BatchOutcome.OUTPUT_FAILED if ended.output_problem is not None:
            complain(ended.output_problem)
        case BatchOutcome.OVER_BUDGET if ended.budget is not None:
            say(ended.budget.message)
        case BatchOutcome.NO_ROWS:
            say("there are no rows in the input")
        case _:
            pass
    if ended.hands_problem is not None:
        complain(ended.hands_problem)
    if not ended.finished and outcome is not BatchOutcome.NO_ROWS:
        say(missing_words(ended, quiet=quiet))
        say(_go_on(options))
    if outcome is BatchOutcome.INTERRUPTED or not (failures := end.gate_failures()):
        return CODES[outcome]
    from ...gates import code_after

    return code_after(CODES[outcome], failures)


def print_summary(end: BatchEnd) -> None:
    """Show it on stderr."""
    from ...views.batch.summary_table import summary_view

    screen = console(stderr=True)
    aside(rendered(*summary_view(end.tally, end.ended, screen.width), screen=screen))


def write_summaries(paths: Iterable[Path], end: BatchEnd, options: BatchOptions) -> None:
    """Write all of `paths`. Raises `ConfigError` in the end when one of them could not be written."""
    problems: list[ThinkdialError] = []
    for path in paths:
        try:
            write_file(path, _text(form_of(path, SUMMARY_FORMS), end, options))
        except ThinkdialError as problem:
            problems.append(problem)
    for problem in problems[:-1]:
        complain(problem)
    if problems:
        raise problems[-1]


def _text(form: SummaryForm | None, end: BatchEnd, options: BatchOptions) -> str:
    source, now = options.source_words, datetime.now(UTC)
    match form:
        case "json":
            from ...formats import json_text

            return json_text(summary_document(end, options, now))
        case "md":
            from ...views.batch.summary_markdown import summary_markdown

            return summary_markdown(end.tally, end.ended, source)
        case _:
            from ...views.report.batch import summary_page

            return summary_page(end.tally, end.ended, source, now)


def results_missing(count: int) -> str:
    """`1 result is missing`."""
    return f"{count:,} {'result is' if count == 1 else 'results are'} missing"


def missing_words(ended: Ended, *, quiet: bool = False) -> str:
    """How many results are missing, as far as anybody knows, and why; `quiet`: no summary has told who was given up."""
    if ended.missing:
        least = "at least " if ended.expected is None else ""
        return f"{least}{results_missing(ended.missing)}: {_why_missing(ended, quiet=quiet)}"
    if ended.expected is None:
        return f"nobody knows how many results are missing: {_why_missing(ended, quiet=quiet)}"
    return f"nothing is missing, and it was stopped before its end: {_why_missing(ended, quiet=quiet)}"


def _why_missing(ended: Ended, *, quiet: bool) -> str:
    if ended.output_problem is not None:
        return "they could not be written"
    if ended.interrupted:
        return "it was interrupted"
    if ended.budget is not None:
        return "there is no more money for it"
    if ended.hands_problem is not None:
        return "nobody was left to make the calls"
    if ended.broken:
        why = {name: f": {failed.message}" if quiet else "" for name, failed in ended.broken.items()}
        return "; ".join(f"{name} was given up{words}" for name, words in why.items())
    if ended.passing:
        return "a key, a setting, a budget or an interruption ended them"
    return "they were asked for, and did not come to be written"


def _go_on(options: BatchOptions) -> str:
    if options.output_name is None:
        return "nothing is remembered without -o FILE: the same command begins anew"
    return f"everything so far is in {options.output_name}; the same command goes on from there"
