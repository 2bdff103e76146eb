"""`thinkdial config list`: what the files say, and which file says it."""

from __future__ import annotations

from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode


def list_(json: AsJson = False, config: ConfigFile = None) -> ExitCode:
    """List every value that your files of configuration say, with the file; a later one goes before an earlier one.

    What is built in is not among them: thinkdial profiles list and show have that.

    Example:  thinkdial config list
    """
    from .....profiles.config import load, user_file
    from .....profiles.written.config_file import settings, value_text
    from .....profiles.written.config_text import path_words
    from .....providers.untrusted import one_line
    from ....formats import json_text
    from ....output import emit, say

    found = list(settings(load(config)))
    if json:
        rows = [
            {"key": path_words(one.path), "value": one.value, "layer": one.layer, "file": str(one.file)}
            for one in found
        ]
        emit(json_text({"schema": "thinkdial.config/1", "settings": rows}))
        return ExitCode.OK
    file = None
    for one in found:
        if one.file != file:
            emit(f"{'' if file is None else chr(10)}# {one.layer}: {one.file}\n")
            file = one.file
        emit(f"{path_words(one.path)} = {one_line(value_text(one.value), 500)}\n")
    if not found:
        say(f"nothing is configured yet: thinkdial config set KEY VALUE, or thinkdial profiles init ({user_file()})")
    return ExitCode.OK
