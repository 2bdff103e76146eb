"""What both commands of locks take, and how far along their probes are."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .....engine.locks.lock import Progress

LockFile = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="The lock: YAML, or JSON where the name ends in .json.", show_default=True),
]
MostProbes = Annotated[
    int | None, typer.Option("--probes", metavar="N", min=1, max=1000, help="Ask only the first N probes.")
]
Answers = Annotated[
    int | None,
    typer.Option(
        "--repeat", metavar="N", min=1, max=1000, help="Ask each probe N times; else 3, and in a check as the lock did."
    ),
]
DEFAULT = Path("thinkdial.lock")


@contextmanager
def progress_shown(*, quiet: bool) -> Generator[Progress]:
    """How many probes have been asked, on one line of a terminal; nowhere else."""
    from ....output import aside, is_terminal

    shown = not quiet and is_terminal(sys.stderr)

    def show(asked: int, of: int) -> None:
        if shown:
            aside(f"\r\x1b[Kprobe {asked + 1} of {of}")

    try:
        yield show
    finally:
        if shown:
            aside("\r\x1b[K")
