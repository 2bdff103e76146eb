"""`thinkdial profiles list`: all profiles and groups, and the servers on this machine."""

from __future__ import annotations

from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode


def list_(json: AsJson = False, config: ConfigFile = None) -> ExitCode:
    """List all profiles and groups: what they call, where they come from, and whether a key is there.

    Example:  thinkdial profiles list
    """
    from .....engine.lookups.local_servers import local_servers
    from .....engine.targets.profile_summary import profile_summaries
    from .....profiles.config import load
    from ....output import emit, listed
    from ....views.setup.profile_list import local_servers_text, profile_table

    settings = load(config)
    summaries = profile_summaries(settings)
    if json:
        from .....engine.targets.documents import profiles_document
        from ....formats import json_text

        emit(json_text(profiles_document(summaries, settings)))
        return ExitCode.OK
    emit(listed(lambda _: profile_table(summaries, settings.groups)))
    if found := local_servers(settings.providers.values()):
        emit(f"\n{local_servers_text(found)}")
    return ExitCode.OK
