"""The catalogues of all providers that publish one: read anew, and kept for later plans."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from ...profiles.config import Config
from ...profiles.profile import Profile
from ...profiles.published import PublishedModels, store
from ...providers.errors import ConfigError, UsageError
from ..exchange.surroundings import run_loop
from ..exchange.transport import Transport
from ..targets.authorize import Authorize, authorization, by_key, check_signature
from ..targets.keys import place_of_key
from ..targets.target import Target, is_loopback, other_host, resolve
from .refresh import Unread, read_catalogue


class Refreshed(Struct, frozen=True):
    """What came of one provider's catalogue: so many models that are kept at `path`, or an error.

    `left_out` says why nothing was expected of this provider.
    """

    provider: str
    models: int | None = None
    read_on: str | None = None
    path: Path | None = None
    error: str | None = None
    left_out: str | None = None


def refresh_catalogues(config: Config, only: str | None = None) -> Iterator[Refreshed]:
    """Read the catalogues of all providers that publish one and have a key, or of one, and keep them one by one.

    Raises `UsageError` for a provider without a catalogue, and `ConfigError` for the one that cannot be asked.
    """
    names = [name for name in config.providers if config.providers[name].catalogue is not None]
    if only is not None and only not in names:
        raise UsageError(f"{only} publishes no catalogue that is read", hint=f"those that do: {', '.join(names)}")
    calls: list[tuple[Target, Authorize]] = []
    for name in [only] if only is not None else names:
        try:
            calls.append(_call(name, config, without_key=name == only))
        except ConfigError as error:
            if only is not None:
                raise
            yield Refreshed(name, left_out=error.message)
    found = run_loop(_read(calls))
    here = {target.provider.name for target, _ in calls if is_loopback(target.base_url)}
    for one, (target, _) in zip(found, calls, strict=True):
        if isinstance(one, PublishedModels):
            yield Refreshed(one.provider, len(one.models), one.read_on, store(one, _speaks_for(target)))
        elif only is None and one.provider in here and one.failure.kind == "connection":
            yield Refreshed(one.provider, left_out="it does not run on this machine")
        else:
            yield Refreshed(one.provider, error=one.failure.message)


async def _read(calls: list[tuple[Target, Authorize]]) -> list[PublishedModels | Unread]:
    today = datetime.now(UTC).date().isoformat()
    async with Transport() as transport:
        reads = (read_catalogue(target, authorize, transport, today) for target, authorize in calls)
        return list(await asyncio.gather(*reads))


def _speaks_for(target: Target) -> str | None:
    """The host that a catalogue speaks for; None for the provider's own."""
    listed = target.provider.catalogue
    own = listed is not None and listed.base_url is not None and target.profile.base_url is None
    return None if own else other_host(target)


def _call(name: str, config: Config, *, without_key: bool = False) -> tuple[Target, Authorize]:
    """Where the catalogue is: at the address of a profile for this provider, where one has its own.

    A simulator publishes nothing of the provider's. A list that anybody may read is read `without_key` where somebody
    asked for this provider.
    """
    profiles = [one for one in config.profiles.values() if one.provider == name and one.simulated is None]
    own = next((profile for profile in profiles if profile.base_url), None)
    listed = config.provider(name).catalogue
    target = resolve(own or Profile(name=name, provider=name, model="any"), config)
    if listed is not None and listed.base_url is not None and own is None:
        target = resolve(target.profile, config, base_url=listed.base_url)
    try:
        if target.provider.signing and place_of_key(target, os.environ) is None:
            check_signature(target, os.environ)  # botocore would look for a machine in the cloud
        _, authorize = authorization(target, os.environ)
    except ConfigError:
        if listed is None or not listed.keyless or not without_key:
            raise
        authorize = by_key(target, None)
    return target, authorize
