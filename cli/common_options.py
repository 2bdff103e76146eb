"""The options of nearly every command, each with its one help text. Lists import no others: each takes its time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON (the same as --format json).")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="One more configuration file, above all others.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No notes and no progress on stderr, errors alone.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer yes to every question.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file too that thinkdial has not written.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the results to a file.")]
SessionName = Annotated[str, typer.Argument(metavar="NAME", help="The session's name.", show_default=False)]
