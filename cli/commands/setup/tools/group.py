"""`thinkdial tools`: the user's own tools that models may have run."""

from __future__ import annotations

from typing import ClassVar

from ....framework.lazy import LazyGroup


class ToolCommands(LazyGroup):
    """The commands of `thinkdial tools`."""

    package = __package__
    summaries: ClassVar = {
        "list": "List the tools of your configuration, and with --mcp what servers offer.",
        "check": "Say whether each program is there and each server answers.",
    }


app = ToolCommands(help="Programs and MCP servers for --run-tools.", no_args_is_help=True)
