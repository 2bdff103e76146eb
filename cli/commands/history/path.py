"""`thinkdial history path`: where the history is kept."""

from __future__ import annotations

from ...common_options import AsJson
from ...exit_codes import ExitCode


def path(json: AsJson = False) -> ExitCode:
    """Say which file the history is kept in. It is yours alone to read, and it need not be there yet.

    Example:  thinkdial history path
    """
    from ....engine.history.store import database_path
    from ...output import emit, say

    found = database_path()
    exists = found.exists()
    if json:
        from ....engine.history.documents import place_document
        from ...formats import json_text

        emit(json_text(place_document(found, exists=exists)))
        return ExitCode.OK
    emit(f"{found}\n")
    if not exists:
        say("it is not there yet: nothing is stored")
    return ExitCode.OK
