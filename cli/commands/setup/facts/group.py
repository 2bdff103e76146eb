"""`thinkdial facts`: newer cards, prices and retirements without a new release."""

from __future__ import annotations

from typing import ClassVar

import typer

from ....framework.lazy import LazyGroup


class FactCommands(LazyGroup):
    """The commands of `thinkdial facts`."""

    package = __package__
    summaries: ClassVar = {
        "status": "Say which facts are in use, and of which day.",
        "diff": "Tell what a newer fact file would change.",
        "update": "Use a newer fact file from now on.",
        "remove": "Go back to the facts of the release.",
    }


app = typer.Typer(
    cls=FactCommands,
    help="What is known of models, their prices and their ends, and newer facts without a new release.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
