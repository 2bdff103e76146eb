"""`thinkdial session unlock`: a session is taken away from a process that will not give it back."""

from __future__ import annotations

from ...common_options import SessionName
from ...exit_codes import ExitCode


def unlock(name: SessionName) -> ExitCode:
    """Let a session go that is held by a process of another machine, or from before a restart.

    Processes of this machine that have ended hold nothing. One that still runs adds its turn as a branch.

    Example:  thinkdial session unlock tea
    """
    from ....engine.sessions.queries import unlock_session
    from ...output import say

    unlock_session(name)
    say(f"session {name} is free")
    return ExitCode.OK
