"""Where a profile's key comes from. The key itself is held in a wrapper that prints as nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from ...profiles.provider import Provider
from ...providers.errors import ConfigError, MissingKeyError
from . import keyring
from .target import Target, is_loopback

COMMAND_TIMEOUT_S = 60.0
LONGEST_KEY = 16_384
ACCOUNT_LABEL_DIGITS = 16

QUOTES = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d"}
"""What env files and chats put around a key, and what closes it."""

SCHEMES = ("bearer", "basic", "authorization", "x-api-key", "api-key")
"""What stands before a key in a header, and is copied along."""


StoredNames = Callable[[], Mapping[str, keyring.Entry]]
"""Says which keys are in the keyring."""


class Key:
    """A credential and where it came from. Only the transport reveals it: a struct would list its fields."""

    __slots__ = ("_secret", "source")

    def __init__(self, secret: str, source: str) -> None:
        self._secret = secret
        self.source = source

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and (self._secret, self.source) == (other._secret, other.source)

    def __hash__(self) -> int:
        return hash((self._secret, self.source))

    def reveal(self) -> str:
        return self._secret

    def __repr__(self) -> str:
        return f"Key(from {self.source})"


def account_label(secret: bytes, key: Key | None) -> str | None:
    """What stands for the account of `key` in the turns of a session: a hash that only `secret` makes again."""
    return None if key is None else label_of(secret, key.reveal())


def label_of(secret: bytes, credential: str) -> str:
    """What stands for whoever has `credential`, as only `secret` makes it again."""
    import hmac

    return hmac.new(secret, credential.encode(), "sha256").hexdigest()[:ACCOUNT_LABEL_DIGITS]


class KeyPlace(Struct, frozen=True):
    """Where a key lies: `name` is the program, the variable, or the entry of the keyring."""

    kind: Literal["command", "variable", "keyring"]
    name: str

    def __str__(self) -> str:
        match self.kind:
            case "command":
                return f"command {self.name}"
            case "keyring":
                return f"keyring ({self.name})"
            case "variable":
                return self.name


def place_of_key(
    target: Target, environment: Mapping[str, str] = os.environ, entries: StoredNames | None = None
) -> KeyPlace | None:
    """The first place that has a key for `target`, without fetching it; None when none has.

    In this order: the profile's command, the profile's variables, the profile's entry in the keyring; and unless the
    profile names variables of its own, the provider's variables and the provider's entry in the keyring. `entries`
    says what is in the keyring, if it is asked for.
    """
    entries = entries or cache(keyring.entries)
    place = next(own_places(target, environment, entries), None)
    if place is None and not target.profile.api_key_env:
        place = next(provider_places(target.provider, environment, entries), None)
    return place


def own_places(
    target: Target, environment: Mapping[str, str] = os.environ, entries: StoredNames = keyring.entries
) -> Iterator[KeyPlace]:
    """Where the profile itself has a key; the first one is used."""
    profile = target.profile
    if profile.api_key_command:
        yield KeyPlace("command", profile.api_key_command[0])
    if variable := _set_variable(profile.api_key_env, environment):
        yield KeyPlace("variable", variable)
    entry = entries().get(keyring.profile_entry(profile.name))
    if entry is not None and entry.origin == origin(target.base_url):
        yield KeyPlace("keyring", entry.name)


def provider_places(
    provider: Provider, environment: Mapping[str, str] = os.environ, entries: StoredNames = keyring.entries
) -> Iterator[KeyPlace]:
    """Where the provider has a key; the first one is used."""
    if variable := _set_variable(provider.api_key_env, environment):
        yield KeyPlace("variable", variable)
    if provider.name in entries():
        yield KeyPlace("keyring", provider.name)


def find_key(target: Target, environment: Mapping[str, str] = os.environ) -> Key | None:
    """The key for `target`, from where `place_of_key` says.

    None where none is needed: a server on this machine, or a provider without key variables. Raises `ConfigError`
    that names the variable to set.
    """
    place = place_of_key(target, environment)
    match place:
        case KeyPlace("command"):
            return _from_command(target)
        case KeyPlace("variable", name):
            return _checked(Key(environment[name].strip(), name), target)
        case KeyPlace("keyring", name):
            return _from_keyring(name, target)
        case _:
            pass
    if not _is_needed(target):
        return None
    profile, provider = target.profile, target.provider
    variables = _variables(target)
    elsewhere = keyring.entries().get(keyring.profile_entry(profile.name))
    if elsewhere is not None:
        raise ConfigError(
            f"profile {profile.name}: its key in the keyring is for {elsewhere.origin}, not {origin(target.base_url)}",
            hint=f"thinkdial keys set profile:{profile.name} stores one for there, or export {variables[0]}=...",
        )
    names = " or ".join(variables)
    where = f"; a key can be made at {provider.key_url}" if provider.key_url and not profile.api_key_env else ""
    stored = "" if profile.api_key_env else f", or: thinkdial keys set {provider.name}"
    raise MissingKeyError(
        f"profile {profile.name}: no key for {provider.name}: {names} is not set",
        hint=f"export {variables[0]}=...{stored}{where}",
    )


def key_at_hand(target: Target, environment: Mapping[str, str] = os.environ) -> Key | None:
    """The key where it lies in a variable; None where a program or the keyring had to be asked, or there is none."""
    place = place_of_key(target, environment)
    if place is None or place.kind != "variable":
        return None
    try:
        return find_key(target, environment)
    except ConfigError:
        return None


def describe_key(
    target: Target, environment: Mapping[str, str] = os.environ, entries: StoredNames | None = None
) -> str | None:
    """Where the key would come from, without fetching it: a command, a variable, the keyring, else what to set.

    None for a target without a key.
    """
    place = place_of_key(target, environment, entries)
    if place is not None:
        return str(place)
    return f"{_variables(target)[0]} (not set)" if _is_needed(target) else None


def check_transfer(target: Target, key: Key | None) -> None:
    """Raise `ConfigError` when a key would leave this machine unencrypted and the profile does not allow that."""
    if key is None or target.base_url.startswith("https://") or is_loopback(target.base_url):
        return
    if not target.profile.allow_insecure:
        raise ConfigError(
            f"profile {target.profile.name}: the key would go to {target.base_url} without encryption",
            hint="use https, or set allow_insecure: true in the profile if you accept that",
        )


def origin(url: str) -> str:
    """The scheme, host and port of `url`: what a profile's key in the keyring is bound to."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def can_be_a_key(secret: str) -> bool:
    """Whether a header can carry `secret`."""
    return bool(secret) and secret.isascii() and secret.isprintable() and len(secret) <= LONGEST_KEY


