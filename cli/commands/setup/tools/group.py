"""`thinkdial tools`: the user's own tools that models may have run."""

from __future__ import annotations

from typing import ClassVar

import typer

from ....framework.lazy import LazyGroup


class ToolCommands(LazyGroup):
    """The commands of `thinkdial tools`."""

    package = __package__
    summaries: ClassVar = {
        "list": "List the tools of your configuration, and with --mcp what servers offer.",
        "check": "Say whether each program is there and each server answers.",
    }


app = typer.Typer(
    cls=ToolCommands, help="Programs and MCP servers for --run-tools.", no_args_is_help=True, rich_markup_mode=None
)
