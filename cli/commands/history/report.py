"""`thinkdial history report`: stored runs as one HTML page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ...common_options import Force, output_option
from ...exit_codes import ExitCode


def report(
    runs: Annotated[list[str], typer.Argument(metavar="ID", help="Runs: number, last, or the beginning of an id.")],
    output: Annotated[
        Path | None,
        output_option("Where to write the page, such as report.html."),
    ] = None,
    force: Force = False,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="The page's title.")] = None,
) -> ExitCode:
    """Write stored runs as one self-contained HTML page, for reading answers side by side.

    Example:  thinkdial history report last -o report.html
    """
    from ....engine.history.queries import named_runs, refuse_without_results
    from ....providers.errors import UsageError
    from ...output import emit_pieces, is_terminal, say, write_file
    from ...views.report.page import report_pieces

    if output is None and is_terminal(sys.stdout):
        raise UsageError("a page is not for reading on a terminal", hint="-o report.html writes it to a file")
    if output is not None:
        from ...files.output_files import check_replaceable

        check_replaceable(output, force=force)
    found = named_runs(runs)
    for stored in found:
        refuse_without_results(stored)
    page = report_pieces([stored.run for stored in found], title=title)
    if output is None:
        emit_pieces(page)
        return ExitCode.OK
    write_file(output, page)
    say(f"written: {output}")
    return ExitCode.OK
