"""`thinkdial files delete`: uploaded files, at their providers."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ...common_options import ConfigFile, Quiet
from ...exit_codes import ExitCode
from .list import Provider


def delete(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="NUMBER", help="As in thinkdial files list.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    provider: Provider = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: ConfigFile = None,
    quiet: Quiet = False,
) -> ExitCode:
    """Delete uploaded files at their providers, with the key of the profile that uploaded them.

    Example:  thinkdial files delete --provider anthropic --all
    """
    import os

    from ....engine.exchange.surroundings import run_loop
    from ....engine.history.files.uploaded import StoredUploads
    from ....engine.lookups.uploads import delete_uploads
    from ....providers.errors import UsageError
    from ...output import is_terminal, say
    from ...selection import load_config

    if bool(numbers) == everything:
        raise UsageError("say which files: either NUMBERs, or --all", hint="thinkdial files list shows them")
    memory = StoredUploads()
    there = [one for one in memory.all() if provider in (None, one.provider)]
    if missing := set(numbers or ()) - {one.number for one in there}:
        raise UsageError(f"there is no upload {', '.join(map(str, sorted(missing)))}")
    chosen = [one for one in there if everything or one.number in (numbers or ())]
    if everything and chosen and not yes:
        count = f"{len(chosen)} file{'s' if len(chosen) > 1 else ''}"
        if not is_terminal(sys.stdin):
            raise UsageError(f"this would delete {count}", hint="add --yes when nobody can be asked")
        if not typer.confirm(f"Delete {count}?", err=True):
            return ExitCode.OK
    settings = load_config(config, [], quiet=quiet)
    ended = run_loop(delete_uploads(chosen, settings, os.environ, memory))
    for one, problem in ended:
        if problem is not None:
            say(f"{one.name} stays at {one.provider}: {problem}")
    gone = sum(problem is None for _, problem in ended)
    say(f"deleted {gone} of {len(ended)}")
    return ExitCode.OK if gone == len(ended) else ExitCode.SOME_FAILED
