"""`thinkdial models refresh`: what the providers publish about their models, into the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....exit_codes import ExitCode

if TYPE_CHECKING:
    from .....engine.lookups.catalogues import Refreshed
    from .....profiles.config import Config


def refresh(settings: Config, provider: str | None, *, json: bool) -> ExitCode:
    """Read the catalogues of all providers, or of one, and say what came of each."""
    from .....engine.lookups.catalogues import refresh_catalogues
    from .....engine.lookups.documents import refresh_document
    from ....formats import json_text
    from ....output import emit, say

    asked: list[Refreshed] = []
    for one in refresh_catalogues(settings, provider):
        if one.left_out is not None:
            say(f"{one.provider}: left out: {one.left_out}")
            continue
        asked.append(one)
        if one.error is not None:
            say(f"{one.provider}: {one.error}")
        elif not json:
            emit(f"{one.provider}: {one.models} models, as published on {one.read_on}\n")
    if json:
        emit(json_text(refresh_document(asked)))
    failed = sum(one.error is not None for one in asked)
    if failed < len(asked):
        return ExitCode.SOME_FAILED if failed else ExitCode.OK
    return ExitCode.ALL_FAILED
