"""`thinkdial profiles init`: a first configuration to edit."""

from __future__ import annotations

from typing import Annotated

import typer

from ....exit_codes import ExitCode


def init(
    project: Annotated[
        bool, typer.Option("--project", help="Start .thinkdial.yaml here instead of your own file.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is already there.")] = False,
) -> ExitCode:
    """Write a first configuration with examples to edit. It never replaces a file unless told to.

    Example:  thinkdial profiles init
    """
    from .....profiles.user_files import write_first
    from ....output import emit, say

    emit(f"{write_first(in_project=project, replace=force)}\n")
    say("edit it, then: thinkdial profiles check")
    return ExitCode.OK
