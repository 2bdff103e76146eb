"""`thinkdial session rename`: another name."""

from __future__ import annotations

from typing import Annotated

import typer

from ...common_options import SessionName
from ...exit_codes import ExitCode


def rename(
    name: SessionName, new: Annotated[str, typer.Argument(metavar="NEW", help="The name from now on.")]
) -> ExitCode:
    """Give a session another name.

    Example:  thinkdial session rename tea green-tea
    """
    from ....engine.sessions.queries import rename_session
    from ...output import say

    rename_session(name, new)
    say(f"session {name} is now {new}")
    return ExitCode.OK
