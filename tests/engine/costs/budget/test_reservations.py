"""A monthly budget that several programs draw on at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.engine.costs.budget.ledger import POLL_S, Ledger
from thinkdial.engine.costs.budget.limits import Limit
from thinkdial.engine.costs.budget.share import Grant, Need
from thinkdial.engine.history.processes import is_running, this_machine
from thinkdial.engine.history.store import Store
from thinkdial.engine.history.sums.aside import Aside, set_aside, settle
from thinkdial.engine.history.sums.reservations import MARGIN_S, Reservations
from thinkdial.profiles.budget_rules import OnExceed
from thinkdial.providers.errors import Failure

MONTH = date(2026, 11, 1)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DIME = Need(Decimal("0.01"), Decimal("0.1"), Decimal("0.1"))
WHOLE = Need(Decimal("0.01"), Decimal("0.4"), Decimal("1"))


def monthly(total: str = "1.00", profiles: frozenset[str] | None = None, on_exceed: OnExceed = "refuse") -> Limit:
    return Limit("budget.monthly_usd", Decimal(total), Decimal(total), profiles, on_exceed, MONTH)


def run(work: Awaitable[object]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await work

    asyncio.run(bounded())


def book(path: Path, usd: str, profile: str = "p", day: str = "2026-11-21") -> None:
    """Count a cost as the history does for a result that has come."""
    with Store.open(path, create=True) as store, store.transaction() as connection:
        row = connection.execute(
            "SELECT usd FROM spending WHERE day = ? AND profile = ? AND model = 'm'", (day, profile)
        ).fetchone()
        usd = str(Decimal(usd) + (Decimal(row[0]) if row else 0))
        connection.execute(
            "REPLACE INTO spending VALUES (?, ?, 'v', 'm', 'auto', '', 1, 0, ?, '0', '0', 0, '0', 0, 0, 0, 0, '0')",
            (day, profile, usd),
        )


def rows(path: Path) -> list[tuple[str, str]]:
    with Store.open(path) as store:
        return list(store.connection.execute("SELECT profile, usd FROM reservations ORDER BY number"))


def reserve_by_hand(path: Path, usd: str, *, pid: int, host: str, expires: str, profile: str = "p") -> None:
    with Store.open(path, create=True) as store, store.transaction() as connection:
        connection.execute(
            "INSERT INTO reservations (created_at, expires_at, host, pid, profile, usd) VALUES ('', ?, ?, ?, ?, ?)",
            (expires, host, pid, profile, usd),
        )


class Program:
    """One program's ledger with a monthly budget. `sleeps` are its waits for others, each of which takes no time."""

    def __init__(self, path: Path, limit: Limit | None = None, *, dead: frozenset[int] = frozenset()) -> None:
        limit = limit or monthly()
        self.sleeps: list[float] = []
        self.slept = asyncio.Event()
        self.wake = asyncio.Event()
        self.shared = Reservations(
            [limit], lasts_s=600, path=path, now=lambda: NOW, alive=lambda pid: pid not in dead
        )  # fmt: skip
        self.ledger = Ledger([limit], shared=self.shared, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.slept.set()
        await self.wake.wait()
        self.wake.clear()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.sqlite3"


def test_a_reservation_is_kept_until_it_is_settled(path: Path) -> None:
    async def go() -> None:
        one = Program(path)
        assert await one.ledger.reserve(0, "p", WHOLE) == Grant(Decimal(1))
        assert rows(path) == [("p", "1")]
        with Store.open(path) as store:
            (expires,) = store.connection.execute("SELECT expires_at FROM reservations").fetchone()
        assert expires == (NOW + timedelta(seconds=600 + MARGIN_S)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        one.ledger.settle(0, Decimal("0.3"))
        assert await one.ledger.reserve(1, "p", WHOLE) == Grant(Decimal("0.7"), shorter=True)
        await one.ledger.close()
        assert rows(path) == []

    run(go())


def test_what_others_spend_and_hold_is_gone_and_comes_back(path: Path) -> None:
    async def go() -> None:
        one, other = Program(path), Program(path)
        assert await one.ledger.reserve(0, "p", Need(Decimal("0.01"), Decimal("0.1"), Decimal("0.7")))
        mine = Need(Decimal("0.01"), Decimal("0.1"), Decimal("0.3"))
        assert await other.ledger.reserve(0, "q", mine) == Grant(Decimal("0.3"))
        book(path, "0.2", "q")
        other.ledger.settle(0, Decimal("0.2"))
        waiting = asyncio.create_task(other.ledger.reserve(1, "q", WHOLE))
        await other.slept.wait()
        assert not waiting.done() and other.sleeps == [POLL_S]
        book(path, "0.5")
        one.ledger.settle(0, Decimal("0.5"))
        await one.ledger.close()
        other.wake.set()
        assert await waiting == Grant(Decimal("0.3"), shorter=True)
        await other.ledger.close()

    run(go())


def test_a_call_that_others_leave_nothing_is_refused_in_the_end(path: Path) -> None:
    async def go() -> None:
        one, other = Program(path), Program(path)
        assert isinstance(await one.ledger.reserve(0, "p", WHOLE), Grant)
        waiting = asyncio.create_task(other.ledger.reserve(0, "p", WHOLE))
        await other.slept.wait()
        book(path, "0.995")
        one.ledger.settle(0, Decimal("0.995"))
        await one.ledger.close()
        other.wake.set()
        failed = await waiting
        assert isinstance(failed, Failure) and failed.kind == "budget"
        assert failed.message == "budget.monthly_usd: 0.0050 of 1.00 USD is left; the call costs at least 0.010 USD"
        assert failed.hint == "raise budget.monthly_usd in your configuration"
        await other.ledger.close()

    run(go())


def test_the_dead_and_the_expired_hold_nothing(path: Path) -> None:
    later, earlier, here = "2026-11-21T12:00:00.000001Z", "2026-11-21T12:00:00.000000Z", this_machine()
    reserve_by_hand(path, "0.9", pid=111, host=here, expires=later)
    reserve_by_hand(path, "0.9", pid=222, host=here, expires=earlier)
    reserve_by_hand(path, "0.9", pid=111, host="elsewhere", expires=earlier)
    reserve_by_hand(path, "0.25", pid=111, host=f"{this_machine()} in a container", expires=later)

    async def go() -> None:
        one = Program(path, dead=frozenset({111}))
        assert await one.ledger.reserve(0, "p", WHOLE) == Grant(Decimal("0.75"), shorter=True)
        assert [usd for _, usd in rows(path)] == ["0.25", "0.75"]
        await one.ledger.close()
        assert [usd for _, usd in rows(path)] == ["0.25"]

    run(go())


def test_only_the_profiles_and_days_of_a_limit_count(path: Path) -> None:
    book(path, "0.3", "p")
    book(path, "5", "q")
    book(path, "5", "p", day="2026-10-31")
    reserve_by_hand(path, "7", pid=1, host="elsewhere", expires="2027", profile="q")
    reserve_by_hand(path, "0.1", pid=1, host="elsewhere", expires="2027", profile="p")

    async def go() -> None:
        limit = Limit("p", Decimal(1), Decimal(1), frozenset({"p"}), "refuse", MONTH)
        one = Program(path, limit)
        assert await one.ledger.reserve(0, "p", WHOLE) == Grant(Decimal("0.6"), shorter=True)
        await one.ledger.close()

    run(go())


def test_what_open_batches_are_expected_to_cost_is_not_there_and_is_not_waited_for(path: Path) -> None:
    book(path, "0.3")
    entries = [
        Aside("j", 1, "2026-11-21", "q", Decimal("0.6")),
        Aside("j", 2, "2026-10-31", "q", Decimal(9)),
    ]
    with Store.open(path, create=True) as store, store.transaction() as connection:
        set_aside(connection, entries)

    async def go() -> None:
        one = Program(path)
        assert await one.ledger.reserve(0, "p", WHOLE) == Grant(Decimal("0.1"), shorter=True)
        one.ledger.settle(0, Decimal(0))
        failed = await one.ledger.reserve(1, "p", Need(Decimal("0.2"), Decimal("0.2"), Decimal("0.2")))
        assert isinstance(failed, Failure) and one.sleeps == []
        assert failed.message == (
            "budget.monthly_usd: 0.10 of 1.00 USD is left, as 0.60 USD is set aside for batches that are not collected "
            "yet; the call costs at least 0.20 USD"
        )
        with Store.open(path) as store, store.transaction() as connection:
            settle(connection, {"j": False}, [], lambda _: False)
        assert await one.ledger.reserve(2, "p", WHOLE) == Grant(Decimal("0.7"), shorter=True)
        await one.ledger.close()
        other = Program(path, Limit("q", Decimal(1), Decimal(1), frozenset({"p"}), "refuse", MONTH))
        assert await other.ledger.reserve(0, "p", WHOLE) == Grant(Decimal("0.7"), shorter=True)
        await other.ledger.close()

    run(go())


def test_calls_of_unknown_cost_count_although_the_history_does_not_know_it(path: Path) -> None:
    async def go() -> None:
        one = Program(path)
        await one.ledger.reserve(0, "p", Need(Decimal("0.01"), Decimal("0.4"), Decimal("0.6")))
        one.ledger.settle(0, None)
        assert await one.ledger.reserve(1, "p", WHOLE) == Grant(Decimal("0.4"), shorter=True)
        await one.ledger.close()

    run(go())


def test_a_cancelled_call_holds_nothing_for_others(path: Path) -> None:
    async def go() -> None:
        one = Program(path)
        await one.ledger.reserve(0, "p", DIME)
        for turns in range(20):  # wherever the decision stands at that moment
            task = asyncio.create_task(one.ledger.reserve(1, "p", DIME))
            for _ in range(turns % 7):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert await one.ledger.reserve(2, "p", WHOLE) == Grant(Decimal("0.9"), shorter=True)
        assert one.ledger.reserved_usd == 1
        await one.ledger.close()
        assert rows(path) == []

    run(go())


def test_a_history_that_cannot_be_used_refuses_instead_of_forgetting_the_budget(tmp_path: Path) -> None:
    broken = tmp_path / "history.sqlite3"
    broken.write_bytes(b"no database at all" * 100)

    async def go() -> None:
        one = Program(broken)
        failed = await asyncio.gather(*(one.ledger.reserve(i, "p", DIME) for i in range(3)))
        assert all(isinstance(answer, Failure) and answer.kind == "budget" for answer in failed)
        assert isinstance(failed[0], Failure) and failed[0].message.startswith("the budget cannot be checked: ")
        assert one.ledger.reserved_usd == 0
        await one.ledger.close()
        for_p = Program(broken, monthly(profiles=frozenset({"p"})))
        assert isinstance(await for_p.ledger.reserve(0, "p", DIME), Failure)
        assert await for_p.ledger.reserve(1, "q", DIME) == Grant(None)
        await for_p.ledger.close()
        warned = Program(broken, monthly(on_exceed="warn"))
        assert await warned.ledger.reserve(0, "p", DIME) == Grant(None)
        await warned.ledger.close()

    run(go())


def test_a_run_without_shared_limits_makes_no_database(path: Path) -> None:
    async def go() -> None:
        limit = Limit("--max-cost", Decimal(1), Decimal(1))
        ledger = Ledger([limit], shared=Reservations([limit], lasts_s=1, path=path))
        assert isinstance(await ledger.reserve(0, "p", DIME), Grant)
        await ledger.close()

    run(go())
    assert not path.parent.exists()


def test_a_process_that_has_ended_is_known_to_have() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    running = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with ended, running:
        ended.wait()
        assert not is_running(ended.pid) and is_running(running.pid)
        running.communicate(b"\n")


SPENDER = """
import asyncio, sys
from datetime import date
from decimal import Decimal
from pathlib import Path

from thinkdial.engine.costs.budget.share import Grant, Need
from thinkdial.engine.history.sums.reservations import Reservations
from thinkdial.engine.history.processes import is_running, this_machine
from thinkdial.engine.history.store import Store
from thinkdial.engine.costs.budget.ledger import Ledger
from thinkdial.engine.costs.budget.limits import Limit

path = Path(sys.argv[1])
limit = Limit("budget.monthly_usd", Decimal("1.00"), Decimal("1.00"), None, "refuse", date(2026, 11, 1))
need = Need(Decimal("0.01"), Decimal("0.1"), Decimal(sys.argv[2]))


def book(profile):
    with Store.open(path, create=True, busy_timeout_s=30) as store, store.transaction() as connection:
        key = ("2026-11-21", profile)
        row = connection.execute("SELECT usd FROM spending WHERE day = ? AND profile = ?", key).fetchone()
        usd = str(Decimal("0.10") + (Decimal(row[0]) if row else 0))
        values = (*key, usd)
        connection.execute(
            "REPLACE INTO spending VALUES (?, ?, 'v', 'm', 'auto', '', 1, 0, ?, '0', '0', 0, '0', 0, 0, 0, 0, '0')",
            values,
        )


async def main():
    ledger = Ledger([limit], ["p"] * 16, shared=Reservations([limit], lasts_s=600, path=path))

    async def call(index):
        granted = await ledger.reserve(index, sys.argv[3], need)
        if not isinstance(granted, Grant):
            return 0
        await asyncio.to_thread(book, sys.argv[3])
        ledger.settle(index, Decimal("0.10"))
        return 1

    print("ready", flush=True)
    sys.stdin.readline()
    print(sum(await asyncio.gather(*(call(i) for i in range(16)))))
    await ledger.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("ceiling", ["0.10", "0.35"])
def test_two_processes_share_a_monthly_budget(path: Path, ceiling: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SPENDER, str(path), ceiling, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in ("p", "q")
    ]  # fmt: skip
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    completed = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    with Store.open(path) as store:
        spent = [Decimal(usd) for (usd,) in store.connection.execute("SELECT usd FROM spending")]
    assert sum(spent) == Decimal("1.00") and sum(completed) == 10
    assert rows(path) == []
