"""`thinkdial templates`: the prompts of the configuration."""

from __future__ import annotations

from typing import ClassVar

import typer

from ....framework.lazy import LazyGroup


class TemplateCommands(LazyGroup):
    """The commands of `thinkdial templates`."""

    package = __package__
    summaries: ClassVar = {
        "list": "List the prompt templates of your configuration.",
        "show": "Show one template and its fields.",
    }


app = typer.Typer(
    cls=TemplateCommands, help="Prompts with fields, for -T NAME.", no_args_is_help=True, rich_markup_mode=None
)
