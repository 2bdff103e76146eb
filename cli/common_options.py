"""The options of nearly every command, each with its one help text. Lists import no others: each takes its time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer


def _not_stdout(value: Any) -> Any:
    """The files of `-o`; what `-` stands for, stdout, is where results go without one."""
    named: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [value]
    if "-" not in map(str, named):
        return cast("Any", value)
    if len(named) > 1:
        raise typer.BadParameter("- is stdout, where results go when no file is named; it goes with no other.")
    return None


def _no_stdout(value: Any) -> Any:
    if str(value) == "-":
        raise typer.BadParameter("it has to be a file; - would be stdout.")
    return value


def output_option(told: str, *, is_stdout_else: bool = True) -> Any:
    """The option `-o FILE` with this help text. `is_stdout_else`: without it results go to stdout, and so for `-`."""
    return typer.Option(
        "-o", "--output", metavar="FILE", help=told, callback=_not_stdout if is_stdout_else else _no_stdout
    )


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON (the same as --format json).")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="One more configuration file, above all others.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No notes and no progress on stderr, errors alone.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer yes to every question.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file too that thinkdial has not written.")]
Output = Annotated[Path | None, output_option("Write the results to a file.")]
SessionName = Annotated[str, typer.Argument(metavar="NAME", help="The session's name.", show_default=False)]
