"""`thinkdial config`: read and change the configuration's files."""

from __future__ import annotations

from typing import ClassVar

import typer

from ....framework.lazy import LazyGroup


class ConfigCommands(LazyGroup):
    """The commands of `thinkdial config`."""

    package = __package__
    summaries: ClassVar = {
        "list": "List what your files say, and which file says it.",
        "get": "Print one value.",
        "set": "Write one value; comments stay.",
        "unset": "Take one value away.",
        "edit": "Open a file in your editor; it is checked before it counts.",
    }


app = typer.Typer(
    cls=ConfigCommands, help="Read and change the configuration.", no_args_is_help=True, rich_markup_mode=None
)
