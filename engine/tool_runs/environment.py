"""The variables that a tool of the user's gets: a short list of harmless ones, and those that its definition names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..targets.bare_environment import key_variables, without_keys

if TYPE_CHECKING:
    from ...profiles.config import Config

HARMLESS = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "VIRTUAL_ENV",
        "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA", "USERPROFILE",
        "USERNAME", "HOMEDRIVE", "HOMEPATH", "PROCESSOR_ARCHITECTURE",
    }
)  # fmt: skip
"""All others may hold keys, whatever they are called."""


def tool_environment(config: Config, environment: Mapping[str, str]) -> dict[str, str]:
    """The harmless variables of `environment`, of which none holds the key of a provider."""
    named = {name: value for name, value in environment.items() if name in HARMLESS or name.startswith("LC_")}
    keys = {name: environment[name] for name in key_variables(config) if name in environment}
    clean = without_keys({**named, **keys}, keys)
    return {name: value for name, value in clean.items() if name in named}
