"""`thinkdial models refresh`: what the providers publish about their models, into the cache."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from ....engine.exchange.transport import Transport
from ....engine.lookups.refresh import Unread, read_catalogue
from ....engine.targets.authorize import Authorize, authorization
from ....engine.targets.target import Target, is_loopback, resolve
from ....profiles.profile import Profile
from ....profiles.published import PublishedModels, store
from ....providers.errors import ConfigError, UsageError
from ...exit_codes import ExitCode
from ...formats import json_text
from ...output import emit, say

if TYPE_CHECKING:
    from ....profiles.config import Config

    Call = tuple[Target, Authorize]


def refresh_models(settings: Config, only: str | None, *, json: bool) -> None:
    """Read the catalogues of all providers that publish one and have a key, or of one, and say what came of it.

    Raises `UsageError` for a provider without a catalogue.
    """
    names = [name for name in settings.providers if settings.providers[name].catalogue is not None]
    if only is not None and only not in names:
        raise UsageError(f"{only} publishes no catalogue that is read", hint=f"those that do: {', '.join(names)}")
    calls: list[Call] = []
    for name in [only] if only is not None else names:
        try:
            calls.append(_call(name, settings))
        except ConfigError as error:
            if only is not None:
                raise
            say(f"{name}: left out: {error.message}")
    found = asyncio.run(_read(calls))
    here = {target.provider.name for target, _ in calls if is_loopback(target.base_url)}
    rows: list[dict[str, Any]] = []
    for one in found:
        if isinstance(one, Unread) and only is None and one.provider in here and one.failure.kind == "connection":
            say(f"{one.provider}: left out: it does not run on this machine")
            continue
        if isinstance(one, Unread):
            say(f"{one.provider}: {one.failure.message}")
            rows.append({"provider": one.provider, "models": None, "error": one.failure.message})
            continue
        path = store(one)
        rows.append({"provider": one.provider, "models": len(one.models), "error": None, "path": str(path)})
        if not json:
            emit(f"{one.provider}: {len(one.models)} models, as published on {one.read_on}\n")
    if json:
        emit(json_text({"schema": "thinkdial.refresh/1", "providers": rows}))
    if any(row["error"] for row in rows) or not rows:
        raise typer.Exit(ExitCode.SOME_FAILED if any(not row["error"] for row in rows) else ExitCode.ALL_FAILED)


async def _read(calls: list[Call]) -> list[PublishedModels | Unread]:
    today = datetime.now(UTC).date().isoformat()
    async with Transport() as transport:
        reading = (read_catalogue(target, authorize, transport, today) for target, authorize in calls)
        return list(await asyncio.gather(*reading))


def _call(name: str, settings: Config) -> Call:
    """Where the catalogue is: at the address of a profile for this provider, where one has its own."""
    profiles = [profile for profile in settings.profiles.values() if profile.provider == name]
    own = next((profile for profile in profiles if profile.base_url), None)
    target = resolve(own or Profile(name=name, provider=name, model="any"), settings)
    _, authorize = authorization(target, os.environ)
    return target, authorize
