"""Storing and removing keys in the keyring: what a name stands for there, and what goes before a stored key."""

from __future__ import annotations

from msgspec import Struct

from ...profiles.config import Config
from ...providers.errors import UsageError, did_you_mean
from . import keyring
from .keyring import Entry, profile_entry
from .keys import can_be_a_key, origin, own_places, provider_places, what_is_too_much
from .target import Target, resolve


class KeySlot(Struct, frozen=True):
    """What a name stands for in the keyring: a provider's entry, or that of a profile, with what the profile calls."""

    entry: Entry
    target: Target | None = None


class StoredKey(Struct, frozen=True):
    """A key that was stored: in which keyring, and what is to be known about it."""

    entry: Entry
    keyring: str
    notes: tuple[str, ...] = ()


def key_slot(name: str, config: Config) -> KeySlot:
    """The slot that `name` stands for: a provider, a profile, or `profile:NAME` where both have the name.

    Raises `UsageError` for a name that stands for nothing, or for a provider whose address is its profiles' business.
    """
    profile = name.removeprefix("profile:")
    if name in config.providers:
        provider = config.providers[name]
        if provider.base_url is None:
            own = [each.name for each in config.profiles.values() if each.provider == name]
            raise UsageError(
                f"{name} has no address of its own that a key could belong to",
                hint=f"set it for a profile: {', '.join(own) or 'none uses it yet'}",
            )
        return KeySlot(Entry(name))
    if profile not in config.profiles:
        known = [*config.providers, *config.profiles]
        raise UsageError(
            f"no provider or profile is called {profile!r}{did_you_mean(profile, known)}",
            hint=f"providers: {', '.join(config.providers)}; profiles: thinkdial profiles list",
        )
    target = resolve(config.profiles[profile], config)
    return KeySlot(Entry(profile_entry(profile), origin(target.base_url)), target)


def store_key(slot: KeySlot, secret: str, config: Config) -> StoredKey:
    """Put `secret` into the keyring. Raises `UsageError` for what can be no key."""
    if not secret:
        raise UsageError("no key was given; nothing was stored")
    if not can_be_a_key(secret):
        raise UsageError(
            "this is no key: it holds spaces at its ends, line breaks or characters that a header cannot carry",
            hint="was it copied with a line break or quotes? Nothing was stored",
        )
    if problem := what_is_too_much(secret):
        raise UsageError(f"this key {problem}", hint="give the key alone; nothing was stored")
    where = keyring.put(slot.entry, secret)
    return StoredKey(slot.entry, where, tuple(_notes(slot, config)))


def remove_key(name: str, *, only_forget: bool = False) -> str:
    """Take the key of a provider or profile out of the keyring, or only its name off our list; the entry's name.

    Raises `UsageError` when nothing of that name is stored.
    """
    stored = keyring.entries()
    entry = next((known for known in (name, profile_entry(name)) if known in stored), None)
    if entry is None:
        raise UsageError(
            f"the keyring has no key of thinkdial for {name!r}{did_you_mean(name, stored)}",
            hint=f"it has {', '.join(stored) or 'nothing'}",
        )
    (keyring.forget if only_forget else keyring.remove)(entry)
    return entry


def _notes(slot: KeySlot, config: Config) -> list[str]:
    """Who else could use the key, and what goes before it."""
    name, target = slot.entry.name, slot.target
    if target is not None:
        places = list(own_places(target))
        provider = target.provider.name
        also = f"for all profiles of {provider}: thinkdial keys set {provider}"
        notes = [f"only {target.profile.name} uses it; {also}"] if target.provider.base_url else []
    else:
        places = list(provider_places(config.providers[name]))
        both = name in config.profiles
        notes = [f"for the profile {name} alone: thinkdial keys set profile:{name}"] if both else []
    if places and places[0].kind != "keyring":
        notes.append(f"{places[0]} goes before it and is used now")
    return notes
