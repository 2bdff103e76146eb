"""`thinkdial keys set`: a key goes into the keyring, without ever being an argument."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ....common_options import ConfigFile
from ....exit_codes import ExitCode
from .options import KeyName


def set_(
    name: KeyName,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the key from standard input.")] = False,
    config: ConfigFile = None,
) -> ExitCode:
    """Store the key of a provider, or of one profile alone, in the operating system's keyring.

    The key is asked for without showing it, or read from standard input. It is never an argument: those are visible to
    others and kept in the shell's history.

    Example:  thinkdial keys set anthropic
    """
    from .....engine.targets.stored_keys import key_slot, store_key
    from .....profiles.config import load
    from ....output import say

    settings = load(config, also=[] if name.startswith("profile:") else [name])
    slot = key_slot(name, settings)
    stored = store_key(slot, _typed_key(name, from_stdin=stdin), settings)
    sent_to = f", to be sent to {stored.entry.origin}" if stored.entry.origin else ""
    say(f"stored in the keyring ({stored.keyring}) for {stored.entry.name}{sent_to}")
    for note in stored.notes:
        say(f"note: {note}")
    return ExitCode.OK


def _typed_key(name: str, *, from_stdin: bool) -> str:
    """The key from standard input, or from the terminal without an echo."""
    from .....engine.targets.keys import LONGEST_KEY
    from .....providers.errors import UsageError
    from ....output import is_terminal

    if from_stdin or not is_terminal(sys.stdin):
        if sys.stdin is None:
            raise UsageError("standard input is closed", hint="pipe the key in, or run this on a terminal")
        try:
            return sys.stdin.read(LONGEST_KEY + 2).strip()
        except UnicodeDecodeError:
            raise UsageError("standard input holds no text; nothing was stored") from None
    from getpass import GetPassWarning, getpass
    from warnings import catch_warnings, simplefilter

    try:
        with catch_warnings():
            simplefilter("error", GetPassWarning)
            return getpass(f"key for {name} (it is not shown): ").strip()
    except EOFError:
        return ""
    except GetPassWarning:
        raise UsageError("this terminal would show the key", hint="pipe it in: ... | thinkdial keys set NAME") from None
