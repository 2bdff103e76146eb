"""`thinkdial keys`: API keys in the operating system's keyring."""

from __future__ import annotations

from typing import ClassVar

import typer

from ....framework.lazy import LazyGroup

HELP = """Keep API keys in the operating system's keyring, and see where each key comes from.

\b
A call takes the first key that is found:
  1. the profile's api_key_command
  2. the variables in the profile's api_key_env
  3. the keyring's entry for the profile   (thinkdial keys set PROFILE)
  4. the provider's usual variables        (ANTHROPIC_API_KEY, ...)
  5. the keyring's entry for the provider  (thinkdial keys set PROVIDER)

A profile with an api_key_env never takes its provider's key. A profile's own entry goes only to the address that the
profile had when the key was set.

Example:  thinkdial keys set anthropic
"""


class KeyCommands(LazyGroup):
    """The commands of `thinkdial keys`."""

    package = __package__
    summaries: ClassVar = {
        "set": "Store a key in the keyring.",
        "list": "Say which providers have a key, and from where.",
        "rm": "Remove a key from the keyring.",
    }


app = typer.Typer(cls=KeyCommands, help=HELP, no_args_is_help=True, rich_markup_mode=None)
