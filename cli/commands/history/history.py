"""`thinkdial history`: every run that was made, shown, decoded again or forgotten, without paying again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...days import Since, Until
from ...light import LightCommand, LightGroup
from ...options import AsJson, ConfigFile, Format, Output, OutputFormat, Quiet, ReasoningView, ShowReasoning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....engine.history.read import StoredRun

app = typer.Typer(
    cls=LightGroup,
    help="Show stored runs again, without paying again.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

OneRun = Annotated[
    str, typer.Argument(metavar="ID", help="A run: its number, last, or the beginning of its id (four characters).")
]
OneResult = Annotated[
    str | None,
    typer.Option("--profile", "-p", metavar="NAME", help="Only the results of this profile, or of NAME@THINK."),
]


@app.command("list", cls=LightCommand, short_help="List stored runs, newest first.")
def list_(
    text: Annotated[
        str | None, typer.Option("--text", "--search", metavar="TEXT", help="Only where prompt or answer hold this.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", "-p", metavar="NAME", help="Only runs of this profile; a part will do.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Only runs of this model; a part will do.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, max=100_000, help="At most so many.")] = 20,
    json: AsJson = False,
) -> None:
    """List stored runs, newest first: when, what was asked, of whom, how it went and what it cost.

    Example:  thinkdial history list --search prime --since 7d
    """
    from ....engine.history.documents import runs_document
    from ....engine.history.read import RunFilter, list_runs
    from ....engine.history.store import Store
    from ...days import parse_span
    from ...formats import json_text
    from ...output import console, emit, rendered, say

    first, last = parse_span(since, until)
    wanted = RunFilter(text, profile, model, first, last, limit)
    with Store.open() as store:
        rows = list_runs(store, wanted)
        exists = store.exists
    if json:
        emit(json_text(runs_document(rows)))
    elif rows:
        from ...views.history.run_list import history_view

        emit(rendered(history_view(rows, console().width)))
        if len(rows) == limit:
            say(f"the newest {limit}; -n N shows more")
    else:
        narrowed = exists and wanted != RunFilter(limit=limit)
        say("no stored run matches" if narrowed else "nothing is stored yet: every ask and compare will be")


@app.command(cls=LightCommand, short_help="Show one stored run again.")
def show(
    run: OneRun,
    profile: OneResult = None,
    raw: Annotated[bool, typer.Option("--raw", help="The bytes of one response, as they came.")] = False,
    sent: Annotated[bool, typer.Option("--sent", help="What was sent: plan and request, credentials masked.")] = False,
    reasoning: ShowReasoning = ReasoningView.EXCERPT,
    output_format: OutputFormat = None,
    json: AsJson = False,
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Show one stored run in any format, as compare printed it; or the bytes that came, or the requests that left.

    Example:  thinkdial history show last --format md -o run.md
    """
    from ....providers.errors import UsageError
    from ...formats import chosen_format, print_notes, print_run
    from ...output import emit
    from .stored import emit_raw, head_text, only, sent_text

    if raw and (sent or output_format or json or output):
        raise UsageError("--raw goes with no format and no file", hint="to keep the bytes, redirect them: > FILE")
    if sent and (output_format not in (None, Format.JSON) or output):
        raise UsageError("--sent is printed as text or, with --json, as JSON")
    form = chosen_format(output_format, json, output, Format.TABLE)
    stored = only(_stored(run), profile)
    if raw:
        emit_raw(stored)
        return
    if sent:
        emit(sent_text(stored, as_json=form is Format.JSON))
        return
    if form is Format.TABLE and output is None:
        emit(head_text(stored))
    written = print_run(stored.run, form, reasoning, output)
    if not quiet:
        print_notes(stored.run.results, after_comparison=form is Format.TABLE)
    if not written:
        from ...exit_codes import ExitCode

        raise typer.Exit(ExitCode.USAGE)


