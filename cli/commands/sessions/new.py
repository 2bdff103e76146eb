"""`thinkdial session new`: a session begins, empty or with an answer that is paid for already."""

from __future__ import annotations

from typing import Annotated

import typer

from ...common_options import SessionName
from ...exit_codes import ExitCode


def new(
    name: SessionName,
    from_run: Annotated[
        str | None,
        typer.Option("--from-run", metavar="RUN[:PROFILE[@THINK]]", help="Begin with this stored answer."),
    ] = None,
    system: Annotated[
        str | None, typer.Option("--system", "-s", metavar="TEXT", help="The system prompt of all its turns.")
    ] = None,
    max_cost: Annotated[
        str | None, typer.Option("--max-cost", metavar="USD", help="The most that all its turns together may cost.")
    ] = None,
) -> ExitCode:
    """Begin a session. With --from-run a stored answer is its first turn, without paying again.

    Example:  thinkdial session new tea --from-run 12:claude@high
    """
    from ....engine.runs.money import usd_of
    from ....engine.sessions.queries import make_session
    from ....engine.sessions.settings import SessionSettings
    from ...output import say

    most = None if max_cost is None else usd_of(max_cost, "--max-cost")
    made = make_session(name, SessionSettings(system=system, max_cost_usd=most), from_run)
    turns = len(made.turns)
    said = f"with {turns} turn{'s' if turns != 1 else ''}" if turns else "empty"
    say(f"session {made.name} begins, {said}; go on with: thinkdial ask --session {made.name} ...")
    return ExitCode.OK
