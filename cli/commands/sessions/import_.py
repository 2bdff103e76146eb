"""`thinkdial session import`: a session made of somebody's file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ....providers.errors import UsageError
from ...exit_codes import ExitCode
from .exchange_form import ExchangeForm


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file, or - for standard input.")],
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="What the session is to be called.")] = None,
    form: Annotated[
        ExchangeForm | None,
        typer.Option("--as", metavar="FORM", help=f"One of {', '.join(ExchangeForm)}; told by the content."),
    ] = None,
    own: Annotated[
        bool,
        typer.Option("--own", help="It is my own, from another machine: its state goes to who gave it (thinkdial)."),
    ] = False,
) -> ExitCode:
    """Make a session of a file. What only a provider can read stays in it, and is sent to nobody; nothing is run or
    fetched. System text, calls and their results are shown.

    Example:  thinkdial session import tea.json
    """
    from ....engine.sessions.transfer import STANDARD_INPUT, as_own, import_session, read_file, read_path
    from ...output import say
    from ...views.sessions.imported import imported_lines

    if file == "-":
        read = read_file(_standard_input(), STANDARD_INPUT, form, name)
    else:
        read = read_path(Path(file), form, name)
    read = as_own(read) if own else read
    imported = import_session(read, name)
    for line in imported_lines(read, imported):
        say(line)
    return ExitCode.OK


def _standard_input() -> bytes:
    from ....engine.sessions.transfer import MOST_BYTES
    from ....profiles.disk import read_stream

    try:
        stream = getattr(sys.stdin, "buffer", None)
        return b"" if stream is None else read_stream(stream, MOST_BYTES)
    except OSError as error:
        raise UsageError(f"standard input cannot be read: {error.strerror}") from None
