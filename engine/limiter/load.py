"""A made-up load: clients that ask a limiter for leave and money as runs do, and call nobody."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct

from ...profiles.profile import CallLimits
from ...profiles.settings.limiter_settings import LimiterSettings
from ..costs.budget.ledger import Ledger
from ..costs.budget.limits import Limit
from ..costs.budget.share import Need
from .leave import CallLeave
from .link import Link
from .messages import BucketName
from .pots import SharedPots, money_limits

CALL_USD = Decimal("0.000001")
BUDGET_USD = Decimal(1000)
AT_ONCE = 64
PAUSE_EVERY = 64
"""Calls after which others get a turn, as calls that wait for a provider would give them."""


class LoadFigures(Struct, frozen=True):
    """What was measured: calls, the frames they took, and the CPU of the clients."""

    clients: int
    calls: int
    frames: int
    wall_s: float
    cpu_s: float

    @property
    def per_s(self) -> float:
        return self.calls / self.wall_s


async def run_load(settings: LimiterSettings, *, clients: int, seconds: float, money: bool) -> LoadFigures:
    """Let `clients` ask for leave, and with `money` for money too, for so long. Raises `ConfigError`."""
    started, cpu = time.perf_counter(), time.process_time()
    done = await asyncio.gather(*(_client(settings, i, seconds, money=money) for i in range(clients)))
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    return LoadFigures(clients, sum(calls for calls, _ in done), sum(frames for _, frames in done), wall_s, cpu_s)


async def _client(settings: LimiterSettings, number: int, seconds: float, *, money: bool) -> tuple[int, int]:
    day = datetime.now(UTC).date()
    limits = [Limit("budget.monthly_usd", BUDGET_USD, BUDGET_USD, since=day.replace(day=1))]
    link = Link(settings, money_limits(limits))
    await link.ready()
    ledger = Ledger(limits, shared=SharedPots(link, limits))
    more = asyncio.Event()
    bucket = BucketName("load.invalid", "none", f"model-{number % 2}")
    leave = CallLeave(link, bucket, CallLimits(), more.set)
    ends, calls = time.monotonic() + seconds, 0
    need = Need(CALL_USD, CALL_USD, CALL_USD)

    async def one(index: int) -> None:
        await ledger.reserve(index, "load", need)
        ledger.settle(index, CALL_USD)

    while (now := time.monotonic()) < ends:
        more.clear()
        if leave.next_place(now, 1000) > now:
            await more.wait()
            continue
        leave.use()
        calls += 1
        if money and calls % AT_ONCE == 0:
            await asyncio.gather(*(one(calls + i) for i in range(AT_ONCE)))
        leave.ended(0.0)
        if calls % PAUSE_EVERY == 0:
            await asyncio.sleep(0)
    frames = link.frames
    await leave.close()
    await ledger.close()
    return calls, frames
