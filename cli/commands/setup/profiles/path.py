"""`thinkdial profiles path`: which configuration files are read."""

from __future__ import annotations

from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode


def path(json: AsJson = False, config: ConfigFile = None) -> ExitCode:
    """Say which configuration files are read, lowest first, and where yours belongs.

    Example:  thinkdial profiles path
    """
    from .....profiles.config import load, user_file
    from ....output import emit

    layers = load(config).layers
    if json:
        from .....engine.targets.documents import layers_document
        from ....formats import json_text

        emit(json_text(layers_document(layers, user_file())))
        return ExitCode.OK
    for layer in layers:
        trust = "" if layer.trusted else "  (not trusted: see thinkdial profiles trust)"
        emit(f"{layer.name:9} {layer.path or ''}{trust}\n".replace("  \n", "\n"))
    if not user_file().exists():
        emit(f"{'user':9} {user_file()}  (not there yet: thinkdial profiles init)\n")
    return ExitCode.OK
