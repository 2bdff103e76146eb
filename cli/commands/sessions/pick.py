"""`thinkdial session pick`: the session goes on with one answer of its latest comparison."""

from __future__ import annotations

from typing import Annotated

import typer

from ...common_options import SessionName
from ...exit_codes import ExitCode


def pick(
    name: SessionName,
    result: Annotated[str, typer.Argument(metavar="PROFILE[@THINK]", help="Whose answer.")] = "",
) -> ExitCode:
    """Go on with one answer of the session's latest comparison. Its prompt and this answer become the next turn.

    Example:  thinkdial session pick tea claude@high
    """
    from ....engine.sessions.queries import pick_answer
    from ...output import say

    picked = pick_answer(name, result)
    say(f"session {picked.name} goes on with {picked.settings.profile}: turn {len(picked.turns)}")
    return ExitCode.OK
