"""`thinkdial plugins list`: the installed plugins, and whether they can be loaded."""

from __future__ import annotations

from ....common_options import AsJson
from ....exit_codes import ExitCode


def list_(json: AsJson = False) -> ExitCode:
    """List what other installed packages add, and whether it can be loaded. Exits with 1 where something cannot.

    Loading a plugin runs its code, as using it would.

    Example:  thinkdial plugins list
    """
    from msgspec.structs import asdict

    from .....engine.lookups.plugins import plugins
    from ....formats import json_text
    from ....output import emit, listed, say
    from ....views.setup.plugin_list import plugin_table

    found = plugins()
    if json:
        emit(json_text({"schema": "thinkdial.plugins/1", "plugins": [asdict(one) for one in found]}))
    elif found:
        emit(listed(lambda _: plugin_table(found)))
    else:
        say("no plugins are installed (docs/plugins.md says how one is made)")
    return ExitCode.OK if all(one.problem is None for one in found) else ExitCode.SOME_FAILED
