"""`thinkdial profiles`: see, check and start the YAML."""

from __future__ import annotations

from typing import ClassVar

import typer

from ....framework.lazy import LazyGroup


class ProfileCommands(LazyGroup):
    """The commands of `thinkdial profiles`."""

    package = __package__
    summaries: ClassVar = {
        "list": "List all profiles and groups.",
        "show": "Show one profile as it results from all layers.",
        "check": "Say which profiles are ready, and why others are not.",
        "init": "Write a first configuration to edit.",
        "path": "Say which configuration files are read.",
        "schema": "Print the JSON Schema of configuration or results.",
        "trust": "Vouch for a project's .thinkdial.yaml.",
    }


app = typer.Typer(
    cls=ProfileCommands, help="Manage and check the profiles in YAML.", no_args_is_help=True, rich_markup_mode=None
)
