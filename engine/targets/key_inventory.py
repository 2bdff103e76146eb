"""Which providers and profiles have a key, and where it lies. No key is fetched."""

from __future__ import annotations

from msgspec import Struct

from ...profiles.config import Config
from ...providers.errors import ConfigError
from . import keyring
from .keys import KeyPlace, own_places, provider_places
from .target import resolve


class ProviderKeys(Struct, frozen=True):
    """The places of a provider's key, the first of which is used, and the profiles that take it from there."""

    provider: str
    places: tuple[KeyPlace, ...]
    variables: tuple[str, ...]
    profiles: tuple[str, ...]


class ProfileKeys(Struct, frozen=True):
    """The same for a profile with keys of its own. `keyring_is_for` is another address that a stored key is for."""

    profile: str
    provider: str
    places: tuple[KeyPlace, ...]
    variables: tuple[str, ...]
    keyring_is_for: str | None


class KeyInventory(Struct, frozen=True):
    """All places of keys. `unused` are entries of the keyring for what is configured no more."""

    providers: tuple[ProviderKeys, ...]
    profiles: tuple[ProfileKeys, ...]
    unused: tuple[str, ...]


def key_inventory(config: Config) -> KeyInventory:
    """All providers with the places of their keys, and the profiles that have keys of their own."""
    stored = dict(keyring.entries())
    users: dict[str, list[str]] = {}
    own: list[ProfileKeys] = []
    for profile in config.profiles.values():
        entry = stored.pop(keyring.profile_entry(profile.name), None)
        if not (profile.api_key_command or profile.api_key_env):
            users.setdefault(profile.provider, []).append(profile.name)
        try:
            places = tuple(own_places(resolve(profile, config)))
        except ConfigError:
            places = ()
        if places or entry is not None or profile.api_key_env or profile.api_key_command:
            waits = entry.origin if entry is not None and not any(place.kind == "keyring" for place in places) else None
            own.append(ProfileKeys(profile.name, profile.provider, places, profile.api_key_env, waits))
    providers = tuple(
        ProviderKeys(one.name, tuple(provider_places(one)), tuple(one.api_key_env), tuple(users.get(one.name, ())))
        for one in config.providers.values()
    )
    for name in config.providers:
        stored.pop(name, None)
    return KeyInventory(providers, tuple(own), tuple(sorted(stored)))
