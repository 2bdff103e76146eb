"""The limiter on real sockets: who gets in, what strangers get, restarts, deaths, and two batches at once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.engine.api import ready_run, run_batch
from thinkdial.engine.batch.options import BatchOptions
from thinkdial.engine.costs.budget.share import Grant, Need
from thinkdial.engine.exchange.transport import Transport
from thinkdial.engine.limiter.address import LimiterAddress, check_server, parsed_address
from thinkdial.engine.limiter.leave import CallLeave
from thinkdial.engine.limiter.link import Link, asked_status
from thinkdial.engine.limiter.messages import MAGIC, BucketName, LimiterStatus, Look, proof
from thinkdial.engine.limiter.server import LimiterServer, ServerTerms
from thinkdial.engine.limiter.shelves import FileShelf
from thinkdial.engine.planning.prepare import Prompt
from thinkdial.engine.runs.jobs import Options
from thinkdial.engine.runs.observer import Silent
from thinkdial.engine.targets.target import select
from thinkdial.profiles.config import Config, load
from thinkdial.profiles.profile import CallLimits
from thinkdial.profiles.settings.limiter_settings import LimiterSettings
from thinkdial.providers.errors import ConfigError, Failure
from thinkdial.simulator import RateLimits, Simulator

from .made import DIME, KEY, TOKEN, limiter, purse, run


def test_an_address_that_others_reach_needs_token_and_tls() -> None:
    for url, token, tls, words in (
        ("tcp://0.0.0.0:1", TOKEN, False, "without TLS"),
        ("tls://0.0.0.0:1", None, True, "without a token"),
        ("tcp://10.0.0.1:1", None, False, "without a token and TLS"),
        ("tcp://127.0.0.1:1", "short", False, "can be guessed"),
        ("tls://127.0.0.1:1", TOKEN, False, "needs a certificate"),
    ):
        with pytest.raises(ConfigError, match=words):
            check_server(parsed_address(url), token, has_tls=tls)
    check_server(parsed_address("tls://10.0.0.1:1"), TOKEN, has_tls=True)
    check_server(parsed_address("tcp://[::1]:7"), None, has_tls=False)
    for bad in ("http://x", "tcp://", "unix://", "tcp://127.0.0.1:99999999", "tls://me:secret@host"):
        with pytest.raises(ConfigError) as caught:
            parsed_address(bad)
        assert "secret" not in str(caught.value)
    with pytest.raises(ConfigError, match="no TLS"):
        Link(LimiterSettings("tcp://limiter.example.org:1"))


def test_two_programs_keep_one_budget(tmp_path: Path) -> None:
    async def work() -> None:
        async with limiter(tmp_path) as settings:
            purses = [purse(settings, "1.00")[0] for _ in range(2)]
            answers = await asyncio.gather(*(one.reserve(0, "p", DIME) for one in purses))
            assert answers == [Grant(Decimal("0.10")), Grant(Decimal("0.10"))]
            for one in purses:
                one.settle(0, Decimal("0.10"))
            granted = 0
            for index in range(1, 20):
                for one in purses:
                    answer = await one.reserve(index, "p", DIME)
                    granted += isinstance(answer, Grant)
                    if isinstance(answer, Failure):
                        assert "budget.monthly_usd" in answer.message
                    one.settle(index, Decimal("0.10"))
            assert granted == 8, "ten dimes in all"
            for one in purses:
                await one.close()
            status = await asked_status(settings, {})
            assert [one.usd for one in status.money] == [Decimal("1.00")] * 2, "the day and the month"

    run(work())


def test_strangers_get_nothing(tmp_path: Path) -> None:
    async def tried(address: LimiterAddress, data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(data)
        try:
            return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()

    async def work() -> None:
        log: list[str] = []
        async with limiter(tmp_path, "tcp://127.0.0.1:0", token=TOKEN, log=log) as settings:
            address = parsed_address(settings.url)
            ours = MAGIC + proof(TOKEN)
            for data in (
                b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" + b"x" * 99,
                MAGIC + proof("another token of the same kind"),
                MAGIC + proof(None) + b"\x00\x00\x00\x01\xc0",
                os.urandom(36),
                ours + b"\xff\xff\xff\xff",
                ours + b"\x00\x00\x00\x04\xc1\xc1\xc1\xc1",
                ours + b"\x00\x00\x00\x00",
                ours + (9).to_bytes(4, "big") + b"\x92\x01\x91\x91\xa4look",
            ):
                assert await tried(address, data) == b""
            for environment in ({}, {"THINKDIAL_LIMITER_TOKEN": "a wrong token of some length"}):
                link = Link(settings, environment=environment)
                assert await link.ask(Look()) is None
                assert link.failed is not None and "token" in link.failed.message
                await link.close()
            good = {"THINKDIAL_LIMITER_TOKEN": TOKEN}
            status = await asked_status(settings, good)
            assert status.refused_connections >= 9
            assert not any(TOKEN in line for line in log)

    run(work())


def test_a_slow_client_holds_up_nobody(tmp_path: Path) -> None:
    async def work() -> None:
        async with limiter(tmp_path) as settings:
            path = parsed_address(settings.url).path
            slow = [await asyncio.open_unix_connection(path) for _ in range(40)]
            for _, writer in slow:
                writer.write((MAGIC + proof(None))[:20])
            ledger, link = purse(settings, "1.00")
            assert isinstance(await ledger.reserve(0, "p", DIME), Grant)
            await ledger.close()
            assert link.failed is None
            for _, writer in slow:
                writer.close()

    run(work())


def test_a_limiter_that_is_not_there_is_refused_waited_for_or_done_without(tmp_path: Path) -> None:
    url = f"unix://{tmp_path}/none.sock"

    async def work() -> None:
        ledger, link = purse(LimiterSettings(url), "1.00")
        with pytest.raises(ConfigError, match="cannot be reached"):
            await link.ready()
        refused = await ledger.reserve(0, "p", DIME)
        assert isinstance(refused, Failure) and "cannot be reached" in refused.message
        await ledger.close()

        alone, link = purse(LimiterSettings(url, unreachable="alone"), "0.15")
        assert isinstance(await alone.reserve(0, "p", DIME), Grant)
        alone.settle(0, Decimal("0.10"))
        assert isinstance(await alone.reserve(1, "p", Need(Decimal("0.1"), Decimal("0.1"), Decimal("0.1"))), Failure)
        assert len(link.notes) == 1 and "its own limits alone" in link.notes[0]
        await alone.close()

        waiting, link = purse(LimiterSettings(url, unreachable="wait"), "1.00")
        asking = asyncio.create_task(waiting.reserve(0, "p", DIME))
        async with limiter(tmp_path, url):
            assert isinstance(await asking, Grant)
            assert len([one for one in link.notes if "waiting for it" in one]) <= 1
            await waiting.close()

    run(work())


def test_a_restart_is_waited_for_and_nothing_is_lost(tmp_path: Path) -> None:
    async def work() -> None:
        async with limiter(tmp_path) as settings:
            ledger, link = purse(settings, "1.00")
            assert isinstance(await ledger.reserve(0, "p", DIME), Grant)
            leave = CallLeave(link, BucketName("h", "a", "m"), CallLimits(rpm=6000))
            assert await leave.enter(1000) is None
        asking = asyncio.create_task(ledger.reserve(1, "p", DIME))
        ledger.settle(0, Decimal("0.07"))
        entering = asyncio.create_task(leave.enter(1000))
        await asyncio.sleep(0)
        async with limiter(tmp_path) as settings:
            assert isinstance(await asking, Grant) and await entering is None
            ledger.settle(1, Decimal("0.05"))
            await leave.close()
            await ledger.close()
            status = await asked_status(settings, {})
            assert [one.usd for one in status.money] == [Decimal("0.12")] * 2
        told = [one.split(" cannot")[0].split(" is there")[0] for one in link.notes]
        assert len(told) == 2 and len(set(told)) == 1, "that it is gone, and that it is there again: once each"

    run(work())


CLIENT = """
import asyncio, sys
from datetime import datetime, UTC
from decimal import Decimal
from thinkdial.engine.costs.budget.ledger import Ledger
from thinkdial.engine.costs.budget.limits import Limit, today
from thinkdial.engine.costs.budget.share import Need
from thinkdial.engine.limiter.link import Link
from thinkdial.engine.limiter.pots import SharedPots, money_limits
from thinkdial.profiles.settings.limiter_settings import LimiterSettings
limits = [Limit("budget.monthly_usd", Decimal(1), Decimal(1), since=today().replace(day=1))]
async def main():
    link = Link(LimiterSettings(sys.argv[1]), money_limits(limits))
    ledger = Ledger(limits, shared=SharedPots(link, limits))
    print(await ledger.reserve(0, "p", Need(Decimal("0.6"), Decimal("0.6"), Decimal("0.6"))), flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.slow
def test_a_killed_client_is_charged_what_it_held(tmp_path: Path) -> None:
    async def work() -> None:
        fell_silent = asyncio.Event()
        log: list[str] = []
        address = parsed_address(f"unix://{tmp_path}/l.sock")

        def hear(words: str) -> None:
            log.append(words)
            fell_silent.set()

        server = LimiterServer(ServerTerms(address, lease_s=1.0), FileShelf(tmp_path / "s.sqlite3"), hear)
        async with server.listening() as found:
            client = await asyncio.create_subprocess_exec(
                sys.executable, "-c", CLIENT, found.url, stdout=subprocess.PIPE
            )  # fmt: skip
            assert client.stdout is not None and b"Grant" in await client.stdout.readline()
            client.send_signal(signal.SIGKILL)
            await client.wait()
            await fell_silent.wait()
            assert "0.6 USD that it held are charged" in log[0]
            ledger, _ = purse(LimiterSettings(found.url), "1.00")
            refused = await ledger.reserve(0, "p", Need(Decimal("0.5"), Decimal("0.5"), Decimal("0.5")))
            assert isinstance(refused, Failure) and "0.40 of 1.00 USD is left" in refused.message
            await ledger.close()

    run(work())


@pytest.mark.slow
def test_tls_with_a_certificate_of_ones_own(tmp_path: Path) -> None:
    cert, key = tmp_path / "c.pem", tmp_path / "k.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext"
    try:
        subprocess.run(
            ["openssl", *words.split(), "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
            check=True, capture_output=True,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("there is no openssl here")

    async def work() -> None:
        async with limiter(tmp_path, "tls://localhost:0", token=TOKEN, cert=cert, key=key) as settings:
            good = LimiterSettings(settings.url, ca=cert)
            assert isinstance(await asked_status(good, {"THINKDIAL_LIMITER_TOKEN": TOKEN}), LimiterStatus)
            with pytest.raises(ConfigError, match="token"):
                await asked_status(good, {})
            with pytest.raises(ConfigError, match="not trusted"):
                await asked_status(settings, {"THINKDIAL_LIMITER_TOKEN": TOKEN})

    run(work())


def config_for(folder: Path, url: str, limiter_url: str, more: str = "") -> Config:
    path = folder / "config.yaml"
    path.write_text(
        "profiles:\n  p: {provider: openai-compatible, model: gpt-5.6, api_key_env: TEST_KEY, "
        f"base_url: '{url}/openai/v1', price: {{input: 100, output: 1000}}, max_output_tokens: 1000, "
        f"limits: {{rpm: 1200}}}}\nlimiter: {{url: '{limiter_url}'}}\n{more}",
        encoding="utf-8",
    )
    return load(path)


def rows(folder: Path, name: str, count: int) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps({"prompt": f"{name} {i}"}) + "\n" for i in range(count)), encoding="utf-8")
    return path


@pytest.mark.slow
def test_two_batches_at_once_keep_the_limit_of_their_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)

    async def work() -> None:
        limits = RateLimits(1200, None)
        async with Simulator(pace=0, limits=limits, log=tmp_path / "log") as simulator, limiter(tmp_path) as settings:
            config = config_for(tmp_path, simulator.base_url, settings.url)
            lines: list[bytes] = []
            began = time.monotonic()
            ends = await asyncio.gather(
                *(run_batch(BatchOptions(rows(tmp_path, f"r{n}", 30), lines.append, ("p",)), config) for n in range(2))
            )
            took = time.monotonic() - began
            status = await asked_status(settings, {})
        assert [end.ended.finished for end in ends] == [True, True] and len(lines) == 60
        log = (tmp_path / "log").read_text(encoding="utf-8")
        assert log.count('"status": 429') == 0
        assert took > 60 / 20 - 1, "no faster than twenty a second for both together"
        (bucket,) = status.buckets
        assert bucket.calls == 60 and bucket.under_way == 0 and bucket.rpm == 1200

    run(work())
    state = b"".join(one.read_bytes() for one in tmp_path.glob("state.sqlite3*"))
    assert state and KEY.encode() not in state and b"sk-" not in state


