"""`thinkdial session rm`: a session is forgotten."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ...common_options import SessionName
from ...exit_codes import ExitCode


def rm(name: SessionName, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> ExitCode:
    """Forget a session, and the turns that no fork of it needs. The runs stay in the history.

    Example:  thinkdial session rm tea
    """
    from ....engine.sessions.queries import forget_session, named_conversation
    from ...output import is_terminal, say

    turns = len(named_conversation(name).turns)
    if not yes and is_terminal(sys.stdin) and not typer.confirm(f"Forget session {name} ({turns} turns)?", err=True):
        say("nothing was forgotten")
        return ExitCode.OK
    removed = forget_session(name)
    say(f"forgot session {name}; {removed} turns are gone, the runs stay in the history")
    return ExitCode.OK
