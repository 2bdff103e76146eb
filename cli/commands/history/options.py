"""The options that several commands over earlier runs share."""

from __future__ import annotations

from typing import Annotated

import typer

OneRun = Annotated[
    str, typer.Argument(metavar="ID", help="A run: its number, last, or the beginning of its id (four characters).")
]
OneResult = Annotated[
    str | None,
    typer.Option(
        "--profile",
        "-p",
        metavar="NAME",
        help="Only the results of this profile, or of NAME@THINK; #2 behind it is the second sample.",
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="WHEN", help="2026-11-01, today, month (its first day), 12h, 7d or 4w; UTC days."),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="WHEN", help="The same; this day is still included. UTC days.")
]
