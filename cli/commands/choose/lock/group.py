"""`thinkdial lock`: what chosen profiles are, written down and checked."""

from __future__ import annotations

from typing import ClassVar

import typer

from ....framework.lazy import LazyGroup


class LockCommands(LazyGroup):
    """The commands of `thinkdial lock`."""

    package = __package__
    summaries: ClassVar = {
        "write": "Ask probes, and write down what came.",
        "check": "Ask again, and say what has changed.",
    }


app = typer.Typer(
    cls=LockCommands,
    help="What chosen profiles are: request, served model, price, tokens and passes; and whether they still are.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
