"""A profile as it results from all layers, with its provider's part, or why it cannot be called."""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from ...profiles.config import Config
from ...profiles.profile import Profile
from ...providers.errors import ConfigError
from . import keyring
from .keys import StoredNames, describe_key
from .target import Target, resolve


class ProfileSummary(Struct, frozen=True):
    """`think` is the value it is called with, `key` where its key comes from; `target` is None where `problem` says
    why it cannot be called."""

    profile: Profile
    think: str
    target: Target | None = None
    key: str | None = None
    problem: str | None = None


def profile_summary(profile: Profile, config: Config, entries: StoredNames | None = None) -> ProfileSummary:
    """What is known of one profile without fetching its key. `entries` says which keys are in the keyring."""
    think = str(profile.think or config.defaults.think or "auto")
    try:
        target = resolve(profile, config)
    except ConfigError as error:
        return ProfileSummary(profile, think, problem=error.message)
    return ProfileSummary(profile, think, target, describe_key(target, entries=entries))


def profile_summaries(config: Config) -> list[ProfileSummary]:
    """All profiles, in the order of the layers."""
    entries = cache(keyring.entries)
    return [profile_summary(profile, config, entries) for profile in config.profiles.values()]
