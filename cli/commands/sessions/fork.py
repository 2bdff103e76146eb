"""`thinkdial session fork`: a second session from any turn of one."""

from __future__ import annotations

from typing import Annotated

import typer

from ...common_options import SessionName
from ...exit_codes import ExitCode


def fork(
    name: SessionName,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The name of the second session.")],
    at: Annotated[
        int | None, typer.Option("--at", metavar="TURN", min=0, help="After this turn; 0 is before the first.")
    ] = None,
) -> ExitCode:
    """Begin a second session that shares the turns of the first up to one of them. Nothing is copied.

    Example:  thinkdial session fork tea tea-green --at 3
    """
    from ....engine.sessions.queries import fork_session
    from ...output import say

    forked = fork_session(name, new, at)
    say(f"session {forked.name} begins after turn {len(forked.turns)} of {name}")
    return ExitCode.OK
