"""`thinkdial files prune`: what has ended is forgotten."""

from __future__ import annotations

from typing import Annotated

import typer

from ...exit_codes import ExitCode


def prune(
    days: Annotated[
        int | None,
        typer.Option("--days", metavar="N", min=0, help="Forget bytes that were last sent more than N days ago."),
    ] = None,
) -> ExitCode:
    """Forget uploads whose time is over by their provider's rule, and with --days the bytes of files in the history.

    Example:  thinkdial files prune --days 7
    """
    from datetime import UTC, datetime

    from ....engine.history.files.uploaded import StoredUploads
    from ....engine.history.retention import drop_files_now
    from ...output import say

    now = datetime.now(UTC)
    ended = StoredUploads().drop_expired(now)
    dropped = 0 if days is None else drop_files_now(days, now)
    say(f"forgot {ended} uploads that have ended" + ("" if days is None else f", and the bytes of {dropped} files"))
    return ExitCode.OK
