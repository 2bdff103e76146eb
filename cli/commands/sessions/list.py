"""`thinkdial session list`: the sessions, the latest first."""

from __future__ import annotations

from ...common_options import AsJson
from ...exit_codes import ExitCode


def list_(json: AsJson = False) -> ExitCode:
    """List the sessions, the one that was used last first.

    Example:  thinkdial session list
    """
    from ....engine.sessions.queries import listed_sessions
    from ...output import emit, listed, say

    rows = listed_sessions()
    if json:
        from ....engine.sessions.documents import sessions_document
        from ...formats import json_text

        emit(json_text(sessions_document(rows)))
    elif rows:
        from ...views.sessions.session_list import session_list

        emit(listed(lambda width: session_list(rows, width)))
    else:
        say('there is no session yet; thinkdial ask --session NAME "..." begins one')
    return ExitCode.OK
