"""Which of the configured profiles have the tools that a call asks their providers for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ...providers.errors import ConfigError
from ..targets.target import Target, resolve
from .request import GoesAlong, ServerToolError, plan_server_tools

if TYPE_CHECKING:
    from ...profiles.config import Config

MOST_NAMED = 6


def check_tools(target: Target, names: tuple[str, ...], config: Config) -> None:
    """Raise `ServerToolError` where the route of `target` has not all of these tools, with the profiles that could."""
    try:
        plan_server_tools(target, names, {}, GoesAlong())
    except ServerToolError as error:
        able = tool_takers(config, names)
        more = f" and {len(able) - MOST_NAMED} more" if len(able) > MOST_NAMED else ""
        hint = f"these profiles have it: {', '.join(able[:MOST_NAMED])}{more}"
        raise ServerToolError(
            error.message, names, hint=hint if able else "no configured profile is known to have it; nothing was sent"
        ) from None


def tool_takers(config: Config, names: tuple[str, ...]) -> list[str]:
    """The names of profiles whose routes have all of these tools, in their order."""
    able: list[str] = []
    for name, profile in config.profiles.items():
        with suppress(ConfigError, ServerToolError):
            plan_server_tools(resolve(profile, config), names, {}, GoesAlong())
            able.append(name)
    return able
