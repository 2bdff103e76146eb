"""`thinkdial facts diff`: what a newer fact file would change."""

from __future__ import annotations

import os
from typing import Annotated

from ....common_options import AsJson
from ....exit_codes import ExitCode
from .options import FromFile, Url


def diff(
    url: Annotated[str | None, Url] = None,
    source: Annotated[str | None, FromFile] = None,
    json: AsJson = False,
) -> ExitCode:
    """Fetch a fact file, or read one with --from, check it, and tell in words what it would change. Nothing is kept.

    Example:  thinkdial facts diff --from facts.yaml
    """
    from .....engine.lookups.documents import new_facts_document
    from ....formats import json_text
    from ....output import emit
    from ....views.setup.fact_file import change_words
    from .options import new_facts

    new = new_facts(url, source, dict(os.environ))
    emit(json_text(new_facts_document(new)) if json else change_words(new))
    return ExitCode.OK
