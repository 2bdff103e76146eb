"""`thinkdial plugins`: what other packages add."""

from __future__ import annotations

from typing import ClassVar

from ....framework.lazy import LazyGroup


class PluginCommands(LazyGroup):
    """The commands of `thinkdial plugins`."""

    package = __package__
    summaries: ClassVar = {"list": "List the installed plugins, and whether they can be loaded."}


app = PluginCommands( help="Providers and dialects that other packages add.", no_args_is_help=True)  # fmt: skip
