"""Which of the usual local servers listen on this machine. Nothing but a connection to loopback is made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from ...profiles.provider import Provider
from ..targets.target import is_loopback

PATIENCE_S = 0.15


def local_servers(providers: Iterable[Provider]) -> list[Provider]:
    """The same as `listening`, from outside an event loop."""
    return asyncio.run(listening(providers))


async def listening(providers: Iterable[Provider]) -> list[Provider]:
    """The providers with an address on this machine where something accepts a connection."""
    local = [provider for provider in providers if provider.base_url and is_loopback(provider.base_url)]
    answers = await asyncio.gather(*(_accepts(provider.base_url or "") for provider in local))
    return [provider for provider, accepts in zip(local, answers, strict=True) if accepts]


async def _accepts(url: str) -> bool:
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
