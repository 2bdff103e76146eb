"""`thinkdial tools list`: the tools of the configuration, and what servers offer."""

from __future__ import annotations

from typing import Annotated

import typer

from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode

OfServers = Annotated[bool, typer.Option("--mcp", help="Start the servers, or call them, and list what they offer.")]


def list_(mcp: OfServers = False, json: AsJson = False, config: ConfigFile = None) -> ExitCode:
    """List the tools that --run-tools can name, with a hash of each definition. Only --mcp starts anything.

    Example:  thinkdial tools list --mcp
    """
    from .....engine.runs.rounds.inventory import own_tools
    from .....profiles.config import load
    from ....formats import json_text
    from ....output import complain, emit, listed, say
    from ....views.tools.inventory import inventory_document, inventory_table

    found = own_tools(load(config), asks_servers=mcp)
    if json:
        emit(json_text(inventory_document(found)))
    elif found.is_empty:
        say("there are no tools: they stand under `tools:` and `mcp_servers:` in your configuration (docs/tools.md)")
    else:
        emit(listed(lambda width: inventory_table(found, width)))
    for problem in found.problems:
        complain(problem)
    return ExitCode.SOME_FAILED if found.problems else ExitCode.OK
