"""What `-p` names -> the profiles to call, each with its provider, dialect and model card."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from ...profiles.card import ModelCard, Spelling
from ...profiles.cards.own_models import corrected, spelled_out
from ...profiles.cards.retirement import Retirement, retirement_of
from ...profiles.config import Config
from ...profiles.facts import ENDPOINT_VALUE
from ...profiles.profile import Price, Profile
from ...profiles.provider import DialectUse, Provider
from ...profiles.published import laid_over, published_price, stored
from ...providers import registry
from ...providers.errors import ConfigError, UsageError, did_you_mean
from ...providers.registry import INLINE_THINK
from ...providers.think import AUTO, Think, parse_think


class Selection(Struct, frozen=True):
    """One chosen profile, and the think value that was written behind it (`claude@high`), if any."""

    profile: Profile
    think: Think | None = None

    @property
    def label(self) -> str:
        """The name of the profile, with the think value that was written behind it."""
        return self.profile.name if self.think is None else f"{self.profile.name}@{self.think}"


class Target(Struct, frozen=True):
    """A profile that can be called: where, in which dialect, and what its model is known to do.

    `card_note` says what of the card was not shipped but published by the provider. `prices` are the user's own, by
    patterns of provider/model. `retirement` is the end of the model at this provider, as it stands `today`.
    `is_simulated`: the address has proved to be that of a simulator. `listed_price` is what the provider's own
    catalogue said on the day `listed_on`.
    """

    profile: Profile
    provider: Provider
    dialect: str
    use: DialectUse
    card: ModelCard
    base_url: str
    spelling: Spelling | None = None
    card_note: str | None = None
    retirement: Retirement | None = None
    today: date | None = None
    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    is_simulated: bool = False
    listed_price: Price | None = None
    listed_on: str | None = None

    @property
    def host(self) -> str:
        """Who is called: the host of the address, with its port where it names one."""
        return host_of(self.base_url)


def select(names: Iterable[str], config: Config) -> list[Selection]:
    """The profiles that `names` stand for, in order: profiles, groups, and `provider/model` for one without a name.

    A think value may follow behind `@`. Without names the configured default is taken. Raises `UsageError` for a name
    that stands for nothing, and when there is nothing to call.
    """
    chosen: list[Selection] = []
    for written in list(names) or list(config.defaults.profiles):
        name, think = _name_and_think(written, config)
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
                hint=f"groups: {', '.join(config.groups)}; all profiles: thinkdial profiles list; or provider/model",
            )
    if not chosen:
        raise UsageError(
            "no profile was chosen",
            hint="pass -p NAME (thinkdial profiles list), or set defaults.profile in your configuration",
        )
    # Named twice, through a group and alone say, it is meant once: each call is paid for.
    return list({(selection.profile.name, selection.think): selection for selection in chosen}.values())


def named_again(names: Iterable[str], config: Config) -> dict[str, int]:
    """How often each selection was named, by its label, where the very same name was written more than once."""
    return {
        selection.label: times
        for written, times in Counter(names).items()
        if times > 1
        for selection in select([written], config)
    }


def one_selection(names: Sequence[str] | None, config: Config) -> Selection:
    """The one profile that `ask` talks to. Raises `UsageError` when the names stand for several."""
    chosen = select(names or [], config)
    if len(chosen) > 1:
        listed = ", ".join(selection.profile.name for selection in chosen)
        raise UsageError(f"ask takes one profile, not {len(chosen)} ({listed})", hint="thinkdial compare takes many")
    return chosen[0]


def _name_and_think(written: str, config: Config) -> tuple[str, Think | None]:
    """A name and the think value behind its last `@`. Some model ids hold an `@` of their own."""
    name, at, value = written.rpartition("@")
    if not at:
        return written, None
    if "/" in name and name.partition("/")[0] in config.providers:
        if value[:1] == "0" and len(value) > 1:
            return written, None  # `@001` is a version of the model
        try:
            return name, parse_think(value)
        except UsageError:
            return written, None
    return name, parse_think(value)


def resolve(
    profile: Profile,
    config: Config,
    *,
    base_url: str | None = None,
    environment: Mapping[str, str] = os.environ,
    today: date | None = None,
) -> Target:
    """Bring together what a call to `profile` needs. `base_url` replaces the profile's own.

    Where another model answers under the old name by `today`, its card is taken.

    Raises `ConfigError` when something is missing or may not be used.
    """
    if profile.blocked is not None:
        raise profile.blocked
    provider = config.provider(profile.provider)
    today = today or datetime.now(UTC).date()
    card = _with_own(config.card(profile), profile, provider, config)
    end = retirement_of(provider.name, profile.known_as or profile.model, card)
    if end is not None and end.answers is not None and end.has_ended(today) and profile.card is None:
        profile = replace(profile, known_as=end.answers)
        card = _with_own(config.card(profile), profile, provider, config)
    # A model that is not served on the provider's usual dialect is called on its own.
    usual = provider.dialect if not card.dialects or provider.dialect in card.dialects else card.dialects[0]
    dialect = profile.dialect or usual
    use = use_of(provider, card, dialect)
    if profile.quirks:
        _check_quirks(profile, dialect)
        use = replace(use, quirks={**use.quirks, **profile.quirks})
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
    name = (profile.known_as or profile.model).removeprefix("models/")
    published = stored(provider.name, _other_host(url, use, provider))
    card_note = None
    if profile.card is None:
        card, card_note = laid_over(config.card(profile), name, published)
        card = _with_own(card, profile, provider, config)
        end = end or retirement_of(provider.name, name, card)
    spelled = card.spelling.get(dialect)
    spelling = profile.spelling or (config.spellings[spelled] if spelled else None)
    return Target(
        profile, provider, dialect, use, card, url.rstrip("/"), spelling, card_note, end, today, config.prices,
        listed_price=published_price(name, published), listed_on=published.read_on if published is not None else None,
    )  # fmt: skip


def _with_own(card: ModelCard, profile: Profile, provider: Provider, config: Config) -> ModelCard:
    """The card with what the user's `models` say of it; a profile's own card in the usual words of its dialect."""
    if profile.card is not None:
        routes = (*provider.dialects, *((profile.dialect,) if profile.dialect else ()))
        return spelled_out(card, routes, provider, config.spellings)
    name = (profile.known_as or profile.model).removeprefix("models/")
    return corrected(card, provider, name, config.models, config.spellings)


def refuse_ended(target: Target) -> Target:
    """The target itself. Raises `ConfigError` with the successor's name where its provider is sure to refuse the model.

    A server of the user's own may serve it still.
    """
    end, profile = target.retirement, target.profile
    if end is None or target.today is None or profile.base_url is not None or not end.is_refused(target.today):
        return target
    provider = target.provider.name
    use = (
        f"use model: {end.successor}" if end.successor else f"look for another: thinkdial models --provider {provider}"
    )
    raise ConfigError(
        f"profile {profile.name}: {profile.model} stopped answering on {end.on}, {provider} refuses it",
        hint=f"{use}; or add base_url if a server of your own still has it",
    )


def other_host(target: Target) -> str | None:
    """The host of `target`, where that is another than its provider's own."""
    return _other_host(target.base_url, target.use, target.provider)


