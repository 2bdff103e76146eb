"""`thinkdial plugins`: what other packages add."""

from __future__ import annotations

from typing import ClassVar

import typer

from ....framework.lazy import LazyGroup


class PluginCommands(LazyGroup):
    """The commands of `thinkdial plugins`."""

    package = __package__
    summaries: ClassVar = {"list": "List the installed plugins, and whether they can be loaded."}


app = typer.Typer(
    cls=PluginCommands, help="Providers and dialects that other packages add.", no_args_is_help=True,
    rich_markup_mode=None,
)  # fmt: skip
