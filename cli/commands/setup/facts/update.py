"""`thinkdial facts update`: a newer fact file."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from ....common_options import AsJson
from ....exit_codes import ExitCode
from .options import FromFile, Url


def update(
    url: Annotated[str | None, Url] = None,
    source: Annotated[str | None, FromFile] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Also prices that fall by half or more.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Without the question.")] = False,
    json: AsJson = False,
) -> ExitCode:
    """Fetch a fact file, or read one with --from, check it, show what it changes, and use it from then on.

    It holds cards, prices and retirements, never addresses, headers or keys. Its hash proves that it came whole, not
    who wrote it. What was there before stays when anything goes wrong.

    Example:  thinkdial facts update
    """
    from datetime import UTC, datetime

    from .....engine.lookups.documents import new_facts_document
    from .....engine.lookups.fact_update import use_facts
    from .....providers.errors import UsageError
    from ....confirmation import agreed
    from ....formats import json_text
    from ....output import emit, is_terminal, say
    from ....views.setup.fact_file import change_words
    from .options import new_facts

    new = new_facts(url, source, dict(os.environ))
    emit(json_text(new_facts_document(new)) if json else change_words(new))
    if not yes:
        if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
            raise UsageError("there is nobody to ask whether to use it", hint="pass --yes to use it as it is shown")
        if not agreed("Use these facts?"):
            say("nothing was changed")
            return ExitCode.OK
    path = use_facts(new, datetime.now(UTC), accept=accept)
    say(f"in use from now on, kept in {path}; thinkdial facts remove goes back")
    return ExitCode.OK
