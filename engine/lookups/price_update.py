"""Fetching the price table that the library publishes: asked for by the user, checked, kept for later runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from ...providers.errors import ConfigError, UsageError
from ...providers.schema import HttpRequest
from ..costs.prices import price_table
from ..exchange.connections.body import LOOK_UP_S, TooLargeError, read_body
from ..exchange.connections.errors import CannotSendError, TransportError
from ..exchange.surroundings import run_loop
from ..exchange.transport import Transport, read_transport_error
from ..targets.target import bare_address, is_loopback

TIMEOUT_S = 30.0


def default_url() -> str:
    """Where the library's own updater fetches the table."""
    from genai_prices.update_prices import DEFAULT_UPDATE_URL

    return DEFAULT_UPDATE_URL


class PriceUpdate(Struct, frozen=True):
    """Which table was in use, which is now, and where that is kept."""

    before: price_table.PriceData
    after: price_table.PriceData
    path: Path


def newer_prices(url: str | None, at: datetime) -> PriceUpdate:
    """Fetch the table from `url`, or from where the library publishes it, and use it from then on.

    Raises `ConfigError` when that fails: then what is there already stays.
    """
    before = price_table.price_data(at.date())
    path = run_loop(_updated(url or default_url(), at))
    return PriceUpdate(before, price_table.price_data(at.date()), path)


async def _updated(url: str, at: datetime) -> Path:
    async with Transport() as transport:
        return await update_prices(transport, url, at)


async def update_prices(transport: Transport, url: str, at: datetime) -> Path:
    """Fetch the table from `url`, check it, and store it with the time `at`. Raises `ConfigError` when that fails.

    Whatever goes wrong, the table that is there already stays.
    """
    if not url.startswith("https://") and not is_loopback(url):
        raise UsageError("prices are fetched by https only", hint=f"without --url they come from {default_url()}")
    data = await _fetch(transport, url)
    from ..costs.prices import library_table

    return price_table.store(library_table.checked(data), data, bare_address(url), at)


async def _fetch(transport: Transport, url: str) -> bytes:
    request = HttpRequest("GET", url, (("accept", "application/json"),), b"")
    try:
        async with transport.open(request, None, idle_timeout_s=TIMEOUT_S) as response:
            if response.status != 200:
                raise ConfigError(f"{bare_address(url)} answered HTTP {response.status}", hint=_KEPT)
            return await read_body(response.chunks, price_table.MAX_BYTES, "the price data", LOOK_UP_S)
    except TooLargeError as error:
        raise ConfigError(str(error), hint=_KEPT) from None
    except (TransportError, CannotSendError) as error:
        failed = read_transport_error(error, url, TIMEOUT_S)
        raise ConfigError(f"the price data cannot be fetched: {failed.message}", hint=_KEPT) from None


_KEPT = "the prices that are there already stay in use"
