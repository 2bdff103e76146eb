"""`thinkdial keys rm`: a key leaves the keyring."""

from __future__ import annotations

from typing import Annotated

import typer

from ....exit_codes import ExitCode
from .options import KeyName


def rm(
    name: KeyName,
    forget: Annotated[
        bool, typer.Option("--forget", help="Only forget that there is one, when the keyring cannot be reached.")
    ] = False,
) -> ExitCode:
    """Remove the key of a provider or a profile from the keyring.

    Example:  thinkdial keys rm anthropic
    """
    from .....engine.targets.stored_keys import remove_key
    from ....output import say

    entry = remove_key(name, only_forget=forget)
    if forget:
        say(f"forgotten: {entry}; the key itself is still in the keyring, if it was there")
    else:
        say(f"removed from the keyring: {entry}")
    return ExitCode.OK
