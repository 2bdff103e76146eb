"""Which of the configured profiles could do what the route of another does not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from ...providers.errors import ConfigError, UsageError
from .target import Target, resolve

if TYPE_CHECKING:
    from ...profiles.config import Config


def able_profiles(config: Config, is_able: Callable[[Target], bool]) -> list[str]:
    """The names of profiles whose targets are able, in their order; one that cannot be resolved, or raises, is not."""
    found: list[str] = []
    for name, profile in config.profiles.items():
        with suppress(ConfigError, UsageError):
            if is_able(resolve(profile, config)):
                found.append(name)
    return found
