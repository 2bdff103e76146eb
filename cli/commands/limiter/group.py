"""`thinkdial limiter`: one server that keeps rates and money for several runs."""

from __future__ import annotations

from typing import ClassVar

import typer

from ...framework.lazy import LazyGroup

HELP = """Keep one limit and one budget over several runs, on one machine or many.

\b
  thinkdial limiter serve                         on this machine, for this user
  thinkdial batch rows.jsonl -p claude -o one.jsonl --limiter URL   (and others, at the same time)

Runs with a limiter ask it for leave, many calls at a time, and tell it what they spend. Without --limiter, and
`limiter:` in your configuration, nothing is asked.
"""


class LimiterCommands(LazyGroup):
    """The commands of `thinkdial limiter`."""

    package = __package__
    summaries: ClassVar = {
        "serve": "Serve leave and money to other runs, until Ctrl-C.",
        "status": "Show buckets, clients, leases and money.",
        "token": "Make a token for a limiter that others reach.",
        "bench": "Measure how many calls a second a limiter keeps up with.",
    }


app = typer.Typer(cls=LimiterCommands, help=HELP, no_args_is_help=True, rich_markup_mode=None)
