"""`thinkdial config set`: one value written; comments stay."""

from __future__ import annotations

from typing import Annotated

import typer

from ....exit_codes import ExitCode
from .options import ConfigKey, InProject


def set_(
    key: ConfigKey,
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="Text, a number, true or false, [a, list] or {a: mapping}.")
    ],
    project: InProject = False,
) -> ExitCode:
    """Write one value into your configuration. Comments and order stay, and what would be wrong is not written.

    Example:  thinkdial config set defaults.think high
    """
    from .....profiles.written.config_file import set_value, target_file
    from .....profiles.written.config_text import key_path, value_from
    from ....output import say

    file = target_file(in_project=project)
    set_value(key_path(key), value_from(value), file)
    say(f"written to {file}")
    return ExitCode.OK
