"""Which of the configured profiles take tools."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ...profiles.tools.rule import tools_rule
from ...providers.errors import ConfigError
from ..targets.target import resolve
from .request import NoToolsError

if TYPE_CHECKING:
    from ...profiles.config import Config

MOST_TAKERS = 6


def tool_takers(config: Config) -> list[str]:
    """The names of profiles whose routes are known to take functions, also while their models think."""
    found: list[str] = []
    for name, profile in config.profiles.items():
        with suppress(ConfigError):
            target = resolve(profile, config)
            rule = tools_rule(target.provider.name, target.dialect, profile.known_as or profile.model)
            if rule.is_known and rule.beside_thinking:
                found.append(name)
    return found


def with_tool_takers(error: ConfigError, config: Config) -> ConfigError:
    """The same error with the profiles that could, where it is that a route takes no tools."""
    if not isinstance(error, NoToolsError):
        return error
    names = tool_takers(config)
    if not names:
        return error
    more = f" and {len(names) - MOST_TAKERS} more" if len(names) > MOST_TAKERS else ""
    return NoToolsError(error.message, hint=f"{error.hint}; these take them: {', '.join(names[:MOST_TAKERS])}{more}")
