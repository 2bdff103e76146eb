"""`thinkdial session`: conversations that move between providers."""

from __future__ import annotations

from typing import ClassVar

import typer

from ...framework.lazy import LazyGroup


class SessionCommands(LazyGroup):
    """The commands of `thinkdial session`."""

    package = __package__
    summaries: ClassVar = {
        "new": "Begin a session, empty or from a stored answer.",
        "list": "List the sessions, the latest first.",
        "show": "Show a session: its turns, its tree, its size.",
        "pick": "Go on with one answer of the latest comparison.",
        "fork": "Begin a second session from any turn of one.",
        "rewind": "Go back by turns; nothing is lost.",
        "compact": "Make the earlier turns short; the full ones stay.",
        "export": "Write a session into a file, for another machine or another program.",
        "import": "Make a session of a file: ours, Markdown, or messages of four APIs.",
        "rename": "Give a session another name.",
        "limit": "Cap what all turns of a session together may cost.",
        "rm": "Forget a session.",
        "unlock": "Let a session go that another machine holds.",
    }
    modules: ClassVar = {"export": "export_", "import": "import_"}


app = typer.Typer(
    cls=SessionCommands,
    help="Conversations that move between providers, and know what they lose.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
