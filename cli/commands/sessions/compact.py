"""`thinkdial session compact`: a session made short, by its provider or by a summary."""

from __future__ import annotations

from typing import Annotated

import typer

from ...common_options import ConfigFile, Quiet, SessionName, Yes
from ...exit_codes import ExitCode
from ...options import MaxCost


def compact(
    name: SessionName,
    profile: Annotated[
        str | None,
        typer.Option("--profile", "-p", metavar="NAME", help="Have this profile sum it up, whoever goes on."),
    ] = None,
    max_cost: MaxCost = None,
    yes: Yes = False,
    config: ConfigFile = None,
    quiet: Quiet = False,
) -> ExitCode:
    """Make the earlier turns of a session short, so that its next ones take less.

    The provider's own means are used where it has some, else the model sums up; with -p another one does. The full
    turns stay, and who cannot read the short form gets them.

    Example:  thinkdial session compact tea
    """
    from ...options import KeepOptions, SendOptions
    from ...selection import load_config
    from ...talk_options import TalkOptions
    from ..run import talk as talks
    from ..run.compaction import compact_held

    settings = load_config(config, [profile] if profile else [], quiet=quiet)
    keeping = KeepOptions(config, quiet=quiet)
    talks.looked_at(TalkOptions(name), settings)
    with talks.held(TalkOptions(name), settings, keeping, None) as talk:
        return compact_held(talk, settings, SendOptions(max_cost=max_cost), keeping, by=profile, yes=yes)
