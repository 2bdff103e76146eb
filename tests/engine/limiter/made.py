"""A limiter of this process, and the purses of programs that ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from thinkdial.engine.costs.budget.ledger import Ledger
from thinkdial.engine.costs.budget.limits import Limit, today
from thinkdial.engine.costs.budget.share import Need
from thinkdial.engine.limiter.address import parsed_address
from thinkdial.engine.limiter.link import Link
from thinkdial.engine.limiter.pots import SharedPots, money_limits
from thinkdial.engine.limiter.server import LimiterServer, ServerTerms
from thinkdial.engine.limiter.shelves import FileShelf
from thinkdial.profiles.settings.limiter_settings import LimiterSettings

TOKEN = "a-token-of-the-tests-0123456789"
KEY = "sk-marked-KEY-of-an-account"
DIME = Need(Decimal("0.10"), Decimal("0.10"), Decimal("0.10"))


def run(work: Awaitable[object]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(bounded())


@asynccontextmanager
async def limiter(
    folder: Path, url: str | None = None, *, lease_s: float = 30.0, log: list[str] | None = None, **more: object
) -> AsyncGenerator[LimiterSettings]:
    """A limiter of this process, and how it is reached."""
    address = parsed_address(url or f"unix://{folder}/l.sock")
    terms = ServerTerms(address, lease_s=lease_s, **more)  # pyright: ignore[reportArgumentType]
    server = LimiterServer(terms, FileShelf(folder / "state.sqlite3"), ([] if log is None else log).append)
    async with server.listening() as found:
        yield LimiterSettings(found.url)


def monthly(usd: str) -> list[Limit]:
    return [Limit("budget.monthly_usd", Decimal(usd), Decimal(usd), since=today().replace(day=1))]


def purse(settings: LimiterSettings, usd: str, environment: dict[str, str] | None = None) -> tuple[Ledger, Link]:
    link = Link(settings, money_limits(monthly(usd)), environment=environment or {})
    return Ledger(monthly(usd), shared=SharedPots(link, monthly(usd))), link