@app.command(cls=LightCommand, short_help="Decode a stored run again, and show what changed.")
def replay(run: OneRun, profile: OneResult = None, json: AsJson = False, config: ConfigFile = None) -> None:
    """Decode the stored bytes again with today's code and prices, and show what comes out differently.

    Nothing is sent, and what is stored stays as it is. Times are not measured again.

    Example:  thinkdial history replay last
    """
    from ....engine.history.replay import replay as again
    from ....engine.history.replay import replay_document
    from ....profiles.config import load
    from ...formats import json_text
    from ...output import emit
    from .stored import only, replay_text

    stored = only(_stored(run), profile)
    settings = load(config, also={entry.result.provider for entry in stored.entries if entry.result.provider})
    replayed = [(entry, again(entry, settings)) for entry in stored.entries]
    if json:
        emit(json_text(replay_document(stored.number, replayed)))
        return
    emit(replay_text(stored, [made for _, made in replayed]))


@app.command(cls=LightCommand, short_help="Forget stored runs.")
def rm(
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Runs: number, last, or the beginning of an id.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    before: Annotated[
        str | None,
        typer.Option(
            "--before", metavar="WHEN", help="Those from before 2026-11-01, today, month, or 30d ago; UTC days."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """Forget stored runs: prompts, answers and bytes. The sums that `thinkdial spend` shows are kept.

    Example:  thinkdial history rm --before 90d
    """
    import sys

    from ....engine.history.read import find_run, remove_runs, run_numbers
    from ....engine.history.store import Store
    from ....providers.errors import UsageError
    from ...days import parse_when
    from ...formats import json_text
    from ...output import emit, is_terminal, say

    if (bool(runs) + everything + (before is not None)) != 1:
        raise UsageError("say which runs: either IDs, or --all, or --before WHEN")
    moment = parse_when(before) if before is not None else None
    with Store.open() as store:
        if runs:
            numbers = list(dict.fromkeys(find_run(store, written) for written in runs))
        else:
            numbers = run_numbers(store, moment)
        count = f"{len(numbers):,} run{'s' if len(numbers) != 1 else ''}"
        if numbers and not yes:
            if is_terminal(sys.stdin):
                which = f" ({', '.join(map(str, numbers))})" if len(numbers) <= 10 else ""
                if not typer.confirm(f"Forget {count}{which}?", err=True):
                    say("nothing was forgotten")
                    return
            elif not runs:
                raise UsageError(f"this would forget {count}", hint="add --yes when nobody can be asked")
        removed = remove_runs(store, numbers)
    if json:
        emit(json_text({"schema": "thinkdial.history/1", "removed": removed}))
    say(f"forgot {removed:,} run{'s' if removed != 1 else ''}; the sums of thinkdial spend are kept")


@app.command(cls=LightCommand, short_help="Say where the history is kept.")
def path(json: AsJson = False) -> None:
    """Say which file the history is kept in. It is yours alone to read, and it need not be there yet.

    Example:  thinkdial history path
    """
    from ....engine.history.store import database_path
    from ...formats import json_text
    from ...output import emit, say

    found = database_path()
    exists = found.exists()
    if json:
        emit(json_text({"schema": "thinkdial.history/1", "path": str(found), "exists": exists}))
        return
    emit(f"{found}\n")
    if not exists:
        say("it is not there yet: nothing is stored")


@app.command(cls=LightCommand, short_help="Write stored runs as one HTML page.")
def report(
    runs: Annotated[list[str], typer.Argument(metavar="ID", help="Runs: number, last, or the beginning of an id.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where to write the page, such as report.html."),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="The page's title.")] = None,
) -> None:
    """Write stored runs as one self-contained HTML page, for reading answers side by side.

    Example:  thinkdial history report last -o report.html
    """
    import sys

    from ....providers.errors import UsageError
    from ...output import check_writable, emit, is_terminal, say, write_file
    from ...views.report import report_page

    if output is None and is_terminal(sys.stdout):
        raise UsageError("a page is not for reading on a terminal", hint="-o report.html writes it to a file")
    if output is not None:
        check_writable(output)
    page = report_page([stored.run for stored in _all_stored(runs)], title=title)
    if output is None:
        emit(page)
        return
    write_file(output, page)
    say(f"written: {output}")


def _stored(written: str) -> StoredRun:
    return _all_stored([written])[0]


def _all_stored(written: Sequence[str]) -> list[StoredRun]:
    """The runs that are meant, each once. Raises `StoreError` when one is not there."""
    from ....engine.history.read import find_run, stored_run
    from ....engine.history.store import Store

    with Store.open() as store:
        numbers = dict.fromkeys(find_run(store, word) for word in written)
        return [stored_run(store, number) for number in numbers]
