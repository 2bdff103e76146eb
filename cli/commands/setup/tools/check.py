"""`thinkdial tools check`: whether what is configured can be run."""

from __future__ import annotations

from ....common_options import ConfigFile
from ....exit_codes import ExitCode


def check(config: ConfigFile = None) -> ExitCode:
    """Say of each tool whether its program is there, and of each server whether it answers. Servers are started.

    Example:  thinkdial tools check
    """
    from .....engine.runs.rounds.inventory import own_tools
    from .....profiles.config import load
    from ....output import complain, emit, say
    from ....views.tools.inventory import check_lines

    found = own_tools(load(config), asks_servers=True)
    if found.is_empty:
        say("there are no tools: they stand under `tools:` and `mcp_servers:` in your configuration (docs/tools.md)")
    emit("".join(f"{line}\n" for line in check_lines(found)))
    for problem in found.problems:
        complain(problem)
    return ExitCode.SOME_FAILED if found.problems or found.missing else ExitCode.OK
