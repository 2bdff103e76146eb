"""Records in Redis: what waits for it and what does not, and what a killed limiter leaves there."""

from __future__ import annotations

import asyncio
import importlib
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.costs.budget.share import Grant
from thinkdial.engine.limiter.address import parsed_address
from thinkdial.engine.limiter.link import asked_status
from thinkdial.engine.limiter.server import LimiterServer, ServerTerms
from thinkdial.engine.limiter.shelves import RedisShelf
from thinkdial.profiles.settings.limiter_settings import LimiterSettings
from thinkdial.providers.errors import ConfigError, StoreError

from .made import DIME, purse, run


def test_a_shelf_that_waits_keeps_only_those_waiting_who_changed_something(tmp_path: Path) -> None:
    slow = slow_redis()

    async def work() -> None:
        shelf = RedisShelf("redis://127.0.0.1:6379/0", slow)
        server = LimiterServer(ServerTerms(parsed_address(f"unix://{tmp_path}/l.sock")), shelf)
        async with server.listening() as found:
            settings = LimiterSettings(found.url)
            first, link = purse(settings, "1.00")
            await link.ready()
            slow.waits.clear()
            slow.gate.clear()
            asked = asyncio.create_task(first.reserve(0, "p", DIME))
            assert await asyncio.to_thread(slow.waits.wait, 30)
            assert (await asked_status(settings, {})).clients[0].held_usd > 0, "others are answered meanwhile"
            assert not asked.done(), "and nothing is granted that is not written down"
            others = [asyncio.create_task(purse(settings, "1.00")[0].reserve(0, "p", DIME)) for _ in range(4)]
            for _ in range(1000):
                if len((await asked_status(settings, {})).clients) == 5:
                    break
            writes = slow.writes
            slow.gate.set()
            assert await asked == Grant(Decimal("0.10"))
            assert await asyncio.gather(*others) == [Grant(Decimal("0.10"))] * 4
            assert slow.writes - writes < 8, "what gathers goes in one write"

            slow.fails = True
            _, other = purse(settings, "1.00")
            lost = asyncio.create_task(other.ready())
            with pytest.raises(StoreError, match="Redis does not answer"):
                await server.until_over()
            lost.cancel()

    run(work())


def slow_redis() -> Any:
    """A Redis that is waited for as long as its gate is shut."""
    import fakeredis

    class SlowRedis(fakeredis.FakeRedis):
        def __init__(self) -> None:
            super().__init__()
            self.gate, self.waits, self.writes, self.fails = threading.Event(), threading.Event(), 0, False
            self.gate.set()

        def pipeline(self, *given: Any, **more: Any) -> Any:
            self._hold_up()
            return super().pipeline(*given, **more)

        def hset(self, *given: Any, **more: Any) -> Any:
            self._hold_up()
            return super().hset(*given, **more)

        def _hold_up(self) -> None:
            self.writes += 1
            self.waits.set()
            self.gate.wait(30)
            if self.fails:
                raise ConnectionError

    return SlowRedis()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("redis-server") is None, reason="there is no redis-server")
def test_a_real_redis_keeps_what_a_killed_limiter_knew(tmp_path: Path) -> None:
    port = free_port()
    redis = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    store = f"redis://127.0.0.1:{port}/0"

    def served() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "thinkdial", "limiter", "serve", f"unix://{tmp_path}/l.sock", "--store", store]
        return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)

    try:
        assert redis.stdout is not None
        while "Ready to accept" not in redis.stdout.readline():
            assert redis.poll() is None
        limiter = served()
        assert limiter.stderr is not None and "listens" in limiter.stderr.readline()
        settings = LimiterSettings(f"unix://{tmp_path}/l.sock")

        async def spend() -> None:
            ledger, _ = purse(settings, "1.00")
            assert await ledger.reserve(0, "p", DIME) == Grant(Decimal("0.10"))
            ledger.settle(0, Decimal("0.07"))
            await ledger.close()

        run(spend())
        limiter.kill()
        limiter.wait()
        second = served()  # the claim of the killed one ends by itself
        assert second.stderr is not None and "another limiter uses it" in second.stderr.read()
        client: Any = importlib.import_module("redis").Redis(port=port)
        client.delete("thinkdial:limiter:owner")
        limiter = served()
        assert limiter.stderr is not None and "listens" in limiter.stderr.readline()
        status = asyncio.run(asked_status(settings, {}))
        assert [one.usd for one in status.money] == [Decimal("0.07")] * 2
        redis.kill()
        asyncio.run(poked(settings))
        words = limiter.stderr.read()
        assert limiter.wait(20) != 0 and "Redis does not answer" in words and "Traceback" not in words, words
    finally:
        redis.kill()
        redis.wait()


async def poked(settings: LimiterSettings) -> None:
    """Ask for something that has to be written down; whatever comes of it."""
    ledger, link = purse(replace(settings, unreachable="refuse"), "1.00")
    link._patience_s = 0.0
    with suppress(ConfigError, TimeoutError):
        async with asyncio.timeout(20):
            await ledger.reserve(0, "p", DIME)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
