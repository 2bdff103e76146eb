"""`thinkdial keys list`: which providers and profiles have a key, and from where."""

from __future__ import annotations

from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode


def list_(json: AsJson = False, config: ConfigFile = None) -> ExitCode:
    """Say which providers and profiles have a key, and where it comes from. No key is fetched or shown.

    Example:  thinkdial keys list
    """
    from .....engine.targets.documents import keys_document
    from .....engine.targets.key_inventory import key_inventory
    from .....profiles.config import load
    from ....formats import json_text
    from ....output import emit, listed, say
    from ....views.setup.key_list import key_table

    inventory = key_inventory(load(config))
    if json:
        emit(json_text(keys_document(inventory)))
        return ExitCode.OK
    emit(listed(lambda _: key_table(inventory)))
    if gone := inventory.unused:
        say(f"note: the keyring also has {', '.join(gone)}, which nothing uses: thinkdial keys rm {gone[0]}")
    return ExitCode.OK
