"""`thinkdial history list`: stored runs, newest first."""

from __future__ import annotations

from typing import Annotated

import typer

from ...common_options import AsJson
from ...exit_codes import ExitCode
from .options import Since, Until


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
) -> ExitCode:
    """List stored runs, newest first: when, what was asked, of whom, how it went and what it cost.

    Example:  thinkdial history list --search prime --since 7d
    """
    from ....engine.history.search.matches import RunFilter
    from ....engine.history.search.run_rows import matching_runs
    from ...days import parse_span
    from ...output import emit, listed, say

    first, last = parse_span(since, until)
    wanted = RunFilter(text, profile, model, first, last, limit)
    found = matching_runs(wanted)
    if json:
        from ....engine.history.documents import runs_document
        from ...formats import json_text

        emit(json_text(runs_document(found.rows)))
    elif found.rows:
        from ...views.history.run_list import history_view

        emit(listed(lambda width: history_view(found.rows, width)))
        if len(found.rows) == limit:
            say(f"the newest {limit}; -n N shows more")
    else:
        narrowed = found.exists and wanted != RunFilter(limit=limit)
        say("no stored run matches" if narrowed else "nothing is stored yet: every ask and compare will be")
    return ExitCode.OK
