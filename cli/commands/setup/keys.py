"""`thinkdial keys`: API keys in the operating system's keyring."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...light import LightCommand, LightGroup
from ...options import AsJson, ConfigFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....engine.targets.keyring import Entry
    from ....engine.targets.keys import Place
    from ....engine.targets.target import Target
    from ....profiles.config import Config

HELP = """Keep API keys in the operating system's keyring, and see where each key comes from.

\b
A call takes the first key that is found:
  1. the profile's api_key_command
  2. the variables in the profile's api_key_env
  3. the keyring's entry for the profile   (thinkdial keys set PROFILE)
  4. the provider's usual variables        (ANTHROPIC_API_KEY, ...)
  5. the keyring's entry for the provider  (thinkdial keys set PROVIDER)

A profile with an api_key_env never takes its provider's key. A profile's own entry goes only to the address that the
profile had when the key was set.

Example:  thinkdial keys set anthropic
"""

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A provider, or a profile; profile:NAME where both have the name.")
]

app = typer.Typer(cls=LightGroup, help=HELP, no_args_is_help=True, rich_markup_mode=None)


@app.command("set", cls=LightCommand, short_help="Store a key in the keyring.")
def set_(
    name: Name,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the key from standard input.")] = False,
    config: ConfigFile = None,
) -> None:
    """Store the key of a provider, or of one profile alone, in the operating system's keyring.

    The key is asked for without showing it, or read from standard input. It is never an argument: those are visible to
    others and kept in the shell's history.

    Example:  thinkdial keys set anthropic
    """
    from ....engine.targets import keyring
    from ....engine.targets.keys import can_be_a_key
    from ....profiles.config import load
    from ....providers.errors import UsageError
    from ...output import say

    settings = load(config, also=[] if name.startswith("profile:") else [name])
    entry, target = _to_set(name, settings)
    secret = _asked(name, from_stdin=stdin)
    if not secret:
        raise UsageError("no key was given; nothing was stored")
    if not can_be_a_key(secret):
        raise UsageError(
            "this is no key: it holds spaces at its ends, line breaks or characters that a header cannot carry",
            hint="was it copied with a line break or quotes? Nothing was stored",
        )
    where = keyring.put(entry, secret)
    say(f"stored in the keyring ({where}) for {entry.name}{f', to be sent to {entry.origin}' if entry.origin else ''}")
    for note in _notes(entry, target, settings):
        say(f"note: {note}")


@app.command("list", cls=LightCommand, short_help="Say which providers have a key, and from where.")
def list_(json: AsJson = False, config: ConfigFile = None) -> None:
    """Say which providers and profiles have a key, and where it comes from. No key is fetched or shown.

    Example:  thinkdial keys list
    """
    from ....profiles.config import load
    from ...formats import json_text
    from ...output import console, emit, rendered, say
    from ...views.setup.key_list import key_table

    settings = load(config)
    document = _listed(settings)
    if json:
        emit(json_text(document))
        return
    emit(rendered(key_table(document, console().width)))
    if gone := document["unused"]:
        say(f"note: the keyring also has {', '.join(gone)}, which nothing uses: thinkdial keys rm {gone[0]}")


@app.command("rm", cls=LightCommand, short_help="Remove a key from the keyring.")
def rm(
    name: Name,
    forget: Annotated[
        bool, typer.Option("--forget", help="Only forget that there is one, when the keyring cannot be reached.")
    ] = False,
) -> None:
    """Remove the key of a provider or a profile from the keyring.

    Example:  thinkdial keys rm anthropic
    """
    from ....engine.targets import keyring
    from ....providers.errors import UsageError, did_you_mean
    from ...output import say

    stored = keyring.entries()
    entry = next((known for known in (name, keyring.profile_entry(name)) if known in stored), None)
    if entry is None:
        known = ", ".join(stored) or "nothing"
        raise UsageError(
            f"the keyring has no key of thinkdial for {name!r}{did_you_mean(name, stored)}",
            hint=f"it has {known}",
        )
    if forget:
        keyring.forget(entry)
        say(f"forgotten: {entry}; the key itself is still in the keyring, if it was there")
        return
    keyring.remove(entry)
    say(f"removed from the keyring: {entry}")


def _to_set(name: str, settings: Config) -> tuple[Entry, Target | None]:
    """The entry that `name` stands for, and for a profile what it calls. Raises `UsageError` for neither."""
    from ....engine.targets.keyring import Entry, profile_entry
    from ....engine.targets.keys import origin
    from ....engine.targets.target import resolve
    from ....providers.errors import UsageError, did_you_mean

    profile = name.removeprefix("profile:")
    if name in settings.providers:
        provider = settings.providers[name]
        if provider.base_url is None:
            own = [each.name for each in settings.profiles.values() if each.provider == name]
            raise UsageError(
                f"{name} has no address of its own that a key could belong to",
                hint=f"set it for a profile: {', '.join(own) or 'none uses it yet'}",
            )
        return Entry(name), None
    if profile not in settings.profiles:
        known = [*settings.providers, *settings.profiles]
        raise UsageError(
            f"no provider or profile is called {profile!r}{did_you_mean(profile, known)}",
            hint=f"providers: {', '.join(settings.providers)}; profiles: thinkdial profiles list",
        )
    target = resolve(settings.profiles[profile], settings)
    return Entry(profile_entry(profile), origin(target.base_url)), target


def _notes(entry: Entry, target: Target | None, settings: Config) -> list[str]:
    """What goes before the stored key, and what else would take it."""
    from ....engine.targets.keys import own_places, provider_places

    if target is not None:
        places = list(own_places(target))
        provider = target.provider.name
        also = f"for all profiles of {provider}: thinkdial keys set {provider}"
        notes = [f"only {target.profile.name} uses it; {also}"] if target.provider.base_url else []
    else:
        places = list(provider_places(settings.providers[entry.name]))
        both = entry.name in settings.profiles
        notes = [f"for the profile {entry.name} alone: thinkdial keys set profile:{entry.name}"] if both else []
    if places and places[0].kind != "keyring":
        notes.append(f"{places[0]} goes before it and is used now")
    return notes


def _asked(name: str, *, from_stdin: bool) -> str:
    """The key from standard input, or from the terminal without an echo."""
    from ....engine.targets.keys import LONGEST_KEY
    from ....providers.errors import UsageError
    from ...output import is_terminal

    if from_stdin or not is_terminal(sys.stdin):
        if sys.stdin is None:
            raise UsageError("standard input is closed", hint="pipe the key in, or run this on a terminal")
        try:
            return sys.stdin.read(LONGEST_KEY + 2).strip()
        except UnicodeDecodeError:
            raise UsageError("standard input holds no text; nothing was stored") from None
    from getpass import GetPassWarning, getpass
    from warnings import catch_warnings, simplefilter

    try:
        with catch_warnings():
            simplefilter("error", GetPassWarning)
            return getpass(f"key for {name} (it is not shown): ").strip()
    except EOFError:
        return ""
    except GetPassWarning:
        raise UsageError("this terminal would show the key", hint="pipe it in: ... | thinkdial keys set NAME") from None


def _listed(settings: Config) -> dict[str, Any]:
    """All providers with the places of their keys, and the profiles that have keys of their own."""
    from ....engine.targets import keyring
    from ....engine.targets.keys import own_places, provider_places
    from ....engine.targets.target import resolve
    from ....providers.errors import ConfigError

    stored = dict(keyring.entries())
    users: dict[str, list[str]] = {}
    own: list[dict[str, Any]] = []
    for profile in settings.profiles.values():
        entry = stored.pop(keyring.profile_entry(profile.name), None)
        if not (profile.api_key_command or profile.api_key_env):
            users.setdefault(profile.provider, []).append(profile.name)
        try:
            places = list(own_places(resolve(profile, settings)))
        except ConfigError:
            places = []
        if places or entry is not None or profile.api_key_env or profile.api_key_command:
            waits = entry.origin if entry is not None and not any(place.kind == "keyring" for place in places) else None
            own.append(
                {
                    "profile": profile.name,
                    "provider": profile.provider,
                    "places": _documents(places),
                    "variables": list(profile.api_key_env),
                    "keyring_is_for": waits,
                }
            )
    providers = [
        {
            "provider": provider.name,
            "places": _documents(list(provider_places(provider))),
            "variables": list(provider.api_key_env),
            "profiles": users.get(provider.name, []),
        }
        for provider in settings.providers.values()
    ]
    for name in settings.providers:
        stored.pop(name, None)
    return {"schema": "thinkdial.keys/1", "providers": providers, "profiles": own, "unused": sorted(stored)}


def _documents(places: list[Place]) -> list[Mapping[str, str]]:
    return [{"kind": place.kind, "name": place.name} for place in places]
