"""`thinkdial files`: what was attached and uploaded, where it is, and until when."""

from __future__ import annotations

from typing import ClassVar

import typer

from ...framework.lazy import LazyGroup


class FileCommands(LazyGroup):
    """The commands of `thinkdial files`."""

    package = __package__
    summaries: ClassVar = {
        "list": "List the files at providers, and those the history keeps.",
        "delete": "Delete uploaded files at their providers.",
        "prune": "Forget what has ended, and bytes that nobody needs.",
    }


app = typer.Typer(
    cls=FileCommands,
    help="Files that were attached: at providers, and in the history.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
