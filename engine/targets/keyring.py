"""Keys in the operating system's keyring, and the file that says which ones there are.

A keyring cannot be listed, and asking it may open a dialog. So the names of what was stored (never a secret) stand in a
private file, and `keyring` is imported only to fetch, store or remove a key that somebody asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from ...profiles.config import user_directory
from ...profiles.disk import read_bounded, save_private
from ...providers.errors import ConfigError
from ...providers.json_values import EMPTY, obj, parse_json, text
from .extras import how_to_add

SERVICE = "thinkdial"
NAMES_FILE = "keyring-names.json"
SCHEMA = "thinkdial.keyring-names/1"
OTHER_WAYS = "a variable (api_key_env) or a program (api_key_command) can give the key as well"

T = TypeVar("T")


class Entry(Struct, frozen=True):
    """The name of a stored key. `origin` is the only place where a profile's own key may go (`https://host:port`);
    a provider's key has none and goes where its variables go."""

    name: str
    origin: str | None = None


def profile_entry(profile: str) -> str:
    """The keyring's user name for a key that belongs to one profile alone."""
    return f"profile:{profile}"


def entries() -> Mapping[str, Entry]:
    """What is stored, by name. Reads one small file and asks no keyring; raises `ConfigError` when that fails."""
    path = _names_file()
    try:
        document = obj(parse_json(read_bounded(path)))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        document = EMPTY
    if document.get("schema") != SCHEMA:
        raise ConfigError(
            f"{path}: is no list of stored keys that this version reads",
            hint="it holds names alone: remove it, then set the keys again with thinkdial keys set",
        )
    return {name: Entry(name, text(obj(told).get("origin"))) for name, told in obj(document.get("entries")).items()}


def get(name: str) -> str | None:
    """The secret stored under `name`; None when the keyring has none. Raises `ConfigError` when it cannot be asked."""
    found = _asked(lambda keyring: keyring.get_password(SERVICE, name))
    return found if isinstance(found, str) else None


def put(entry: Entry, secret: str) -> str:
    """Store a key, read it back, and note its name; the name of the keyring that took it.

    Raises `ConfigError` when there is no keyring, or only one that would not protect the key.
    """
    names: list[str] = []

    def store(keyring: Any) -> Any:
        names.append(_title(keyring))
        keyring.set_password(SERVICE, entry.name, secret)
        return keyring.get_password(SERVICE, entry.name)

    if _asked(store, secret) != secret:
        raise ConfigError(f"the keyring ({names[0]}) did not keep the key", hint=OTHER_WAYS)
    _write({**entries(), entry.name: entry})
    return names[0]


def remove(name: str) -> None:
    """Take a key out of the keyring and its name off the list; one that is gone already is no error."""

    def delete(keyring: Any) -> None:
        if keyring.get_password(SERVICE, name) is not None:
            keyring.delete_password(SERVICE, name)

    _asked(delete)
    forget(name)


def forget(name: str) -> None:
    """Take a name off the list and leave the keyring as it is."""
    _write({known: entry for known, entry in entries().items() if known != name})


def _names_file() -> Path:
    return user_directory() / NAMES_FILE


def _write(kept: Mapping[str, Entry]) -> None:
    told = {name: {"origin": entry.origin} for name, entry in sorted(kept.items())}
    save_private(_names_file(), json.dumps({"schema": SCHEMA, "entries": told}, indent=1) + "\n")


def _asked(question: Callable[[Any], T], secret: str | None = None) -> T:
    """What the keyring answers. Raises `ConfigError`, without `secret`, for whatever goes wrong in it."""
    keyring = _keyring()
    try:
        return question(keyring)
    except Exception as error:  # backends raise what their system raises: D-Bus, COM, ctypes
        kind = type(error).__name__
        words = " ".join(str(error).split())
        if secret is not None and secret in words:
            words = ""
        said = f"{kind}: {words[:200]}" if words else kind
        locked = kind == "KeyringLocked"
        raise ConfigError(
            f"the keyring ({_title(keyring)}) {'is locked' if locked else 'failed'}: {said}",
            hint=f"unlock it and try again; {OTHER_WAYS}" if locked else OTHER_WAYS,
        ) from None


def _keyring() -> Any:
    """The keyring of this system. Raises `ConfigError` when there is none that protects what it keeps."""
    try:
        module: Any = import_module("keyring")
    except ImportError:
        raise ConfigError(
            "the keyring needs the package keyring, which is not installed",
            hint=f"{how_to_add('keyring')}; {OTHER_WAYS}",
        ) from None
    try:
        chosen: Any = module.get_keyring()
    except Exception as error:  # a configured backend that cannot be loaded raises anything
        raise ConfigError(
            f"no keyring can be loaded: {type(error).__name__}: {' '.join(str(error).split())[:200]}",
            hint=f"python -m keyring diagnose names its configuration file; {OTHER_WAYS}",
        ) from None
    # A chain stores in the first of its members that can: that must be one that protects the key.
    members: list[Any] = list(getattr(chosen, "backends", ())) or [chosen]
    if usable := next((member for member in members if _protects(member)), None):
        return usable
    if all(type(member).__module__ == "keyring.backends.fail" for member in members):
        raise ConfigError(
            "this system has no keyring that can be used",
            hint=f"on Linux it takes a running GNOME Keyring, KWallet or KeePassXC (Secret Service); {OTHER_WAYS}",
        )
    raise ConfigError(
        f"the only keyring here ({', '.join(map(_title, members))}) does not protect what it keeps; it is not used",
        hint=f"python -m keyring --list-backends shows what there is; {OTHER_WAYS}",
    )


def _protects(keyring: Any) -> bool:
    """Whether a backend keeps secrets, and keeps them unreadable."""
    for kind in type(keyring).__mro__:
        where, name = kind.__module__, kind.__name__.lower()
        if where in ("keyring.backends.fail", "keyring.backends.null") or "plaintext" in name:
            return False
        if where.startswith("keyrings.alt.") and "encrypted" not in name and kind is type(keyring):
            return False
    return True


def _title(keyring: Any) -> str:
    return f"{type(keyring).__module__}.{type(keyring).__name__}".removeprefix("keyring.backends.")
