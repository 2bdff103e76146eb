"""What is configured as JSON documents: profiles, layers, and the places of keys. No key is in any of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...profiles.config import Config, Layer
from ...profiles.price_list import price_document
from ...profiles.profile import Defaults
from .key_inventory import KeyInventory, ProfileKeys, ProviderKeys
from .profile_summary import ProfileSummary

PROFILES_SCHEMA = "thinkdial.profiles/1"
LAYERS_SCHEMA = "thinkdial.profiles.path/1"
KEYS_SCHEMA = "thinkdial.keys/1"


def profiles_document(summaries: Iterable[ProfileSummary], config: Config) -> dict[str, Any]:
    """`thinkdial.profiles/1`: all profiles and groups."""
    return {
        "schema": PROFILES_SCHEMA,
        "profiles": [profile_document(summary) for summary in summaries],
        "groups": {name: list(members) for name, members in config.groups.items()},
    }


def profile_document(summary: ProfileSummary) -> dict[str, Any]:
    """What one profile calls; or the problem that keeps it from being called."""
    profile, target = summary.profile, summary.target
    called = {"profile": profile.name, "provider": profile.provider, "model": profile.model}
    if target is None:
        return {**called, "problem": summary.problem}
    return {
        **called,
        "known_model": target.card.known,
        "dialect": target.dialect,
        "base_url": target.base_url,
        "think": summary.think,
        "key": summary.key,
        "defined_in": profile.place,
    }


def whole_profile_document(summary: ProfileSummary, defaults: Defaults) -> dict[str, Any]:
    """The same with every setting of a call as it holds: the profile's own, else the default."""
    document = profile_document(summary)
    if summary.target is None:
        return document
    profile = summary.profile
    price, limits = profile.price, profile.limits
    return document | {
        "stream": defaults.stream if profile.stream is None else profile.stream,
        "max_output_tokens": profile.max_output_tokens or defaults.max_output_tokens,
        "timeout": profile.timeout or defaults.timeout,
        "total_timeout": profile.total_timeout or defaults.total_timeout,
        "retries": defaults.retries if profile.retries is None else profile.retries,
        "headers": sorted(profile.headers),
        "params": dict(profile.params),
        "price": None if price is None else price_document(price),
        "limits": {"concurrency": limits.concurrency, "rpm": limits.rpm, "tpm": limits.tpm},
        "system": profile.system,
    }


def layers_document(layers: Iterable[Layer], user_file: Path) -> dict[str, Any]:
    """`thinkdial.profiles.path/1`: which files are read, lowest first, and where the user's own belongs."""
    rows = [{"layer": x.name, "path": str(x.path) if x.path else None, "trusted": x.trusted} for x in layers]
    return {"schema": LAYERS_SCHEMA, "layers": rows, "user_file": str(user_file)}


def keys_document(inventory: KeyInventory) -> dict[str, Any]:
    """`thinkdial.keys/1`: where the keys of providers and profiles lie."""
    return {
        "schema": KEYS_SCHEMA,
        "providers": [
            {"provider": one.provider, **_places(one), "profiles": list(one.profiles)} for one in inventory.providers
        ],
        "profiles": [
            {"profile": one.profile, "provider": one.provider, **_places(one), "keyring_is_for": one.keyring_is_for}
            for one in inventory.profiles
        ],
        "unused": list(inventory.unused),
    }


def _places(keys: ProviderKeys | ProfileKeys) -> Mapping[str, Any]:
    return {
        "places": [{"kind": place.kind, "name": place.name} for place in keys.places],
        "variables": list(keys.variables),
    }
