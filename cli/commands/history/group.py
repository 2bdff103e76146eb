"""`thinkdial history`: every run that was made, shown, decoded again or forgotten, without paying again."""

from __future__ import annotations

from typing import ClassVar

import typer

from ...framework.lazy import LazyGroup


class HistoryCommands(LazyGroup):
    """The commands of `thinkdial history`."""

    package = __package__
    summaries: ClassVar = {
        "list": "List stored runs, newest first.",
        "show": "Show one stored run again.",
        "replay": "Decode a stored run again, and show what changed.",
        "rm": "Forget stored runs.",
        "path": "Say where the history is kept.",
        "report": "Write stored runs as one HTML page.",
    }


app = typer.Typer(
    cls=HistoryCommands,
    help="Show stored runs again, without paying again.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
