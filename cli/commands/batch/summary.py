"""The end summary of a batch: on the terminal, and in files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....engine.results.assembly import timestamp
from ....providers.errors import ThinkdialError, UsageError
from ...output import aside, complain, console, rendered, write_file

if TYPE_CHECKING:
    from ....engine.batch.end import Ended
    from ....engine.batch.output.summary import Tally
    from .run import BatchWishes

SUFFIXES = (".json", ".md", ".html", ".htm")


def check_summary_paths(paths: Iterable[Path]) -> None:
    """Raise `UsageError` for a file whose suffix says no form that a summary has."""
    for path in paths:
        if path.suffix.lower() not in SUFFIXES:
            raise UsageError(
                f"--summary {path}: the end of the name tells the form of a summary",
                hint="FILE.json, FILE.html or FILE.md",
            )


def print_summary(tally: Tally, ended: Ended) -> None:
    """Show it on stderr."""
    from ...views.batch.summary_table import summary_view

    screen = console(stderr=True)
    aside(rendered(*summary_view(tally, ended, screen.width), screen=screen))


def write_summaries(paths: Iterable[Path], tally: Tally, ended: Ended, wishes: BatchWishes) -> None:
    """Write all of `paths`. Raises `ConfigError` in the end when one of them could not be written."""
    problems: list[ThinkdialError] = []
    for path in paths:
        try:
            write_file(path, _text(path.suffix.lower(), tally, ended, wishes))
        except ThinkdialError as problem:
            problems.append(problem)
    for problem in problems[:-1]:
        complain(problem)
    if problems:
        raise problems[-1]


def _text(suffix: str, tally: Tally, ended: Ended, wishes: BatchWishes) -> str:
    source = "standard input" if wishes.source == "-" else wishes.source
    match suffix:
        case ".json":
            from ...formats import json_text

            return json_text(tally.document(**_about(ended, wishes)))
        case ".md":
            from ...views.batch.summary_markdown import summary_markdown

            return summary_markdown(tally, ended, source)
        case _:
            from ...views.report.batch import summary_page

            return summary_page(tally, ended, source, datetime.now(UTC))


def _about(ended: Ended, wishes: BatchWishes) -> dict[str, Any]:
    return {
        "created_at": timestamp(datetime.now(UTC)),
        "source": wishes.source,
        "output": None if wishes.output is None else str(wishes.output),
        "rows": ended.rows,
        "bad_rows": ended.bad_rows,
        "finished": ended.finished,
        "interrupted": ended.interrupted,
        "cost_limit": None if ended.budget is None else ended.budget.message,
        "given_up": [
            {"profile": name, "kind": failed.kind, "message": failed.message}
            for name, failed in (ended.broken or {}).items()
        ],
    }