def test_a_monthly_budget_holds_over_two_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)

    async def work() -> None:
        async with Simulator(pace=0) as simulator, limiter(tmp_path) as settings:
            more = "budget: {monthly_usd: 20}\n"
            config = config_for(tmp_path, simulator.base_url, settings.url, more)
            lines: list[bytes] = []
            ends = []
            for number in range(2):
                # Another machine: another history, which knows nothing of the first.
                monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / f"home{number}"))
                options = BatchOptions(rows(tmp_path, f"r{number}", 30), lines.append, ("p",))
                ends.append(await run_batch(options, config))
            status = await asked_status(settings, {})
        costs = [json.loads(line)["cost"]["usd"] for line in lines]
        spent = sum(Decimal(usd) for usd in costs if usd is not None)  # a last call may have had no money for a retry
        assert 10 < spent <= 20, spent
        assert any(end.ended.budget is not None for end in ends)
        assert [one.usd for one in status.money] == [spent, spent]
        assert not any(one.estimated_usd for one in status.money)
        assert sum(one.calls for one in status.buckets) == len(lines), "what the budget refused was no call"

    run(work())


def test_single_calls_take_a_handful_of_messages_in_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("TEST_KEY", KEY)
    for told_later in ("leave.TELL_S", "pots.TELL_S", "pots.SOON_S", "pots.IDLE_S"):  # than a slow machine takes
        monkeypatch.setattr(f"thinkdial.engine.limiter.{told_later}", 60.0)

    async def work() -> None:
        async with Simulator(pace=0) as simulator, limiter(tmp_path) as settings:
            config = config_for(tmp_path, simulator.base_url, settings.url, "budget: {monthly_usd: 20}\n")
            selected, prompt = select(["p@low", "p@high"], config), Prompt("Is 91 prime?")
            ready = ready_run(selected, prompt, config, Options(), command="compare")
            purse = ready.affordable.purse()
            async with Transport() as transport:
                finished = await ready.make(Silent(), transport, purse)
            assert purse is not None and [one.status for one in finished.run.results] == ["ok", "ok"]
            status = await asked_status(settings, {})
            assert status.frames <= 5, "a greeting, leave, money, what came of it, a farewell: not a frame a call"
            assert status.buckets[0].calls == sum(one.attempts for one in finished.run.results)
            assert not status.buckets[0].under_way
            assert [one.calls for one in status.money] == [2, 2]

    run(work())
