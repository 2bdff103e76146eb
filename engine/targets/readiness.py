"""Whether a profile can be called, as far as its configuration says. Nothing is sent."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from msgspec import Struct

from ...profiles.config import Config
from ...profiles.profile import Profile
from ...providers.errors import ConfigError
from .authorize import check_signature
from .keys import Key, check_transfer, find_key, place_of_key
from .target import Target, refuse_ended, resolve, select


class Candidate(Struct, frozen=True):
    """A profile as it is configured: what a call to it needs, or the problem."""

    profile: Profile
    target: Target | None = None
    key: Key | None = None
    source: str | None = None
    problem: str | None = None
    hint: str | None = None


def candidate(profile: Profile, config: Config, environment: Mapping[str, str] = os.environ) -> Candidate:
    """What is configured for `profile`; nothing is sent, and a key is fetched from where it lies."""
    target: Target | None = None
    try:
        target = resolve(profile, config, environment=environment)
        refuse_ended(target)
        place = place_of_key(target, environment)
        if place is None and target.provider.signing:
            check_signature(target, environment)
            return Candidate(profile, target, source="AWS credentials")
        key = find_key(target, environment)
        check_transfer(target, key)
    except ConfigError as error:
        return Candidate(profile, target, problem=error.message, hint=error.hint)
    return Candidate(profile, target, key, None if place is None else str(place))


def ready_ones(config: Config) -> list[Profile]:
    """Of each provider for which there is a key the first profile, in the order of the layers."""
    found: dict[str, Profile] = {}
    for profile in config.profiles.values():
        if profile.provider not in found:
            tried = candidate(profile, config)
            if tried.problem is None and tried.source is not None:
                found[profile.provider] = profile
    return list(found.values())


def candidates(names: Sequence[str], config: Config) -> list[Candidate]:
    """Each profile that `names` stand for, or each there is, once: whatever think values are written behind it."""
    selected = select(names or list(config.profiles), config)
    profiles = {selection.profile.name: selection.profile for selection in selected}
    return [candidate(profile, config) for profile in profiles.values()]
