"""`thinkdial profiles trust`: the user vouches for a project's file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ....exit_codes import ExitCode


def trust(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The project file; the nearest one without.")
    ] = None,
) -> ExitCode:
    """Vouch for a project's .thinkdial.yaml, so that its base_url, headers and key settings are used.

    The trust holds for this very content; after an edit it must be given again.

    Example:  thinkdial profiles trust
    """
    from .....profiles.user_files import vouch_for
    from ....output import say

    say(f"trusted as it is now: {vouch_for(file)}")
    return ExitCode.OK