def _other_host(url: str, use: DialectUse, provider: Provider) -> str | None:
    host = host_of(url)
    own = [one for url in (use.base_url, provider.base_url) if url is not None for one in _own_hosts(url, provider)]
    return None if any(_fits(host, one) for one in own) else host


def _own_hosts(url: str, provider: Provider) -> list[str]:
    """The host of `url`, once for each value of the parts that follow from others."""
    hosts = [host_of(url)]
    for name, part in provider.endpoint.items():
        if part.of is not None:
            values = [*part.values.values(), *([part.default] if part.default else [])]
            hosts = [host.replace(f"{{{name}}}", value) for host in hosts for value in values]
    return hosts


def _fits(host: str, own: str) -> bool:
    """Whether `host` is one of a provider's own, whose name may hold a region or the like."""
    if "{" not in own:
        return host == own
    parts = re.split(r"\{[^}]*\}", own)
    return re.fullmatch("[a-z0-9._-]+".join(re.escape(part) for part in parts), host) is not None


def use_of(provider: Provider, card: ModelCard, dialect: str) -> DialectUse:
    """How `provider` speaks `dialect` to the model of `card`."""
    use = provider.dialects.get(dialect, DialectUse())
    if card.inline_think is None:
        return use
    return replace(use, quirks={INLINE_THINK: card.inline_think, **use.quirks})


def _check_quirks(profile: Profile, name: str) -> None:
    known = sorted(registry.quirks_of(name))
    for quirk in profile.quirks:
        if quirk not in known:
            raise ConfigError(
                f"{profile.place}: profile {profile.name}: {name} has no quirk {quirk!r}{did_you_mean(quirk, known)}",
                hint=f"its quirks are {', '.join(known) or 'none'}",
            )


def _filled(url: str, profile: Profile, provider: Provider, environment: Mapping[str, str]) -> str:
    """`url` with its placeholders filled in. Raises `ConfigError` for one that nothing gives."""
    if "{" not in url:
        return url
    values: dict[str, str] = {}
    for name, part in provider.endpoint.items():
        given = profile.endpoint.get(name)
        given = given or next((value for variable in part.env if (value := environment.get(variable))), None)
        if given is None:
            pattern = part.values.get(values.get(part.of or "", ""), part.default)
            given = pattern.format(**values) if pattern is not None else None
        if given is None and f"{{{name}}}" in url:
            variables = f", or set {' or '.join(part.env)}" if part.env else ""
            raise ConfigError(
                f"profile {profile.name}: {provider.name} needs its {name}",
                hint=f"add endpoint: {{{name}: ...}} to the profile{variables}",
            )
        if given is not None:
            values[name] = given
            if not re.fullmatch(ENDPOINT_VALUE, values[name]):
                raise ConfigError(f"profile {profile.name}: {name} {given!r} cannot be part of a URL")
    return url.format(**values)


def think_values(selection: Selection, sweep: tuple[Think, ...], config: Config) -> tuple[Think, ...]:
    """The think values for `selection`: written behind its name, else the option's, else configured, else auto."""
    if selection.think is not None:
        return (selection.think,)
    if sweep:
        return sweep
    return (selection.profile.think or config.defaults.think or AUTO,)


def wants_dose(selections: Iterable[Selection], sweep: tuple[Think, ...], config: Config) -> bool:
    """Whether one of the think values is a dose, for which another one has to be chosen."""
    return any(think.aim is not None for one in selections for think in think_values(one, sweep, config))


@lru_cache(maxsize=256)
def host_of(url: str) -> str:
    """The host of an address, in small letters, with its port where it names one; empty where it has none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def bare_address(url: str) -> str:
    """Scheme, host, port and path: a name, a password and a query may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


def is_loopback(url: str) -> bool:
    """Whether `url` points at this machine."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    if not host[:1].isdigit() and ":" not in host:
        return False  # a name, and no address
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
