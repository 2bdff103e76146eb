"""`thinkdial session export`: a session as a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ...common_options import Force, output_option
from ...exit_codes import ExitCode
from .exchange_form import ExchangeForm


def export_(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The session; the latest without one.")] = None,
    output: Annotated[Path | None, output_option("Write it to FILE instead of stdout.")] = None,
    form: Annotated[
        ExchangeForm | None,
        typer.Option("--as", metavar="FORM", help=f"One of {', '.join(ExchangeForm)}; md for FILE.md, else thinkdial."),
    ] = None,
    force: Force = False,
    no_branches: Annotated[
        bool, typer.Option("--no-branches", help="Leave out what was forked or left behind (thinkdial only).")
    ] = False,
) -> ExitCode:
    """Write a session into a file: with every piece of state (thinkdial), to be read (md), or as an API's messages.

    Example:  thinkdial session export tea -o tea.json
    """
    from ....engine.results.forms import form_of
    from ....engine.sessions.transfer import export_session
    from ....providers.untrusted import harmless
    from ...output import emit, is_terminal, say, write_file

    if output is not None:
        from ...files.output_files import check_replaceable

        check_replaceable(output, force=force)
    chosen = form or form_of(output, ExchangeForm) or ExchangeForm.THINKDIAL
    written = export_session(name, chosen, whole=not no_branches)
    for remark in written.remarks:
        say(f"note: {remark}")
    if output is None:
        emit(harmless(written.text) if is_terminal(sys.stdout) else written.text)
    else:
        write_file(output, written.text)
        say(f"wrote {output}")
    return ExitCode.OK
