"""Which of the configured profiles have the tools that a call asks their providers for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...providers.errors import first_of
from ..targets.alternatives import able_profiles
from ..targets.target import Target
from .request import GoesAlong, ServerToolError, plan_server_tools

if TYPE_CHECKING:
    from ...profiles.config import Config


def check_server_tools(target: Target, names: tuple[str, ...], config: Config) -> None:
    """Raise `ServerToolError` where the route of `target` has not all of these tools, with the profiles that could."""

    def has_them(other: Target) -> bool:
        plan_server_tools(other, names, {}, GoesAlong())
        return True

    try:
        has_them(target)
    except ServerToolError as error:
        able = able_profiles(config, has_them)
        hint = f"these profiles have it: {first_of(able)}" if able else None
        raise ServerToolError(
            error.message, hint=hint or "no configured profile is known to have it; nothing was sent"
        ) from None
