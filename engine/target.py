"""What `-p` names -> the profiles to call, each with its provider, dialect and model card."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..profiles import facts
from ..profiles.card import ModelCard, Spelling
from ..profiles.load import ENDPOINT_VALUE, Config
from ..profiles.profile import Profile
from ..profiles.provider import DialectUse, Provider
from ..providers.errors import ConfigError, UsageError, did_you_mean
from ..providers.registry import NAMES as DIALECTS
from ..providers.think import AUTO, Think, parse_think


@dataclass(frozen=True, slots=True)
class Selection:
    """One chosen profile, and the think value that was written behind it (`claude@high`), if any."""

    profile: Profile
    think: Think | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A profile that can be called: where, in which dialect, and what its model is known to do."""

    profile: Profile
    provider: Provider
    dialect: str
    use: DialectUse
    card: ModelCard
    base_url: str

    @property
    def spelling(self) -> Spelling | None:
        name = self.card.spelling.get(self.dialect)
        return facts.spellings()[name] if name else None


def select(names: Iterable[str], config: Config) -> list[Selection]:
    """The profiles that `names` stand for, in order: profiles, groups, and `provider/model` for one without a name.

    A think value may follow behind `@`. Without names the configured default is taken. Raises `UsageError` for a name
    that stands for nothing, and when there is nothing to call.
    """
    chosen: list[Selection] = []
    for written in list(names) or list(config.defaults.profiles):
        name, at, value = written.partition("@")
        think = parse_think(value) if at else None
        if name in config.profiles:
            chosen.append(Selection(config.profiles[name], think))
        elif name in config.groups:
            for member in config.groups[name]:
                inner, inner_at, inner_value = member.partition("@")
                inner_think = parse_think(inner_value) if inner_at else None
                chosen.append(Selection(config.profiles[inner], think or inner_think))
        elif "/" in name and name.partition("/")[0] in config.providers:
            provider, _, model = name.partition("/")
            chosen.append(Selection(Profile(name=name, provider=provider, model=model), think))
        else:
            known = [*config.profiles, *config.groups]
            raise UsageError(
                f"no profile or group is called {name!r}{did_you_mean(name, known)}",
                hint=f"profiles: {', '.join(config.profiles)}; groups: {', '.join(config.groups)}",
            )
    if not chosen:
        raise UsageError(
            "no profile was chosen",
            hint=f"pass -p NAME ({', '.join(config.profiles)}), or set defaults.profile in your configuration",
        )
    return chosen


def resolve(
    profile: Profile,
    config: Config,
    *,
    base_url: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Target:
    """Bring together what a call to `profile` needs. `base_url` replaces the profile's own.

    Raises `ConfigError` when something is missing or may not be used.
    """
    if profile.blocked is not None:
        raise profile.blocked
    provider = config.provider(profile.provider)
    card = config.card(profile)
    # A model that is not served on the provider's usual dialect is called on its own.
    usual = provider.dialect if not card.dialects or provider.dialect in card.dialects else card.dialects[0]
    dialect = profile.dialect or usual
    if dialect not in provider.dialects:
        if profile.dialect is None or profile.dialect not in DIALECTS:
            raise ConfigError(f"{profile.place}: profile {profile.name}: unknown dialect {dialect!r}")
        use = DialectUse()
    else:
        use = provider.dialects[dialect]
    url = base_url or profile.base_url or use.base_url or provider.base_url
    if url is not None:
        url = _filled(url, profile, provider, environment)
    else:
        raise ConfigError(
            f"profile {profile.name}: provider {provider.name} needs a base_url",
            hint="add base_url: http://host:port/v1 to the profile",
        )
    if card.dialects and dialect not in card.dialects:
        raise ConfigError(
            f"profile {profile.name}: {profile.model} is not served on {dialect}",
            hint=f"use dialect: {', '.join(card.dialects)}",
        )
    return Target(profile, provider, dialect, use, card, url.rstrip("/"))


def _filled(url: str, profile: Profile, provider: Provider, environment: Mapping[str, str]) -> str:
    """`url` with its placeholders filled in. Raises `ConfigError` for one that nothing gives."""
    if "{" not in url:
        return url
    values: dict[str, str] = {}
    for name, part in provider.endpoint.items():
        given = profile.endpoint.get(name)
        given = given or next((value for variable in part.env if (value := environment.get(variable))), None)
        if part.of is not None:
            given = part.values.get(values.get(part.of, ""), part.default)
        given = given or part.default
        if given is None and f"{{{name}}}" in url:
            variables = f", or set {' or '.join(part.env)}" if part.env else ""
            raise ConfigError(
                f"profile {profile.name}: {provider.name} needs its {name}",
                hint=f"add endpoint: {{{name}: ...}} to the profile{variables}",
            )
        if given is not None:
            values[name] = given.format(**values)
            if not ENDPOINT_VALUE.fullmatch(values[name]):
                raise ConfigError(f"profile {profile.name}: {name} {given!r} cannot be part of a URL")
    return url.format(**values)


def think_values(selection: Selection, sweep: tuple[Think, ...], config: Config) -> tuple[Think, ...]:
    """The think values for `selection`: written behind its name, else the option's, else configured, else auto."""
    if selection.think is not None:
        return (selection.think,)
    if sweep:
        return sweep
    return (selection.profile.think or config.defaults.think or AUTO,)


def is_loopback(url: str) -> bool:
    """Whether `url` points at this machine."""
    import ipaddress

    host = (urlsplit(url).hostname or "").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
