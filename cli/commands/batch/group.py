"""`thinkdial batch`: rows x profiles x think values, for pipelines and for jobs that run all night."""

from __future__ import annotations

from typing import ClassVar

import typer

from ...framework.default_group import DefaultGroup
from ...framework.lazy import LazyGroup


class BatchCommands(DefaultGroup, LazyGroup):
    """The commands of `thinkdial batch`."""

    package = __package__
    summaries: ClassVar = {
        "run": "Run the rows of a file or of standard input (the default).",
        "list": "List the batches at providers that were submitted from here.",
        "status": "Ask the providers how a batch is getting on.",
        "wait": "Wait until a batch has ended; goes on after a crash.",
        "collect": "Write the results of a batch to its output file.",
        "cancel": "Cancel a batch; what is done by then is kept.",
        "merge": "Join the outputs of shards, and say what is missing.",
    }


app = typer.Typer(
    cls=BatchCommands,
    help="Run rows x profiles x think values, and look after providers' batches.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
