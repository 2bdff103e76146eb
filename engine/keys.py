"""Where a profile's key comes from. The key itself is held in a wrapper that prints as nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from ..providers.errors import ConfigError
from .target import Target, is_loopback

COMMAND_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A credential and where it came from. Only the transport reveals it."""

    _secret: str
    source: str

    def reveal(self) -> str:
        return self._secret

    def __repr__(self) -> str:
        return f"Key(from {self.source})"


def find_key(target: Target, environment: Mapping[str, str] = os.environ) -> Key | None:
    """The key for `target`: from the profile's command, then the profile's variables, then the provider's.

    None where none is needed: a server on this machine, or a provider without key variables. Raises `ConfigError`
    that names the variable to set.
    """
    profile, provider = target.profile, target.provider
    if profile.api_key_command:
        return _from_command(target)
    variables = profile.api_key_env or provider.api_key_env
    for variable in variables:
        if value := environment.get(variable, "").strip():
            return _checked(Key(value, variable), target)
    if not variables or (is_loopback(target.base_url) and not profile.api_key_env):
        return None
    names = " or ".join(variables)
    where = f"; a key can be made at {provider.key_url}" if provider.key_url and not profile.api_key_env else ""
    raise ConfigError(
        f"profile {profile.name}: no key for {provider.name}: {names} is not set",
        hint=f"export {variables[0]}=...{where}",
    )


def describe_key(target: Target, environment: Mapping[str, str] = os.environ) -> str | None:
    """Where the key would come from, without fetching it: a command, the variable that is set, else the one to set.

    None for a target without a key.
    """
    profile, provider = target.profile, target.provider
    if profile.api_key_command:
        return f"command {profile.api_key_command[0]}"
    variables = profile.api_key_env or provider.api_key_env
    found = next((variable for variable in variables if environment.get(variable, "").strip()), None)
    if found is not None or not variables or (is_loopback(target.base_url) and not profile.api_key_env):
        return found
    return f"{variables[0]} (not set)"


def check_transfer(target: Target, key: Key | None) -> None:
    """Raise `ConfigError` when a key would leave this machine unencrypted and the profile does not allow that."""
    if key is None or target.base_url.startswith("https://") or is_loopback(target.base_url):
        return
    if not target.profile.allow_insecure:
        raise ConfigError(
            f"profile {target.profile.name}: the key would go to {target.base_url} without encryption",
            hint="use https, or set allow_insecure: true in the profile if you accept that",
        )


def _from_command(target: Target) -> Key:
    command = target.profile.api_key_command
    try:
        done = subprocess.run(  # noqa: S603 the user's own configuration names the command
            command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, ValueError) as error:
        raise ConfigError(f"profile {target.profile.name}: api_key_command {command[0]} cannot run: {error}") from None
    except subprocess.TimeoutExpired:
        raise ConfigError(
            f"profile {target.profile.name}: api_key_command {command[0]} gave no key in {COMMAND_TIMEOUT_S:.0f} s"
        ) from None
    secret = done.stdout.strip()
    if done.returncode != 0 or not secret:
        raise ConfigError(
            f"profile {target.profile.name}: api_key_command {command[0]} gave no key (exit {done.returncode})",
            hint="run it by hand to see why",
        )
    return _checked(Key(secret, f"command {command[0]}"), target)


def _checked(key: Key, target: Target) -> Key:
    secret = key.reveal()
    if not secret.isascii() or not secret.isprintable() or len(secret) > 16_384:
        raise ConfigError(
            f"profile {target.profile.name}: the key from {key.source} holds characters that a header cannot carry",
            hint="was it copied with a line break or quotes?",
        )
    return key
