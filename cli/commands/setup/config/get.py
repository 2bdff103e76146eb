"""`thinkdial config get`: one value."""

from __future__ import annotations

from ....common_options import AsJson, ConfigFile
from ....exit_codes import ExitCode
from .options import ConfigKey


def get(key: ConfigKey, json: AsJson = False, config: ConfigFile = None) -> ExitCode:
    """Print what the files of configuration say together at a key, text as it is and mappings as YAML.

    Example:  thinkdial config get profiles.claude.model
    """
    from .....profiles.config import load
    from .....profiles.written.config_file import setting, value_text
    from .....profiles.written.config_text import key_path
    from .....providers.untrusted import harmless
    from ....formats import json_text
    from ....output import emit

    value = setting(key_path(key), load(config))
    emit(json_text(value) if json else f"{harmless(value_text(value))}\n")
    return ExitCode.OK
