"""`thinkdial prices`: what a model costs and where that is known from, and newer price data."""

from __future__ import annotations

from typing import ClassVar

import typer

from ....framework.lazy import LazyGroup


class PriceCommands(LazyGroup):
    """The commands of `thinkdial prices`."""

    package = __package__
    summaries: ClassVar = {
        "show": "Show every price of a model, and where it comes from.",
        "update": "Fetch newer price data; the only command that does.",
    }


app = typer.Typer(
    cls=PriceCommands, help="What models cost, and newer price data.", no_args_is_help=True, rich_markup_mode=None
)
