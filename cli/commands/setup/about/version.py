"""`thinkdial version`: which version this is."""

from __future__ import annotations

from ....common_options import AsJson
from ....exit_codes import ExitCode


def version(json: AsJson = False) -> ExitCode:
    """Print the version, as --version does. For more about this installation: thinkdial doctor.

    Example:  thinkdial version
    """
    from .....providers.version import VERSION
    from ....output import emit

    if json:
        from ....formats import json_text

        emit(json_text({"name": "thinkdial", "version": VERSION}))
    else:
        emit(f"thinkdial {VERSION}\n")
    return ExitCode.OK
