"""`thinkdial facts status`: which facts are in use."""

from __future__ import annotations

from ....common_options import AsJson
from ....exit_codes import ExitCode


def status(json: AsJson = False) -> ExitCode:
    """Say of which day the facts of the release are, and which newer fact file is in use.

    Example:  thinkdial facts status
    """
    from .....engine.lookups.documents import facts_status_document
    from ....formats import json_text
    from ....output import emit, say
    from ....views.setup.fact_file import status_words

    document = facts_status_document()
    emit(json_text(document) if json else status_words(document))
    if document["problem"]:
        say(f"note: {document['problem']}")
    return ExitCode.OK
