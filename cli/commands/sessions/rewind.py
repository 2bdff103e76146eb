"""`thinkdial session rewind`: the session goes back; what it leaves stays in its tree."""

from __future__ import annotations

from typing import Annotated

import typer

from ...common_options import SessionName
from ...exit_codes import ExitCode


def rewind(
    name: SessionName,
    back: Annotated[int, typer.Argument(metavar="N", min=1, help="By so many turns.")] = 1,
    to: Annotated[
        int | None, typer.Option("--to", metavar="TURN", min=0, help="To after this turn; 0 is before the first.")
    ] = None,
) -> ExitCode:
    """Go back by turns. Those that are left stay in the session's tree, and a fork can begin at them.

    Example:  thinkdial session rewind tea 2
    """
    from ....engine.sessions.queries import rewind_session
    from ...output import say

    moved = rewind_session(name, to=to, back=back)
    say(f"session {moved.name} goes on after turn {len(moved.turns)}")
    return ExitCode.OK
