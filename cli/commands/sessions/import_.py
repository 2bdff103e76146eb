"""`thinkdial session import`: a session made of somebody's file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ....providers.errors import UsageError
from ...exit_codes import ExitCode
from ...options import ExchangeForm

MOST_BYTES = 64 * 1024 * 1024


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
    from ....engine.sessions.transfer import STANDARD_INPUT, as_own, import_session, read_file
    from ...output import say
    from ...views.sessions.imported import imported_lines

    source = STANDARD_INPUT if file == "-" else file
    read = read_file(_bytes_of(file), source, None if form is None else form.value, name)
    read = as_own(read) if own else read
    imported = import_session(read, name)
    for line in imported_lines(read, imported):
        say(line)
    return ExitCode.OK


def _bytes_of(file: str) -> bytes:
    from ....profiles.disk import read_bounded, read_stream

    try:
        if file != "-":
            return read_bounded(Path(file), MOST_BYTES)
        stream = getattr(sys.stdin, "buffer", None)
        return b"" if stream is None else read_stream(stream, MOST_BYTES)
    except OSError as error:
        named = "standard input" if file == "-" else file
        raise UsageError(f"{named} cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise UsageError(f"{file!r} is no name of a file") from None
