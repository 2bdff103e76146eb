"""Results of providers' batches enter the sums once, and what open batches may cost is set aside until it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from thinkdial.engine.history.heads import Kept
from thinkdial.engine.history.record import Recorder, RunHead
from thinkdial.engine.history.store import Store
from thinkdial.engine.history.sums.aside import Aside, aside_in, everything_aside, set_aside, settle
from thinkdial.engine.history.sums.rollups import AddedSums
from thinkdial.engine.history.sums.spend import budget_states, spent, spent_in
from thinkdial.engine.results.result import Cost
from thinkdial.profiles.budget_rules import Allowance, BudgetRules

from .made import NOON, result

DAY = date(2026, 11, 21)
ONE = result(cost=Cost(Decimal("0.10"), source="table"))
D = Decimal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, create=True) as opened:
        yield opened


def recorder(path: Path, kept: Kept = "run") -> Recorder:
    return Recorder(RunHead(f"run-{id(path)}", NOON, "batch", "rows", None, False, kept), path=path)


def book(path: Path, *works: tuple[str, bytes], kept: Kept = "run") -> int | None:
    books = recorder(path, kept)

    async def go() -> int | None:
        for job, work in works:
            books.booked(job, work, ONE)
        await books.stored()
        with Store.open(path) as store:
            booked = store.connection.execute("SELECT count(*) FROM booked").fetchone()[0]
        assert booked == len(set(works)), "what `stored` has waited for is stored"
        return await books.close(1.0)

    number = asyncio.run(go())
    assert books.problem is None
    return number


def test_each_work_of_a_job_is_booked_once(store: Store, path: Path) -> None:
    assert book(path, ("j", b"1"), ("j", b"2"), ("j", b"1"), ("k", b"1")) == 1
    assert spent_in(store, DAY) == (D("0.30"), 0)
    assert spent(store, "day")[1].results == 3


def test_booking_again_adds_nothing_and_makes_no_run(store: Store, path: Path) -> None:
    book(path, ("j", b"1"), ("j", b"2"))
    again = recorder(path)

    async def go() -> int | None:
        again.booked("j", b"1", ONE)
        again.booked("j", b"2", replace(ONE, cost=Cost(D(7), source="table")))
        return await again.close(1.0)

    assert asyncio.run(go()) is None
    assert spent_in(store, DAY) == (D("0.20"), 0)
    assert store.connection.execute("SELECT count(*), max(total_s) FROM runs").fetchone() == (1, 1.0)


def test_sums_alone_make_no_run(store: Store, path: Path) -> None:
    assert book(path, ("j", b"1"), kept="sums") is None
    assert spent_in(store, DAY) == (D("0.10"), 0)
    assert store.connection.execute("SELECT count(*) FROM runs").fetchone() == (0,)


def test_a_sum_that_is_rolled_back_is_not_taken_for_booked(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as patch:
        patch.setattr(AddedSums, "write", broken)
        books = recorder(path)

        async def go() -> None:
            books.booked("j", b"1", ONE)
            await books.stored()
            await books.close(1.0)

        asyncio.run(go())
        assert books.problem is not None
    assert spent_in(store, DAY) == (D(0), 0)
    book(path, ("j", b"1"))
    assert spent_in(store, DAY) == (D("0.10"), 0)


def test_waiting_for_nothing_does_not_wait(path: Path) -> None:
    async def go() -> None:
        books = recorder(path)
        await books.stored()
        assert await books.close(1.0) is None
        books.booked("j", b"1", ONE)
        await books.stored()

    asyncio.run(go())
    assert not path.exists()


def aside(job: str = "j", part: int = 1, day: str = "2026-11-21", profile: str = "p", usd: str = "1") -> Aside:
    return Aside(job, part, day, profile, D(usd))


def settled(store: Store, jobs: dict[str, bool], *due: Aside, may_exist: Callable[[str], bool]) -> list[Aside]:
    with store.transaction() as connection:
        settle(connection, jobs, due, may_exist)
    return everything_aside(store.connection)


def test_what_is_set_aside_counts_for_its_day_and_its_profile(store: Store) -> None:
    entries = [aside(usd="0.1"), aside(part=2, profile="q", usd="0.2"), aside("k", day="2026-11-20", usd="0.4")]
    with store.transaction() as connection:
        set_aside(connection, entries)
        set_aside(connection, entries)
    assert aside_in(store, DAY) == D("0.3")
    assert aside_in(store, date(2026, 11, 1)) == D("0.7")
    assert aside_in(store, DAY, {"q"}) == D("0.2")
    assert aside_in(store, DAY, ()) == aside_in(store, date(2026, 11, 22)) == 0


def test_a_budget_has_less_left_for_it(store: Store) -> None:
    with store.transaction() as connection:
        set_aside(connection, [aside(usd="0.1"), aside(part=2, profile="q", usd="0.2")])
    rules = BudgetRules(daily_usd=D(1), profiles={"q": Allowance(daily_usd=D("0.1"))})
    states = budget_states(store, rules, datetime(2026, 11, 21, tzinfo=UTC).date())
    assert [(state.set_aside_usd, state.left_usd) for state in states] == [(D("0.3"), D("0.7")), (D("0.2"), D("-0.1"))]


def test_settling_follows_the_jobs_as_they_stand(store: Store, path: Path) -> None:
    book(path, ("open", b"1"), ("closed", b"1"), ("gone", b"1"), ("unread", b"1"))
    with store.transaction() as connection:
        set_aside(connection, [aside(job) for job in ("open", "closed", "gone", "unread")])
        set_aside(connection, [aside("open", 2)])
    jobs = {"open": True, "closed": False}
    left = settled(store, jobs, aside("open", 2, usd="3"), aside("open", 3), may_exist=lambda job: job == "unread")
    assert set(left) == {aside("open", 2, usd="3"), aside("open", 3), aside("unread")}
    booked = {job for (job,) in store.connection.execute("SELECT job FROM booked")}
    assert booked == {"open", "unread"}
    assert spent_in(store, DAY) == (D("0.40"), 0), "forgotten is what was booked, and not what it was"


def test_results_of_one_transaction_write_each_row_of_the_sums_once(store: Store) -> None:
    statements: list[str] = []
    store.connection.set_trace_callback(statements.append)
    sums = AddedSums()
    with store.transaction() as connection:
        for number in range(50):
            sums.count(connection, None, replace(ONE, profile=f"p{number % 2}"))
        sums.write(connection)
        sums.write(connection)
    store.connection.set_trace_callback(None)
    assert sum("INTO spending" in statement for statement in statements) == 2
    assert spent_in(store, DAY) == (D("5.00"), 0)
