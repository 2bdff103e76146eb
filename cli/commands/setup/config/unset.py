"""`thinkdial config unset`: one value taken away."""

from __future__ import annotations

from ....exit_codes import ExitCode
from .options import ConfigKey, InProject


def unset(key: ConfigKey, project: InProject = False) -> ExitCode:
    """Take one value, or a whole mapping, out of your configuration. Nothing else changes.

    Example:  thinkdial config unset defaults.think
    """
    from .....profiles.written.config_file import target_file, unset_value
    from .....profiles.written.config_text import key_path
    from ....output import say

    file = target_file(in_project=project)
    unset_value(key_path(key), file)
    say(f"taken out of {file}")
    return ExitCode.OK
