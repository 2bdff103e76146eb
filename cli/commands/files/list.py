"""`thinkdial files list`: what was uploaded where, and what the history keeps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from ...common_options import AsJson
from ...exit_codes import ExitCode

Provider = Annotated[str | None, typer.Option("--provider", metavar="NAME", help="Only the uploads of this provider.")]


def list_(provider: Provider = None, json: AsJson = False) -> ExitCode:
    """List the files that were uploaded and when they end, and the files that the history keeps. Asks nobody.

    Example:  thinkdial files list
    """
    from ....engine.history.files.documents import files_document
    from ....engine.history.files.stored_files import kept_files
    from ....engine.history.files.uploaded import StoredUploads
    from ...formats import json_text
    from ...output import emit, listed, say
    from ...views.history.files import kept_table, upload_table

    uploads = [one for one in StoredUploads().all() if provider in (None, one.provider)]
    kept = [] if provider is not None else kept_files()
    if json:
        emit(json_text(files_document(uploads, kept)))
        return ExitCode.OK
    if uploads:
        emit(listed(lambda _: upload_table(uploads, datetime.now(UTC))))
    else:
        say("nothing is at a provider" if provider is None else f"nothing is at {provider}")
    if kept:
        emit("\n" if uploads else "")
        emit(listed(lambda _: kept_table(kept)))
    return ExitCode.OK