def what_is_too_much(secret: str) -> str | None:
    """What surrounds a key that was copied with too much, in words; None where nothing does."""
    if len(secret) > 1 and secret[0] in QUOTES and secret[-1] == QUOTES[secret[0]]:
        return "stands in quotes"
    scheme, space, _ = secret.partition(" ")
    if space and scheme.rstrip(":").lower() in SCHEMES:
        return f"begins with {scheme}"
    return None


def _variables(target: Target) -> tuple[str, ...]:
    return target.profile.api_key_env or target.provider.api_key_env


def _set_variable(names: tuple[str, ...], environment: Mapping[str, str]) -> str | None:
    return next((name for name in names if environment.get(name, "").strip()), None)


def _is_needed(target: Target) -> bool:
    if not _variables(target):
        return False
    return bool(target.profile.api_key_env) or not is_loopback(target.base_url)


def _from_keyring(name: str, target: Target) -> Key:
    try:
        secret = keyring.get(name)
    except ConfigError as error:
        raise ConfigError(f"profile {target.profile.name}: {error.message}", hint=error.hint) from None
    if not secret:
        raise ConfigError(
            f"profile {target.profile.name}: the keyring has no key {name} any more",
            hint=f"thinkdial keys set {name} stores it again; thinkdial keys rm {name} forgets it",
        )
    return _checked(Key(secret, f"keyring ({name})"), target)


def _from_command(target: Target) -> Key:
    command = target.profile.api_key_command
    given = _run(command)
    if isinstance(given, _NoKey):
        raise ConfigError(f"profile {target.profile.name}: api_key_command {given.problem}", hint=given.hint)
    return _checked(Key(given, f"command {command[0]}"), target)


class _NoKey(Struct, frozen=True):
    """Why a command gave none."""

    problem: str
    hint: str | None = None


@cache
def _run(command: tuple[str, ...]) -> str | _NoKey:
    """The secret that `command` gives. It runs once in a process, even if it fails: it may ask for a fingerprint.

    What it writes to stderr is not shown: a script that traces itself writes the key there.
    """
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 the user's own configuration names the command
            command,
            capture_output=True,
            encoding="utf-8",
            timeout=COMMAND_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, ValueError) as error:
        return _NoKey(f"{command[0]} cannot run: {error}")
    except subprocess.TimeoutExpired:
        return _NoKey(
            f"{command[0]} gave no key in {COMMAND_TIMEOUT_S:.0f} s",
            hint="run it by hand: does it wait for input? It gets none",
        )
    secret = done.stdout.strip()
    if done.returncode != 0 or not secret:
        return _NoKey(f"{command[0]} gave no key (exit {done.returncode})", hint="run it by hand to see what it says")
    return secret


def _checked(key: Key, target: Target) -> Key:
    if problem := what_is_too_much(key.reveal()):
        raise ConfigError(
            f"profile {target.profile.name}: the key from {key.source} {problem}",
            hint="take that away: a key is sent as it stands, with whatever its provider wants before it",
        )
    if not can_be_a_key(key.reveal()):
        raise ConfigError(
            f"profile {target.profile.name}: the key from {key.source} holds characters that a header cannot carry",
            hint="was it copied with a line break or quotes?",
        )
    return key
