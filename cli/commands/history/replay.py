"""`thinkdial history replay`: a stored run decoded again, with what comes out differently."""

from __future__ import annotations

from ...common_options import AsJson, ConfigFile
from ...exit_codes import ExitCode
from .options import OneResult, OneRun


def replay(run: OneRun, profile: OneResult = None, json: AsJson = False, config: ConfigFile = None) -> ExitCode:
    """Decode the stored bytes again with today's code and prices, and show what comes out differently.

    Nothing is sent, and what is stored stays as it is. Times are not measured again.

    Example:  thinkdial history replay last
    """
    from ....engine.history.documents import replay_document
    from ....engine.history.queries import named_run
    from ....engine.history.replay import replay_all
    from ....profiles.config import load
    from ...formats import json_text_pieces
    from ...output import emit, emit_pieces
    from ...views.history.replay import replay_text

    stored = named_run(run, profile)
    settings = load(config, also={entry.result.provider for entry in stored.entries if entry.result.provider})
    replayed = replay_all(stored, settings)
    if json:
        emit_pieces(json_text_pieces(replay_document(stored.number, replayed)))
    else:
        emit(replay_text(replayed))
    return ExitCode.OK
