"""`thinkdial history rm`: stored runs are forgotten, what was spent is not."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ...common_options import AsJson
from ...exit_codes import ExitCode

SHOWN_NAMES = 3


def rm(
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Runs: number, last, or the beginning of an id.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    before: Annotated[
        str | None,
        typer.Option(
            "--before", metavar="WHEN", help="Those from before 2026-11-01, today, month, or 30d ago; UTC days."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: AsJson = False,
) -> ExitCode:
    """Forget stored runs: prompts, answers and bytes. The sums that `thinkdial spend` shows are kept.

    What a session holds is refused where it is named, and left out of --before and --all.

    Example:  thinkdial history rm --before 90d
    """
    from ....engine.history.queries import chosen_runs, forget_runs
    from ....providers.errors import UsageError
    from ...days import parse_when
    from ...output import say

    if (bool(runs) + everything + (before is not None)) != 1:
        raise UsageError("say which runs: either IDs, or --all, or --before WHEN")
    chosen = chosen_runs(runs or [], parse_when(before) if before is not None else None)
    numbers = chosen.numbers
    if numbers and not yes and not _agreed(numbers, named=bool(runs)):
        say("nothing was forgotten")
        return ExitCode.OK
    removed = forget_runs(numbers)
    if json:
        from ....engine.history.documents import removed_document
        from ...formats import json_text
        from ...output import emit

        emit(json_text(removed_document(removed, len(chosen.held))))
    say(f"forgot {_count(removed)}; the sums of thinkdial spend are kept")
    if chosen.held:
        names = list(dict.fromkeys(name for held in chosen.held.values() for name in held))
        shown = ", ".join(names[:SHOWN_NAMES]) + (" and others" if len(names) > SHOWN_NAMES else "")
        stay = "stays" if len(chosen.held) == 1 else "stay"
        say(f"{_count(len(chosen.held))} {stay}, held by sessions ({shown}); thinkdial session rm lets go")
    return ExitCode.OK


def _agreed(numbers: Sequence[int], *, named: bool) -> bool:
    """Whether somebody says so, where there is somebody. Raises `UsageError` where not, unless the runs were named."""
    from ....providers.errors import UsageError
    from ...output import is_terminal

    count = _count(len(numbers))
    if is_terminal(sys.stdin):
        which = f" ({', '.join(map(str, numbers))})" if len(numbers) <= 10 else ""
        return typer.confirm(f"Forget {count}{which}?", err=True)
    if not named:
        raise UsageError(f"this would forget {count}", hint="add --yes when nobody can be asked")
    return True


def _count(runs: int) -> str:
    return f"{runs:,} run{'s' if runs != 1 else ''}"
