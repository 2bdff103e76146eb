"""Which of the configured profiles take tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...profiles.tools.rule import tools_rule
from ...providers.errors import ConfigError, first_of
from ..targets.alternatives import able_profiles
from ..targets.target import Target
from .request import NoToolsError

if TYPE_CHECKING:
    from ...profiles.config import Config


def with_tool_takers(error: ConfigError, config: Config) -> ConfigError:
    """The same error with the profiles that could, where it is that a route takes no tools."""
    if not isinstance(error, NoToolsError):
        return error
    names = able_profiles(config, _takes_tools)
    if not names:
        return error
    return NoToolsError(error.message, hint=f"{error.hint}; these take them: {first_of(names)}")


def _takes_tools(target: Target) -> bool:
    """Whether functions are known to be taken, also while the model thinks."""
    rule = tools_rule(target.provider.name, target.dialect, target.profile.known_as or target.profile.model)
    return rule.is_known and rule.beside_thinking
