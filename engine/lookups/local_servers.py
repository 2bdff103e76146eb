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


def accepting(urls: Iterable[str]) -> set[str]:
    """Those of these addresses on this machine where something accepts a connection."""

    async def asked(listed: list[str]) -> set[str]:
        answers = await asyncio.gather(*map(_accepts, listed))
        return {url for url, accepts in zip(listed, answers, strict=True) if accepts}

    return asyncio.run(asked(list(urls)))


async def _accepts(url: str) -> bool:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
