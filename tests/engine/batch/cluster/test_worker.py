"""Workers and the shared limiter without Ray: several mappers at one limiter, in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.batch.books import book_terms
from thinkdial.engine.batch.caller import caller_maker
from thinkdial.engine.batch.cluster.limiter import BlockAttempt, BudgetTerms, Limiter, News
from thinkdial.engine.batch.cluster.shared_books import BookEntry
from thinkdial.engine.batch.cluster.worker import Block, BlockReport, Orders, RowMapper, installed_version, mark_of
from thinkdial.engine.batch.pace.pace import PaceReport
from thinkdial.engine.batch.rows.rows import Row, read_rows
from thinkdial.engine.costs.budget.limits import Limit
from thinkdial.engine.costs.budget.share import Grant, Need
from thinkdial.engine.history.heads import CallHead
from thinkdial.engine.history.store import Store
from thinkdial.engine.history.sums.spend import spent
from thinkdial.engine.runs.jobs import Options
from thinkdial.profiles.config import load
from thinkdial.profiles.profile import CallLimits
from thinkdial.providers.errors import Failure

from .conftest import Bench

pytestmark = pytest.mark.slow

NONE = CallLimits()


def orders_for(bench: Bench, **changes: object) -> Orders:
    config = load(bench.config)
    bench.shards.mkdir(exist_ok=True)
    (bench.shards / ".seen-run").write_text("seen")
    orders = Orders(
        version=installed_version(),
        config=bench.config,
        start=bench.directory,
        profiles=("a",),
        options=Options(retries=3),
        system=None,
        concurrency=None,
        run_id="run",
        batch_id="batch",
        directory=bench.shards,
        retry_failed=False,
        is_limited=False,
        is_booked=False,
        seen="seen",
        marks=(("a", mark_of(caller_maker(config, Options(), "run")("a"))),),
    )
    return replace(orders, **changes)  # type: ignore[arg-type]


def blocks_of(bench: Bench, size: int) -> list[Block]:
    rows = [row for row in read_rows(bench.rows.read_bytes().splitlines(True), "jsonl") if isinstance(row, Row)]
    return [Block(n, tuple(rows[begin : begin + size])) for n, begin in enumerate(range(0, len(rows), size))]


def run(bench: Bench, limiter: Limiter, orders: Orders, blocks: list[Block], workers: int = 3) -> list[BlockReport]:
    """All blocks, by several mappers at once."""

    async def main() -> list[BlockReport]:
        mappers = [RowMapper(orders, limiter) for _ in range(workers)]
        reports = await asyncio.gather(*(mappers[b.number % workers].run(b) for b in blocks))
        for mapper in mappers:
            if mapper._transport is not None:
                await mapper._transport.__aexit__(None, None, None)
        await limiter.close()
        return reports

    return asyncio.run(main())


def test_workers_share_the_limit_and_every_row_is_done_once(bench: Callable[..., Bench]) -> None:
    made = bench(120, pace=0.02, faults={"overloaded": 0.01, "server_error": 0.03})
    reports = run(made, Limiter(3), orders_for(made), blocks_of(made, 20))
    assert all(report.finished and report.trouble is None for report in reports)
    lines = made.lines()
    assert sorted(line["row_id"] for line in lines) == sorted(f"r{n}" for n in range(120))
    assert all(line["status"] == "ok" and line["row"]["number"] == int(line["row_id"][1:]) for line in lines)
    assert all(line["passed"] is True for line in lines)
    assert 1 < made.most_at_once <= 6
    assert set(made.completed().values()) == {1}
    assert {kind for report in reports for _, kind, _ in report.again} <= {"overloaded", "server"}


def test_a_block_that_is_run_again_does_only_what_its_shard_lacks(bench: Callable[..., Bench]) -> None:
    made = bench(20)
    orders, (block,) = orders_for(made), blocks_of(made, 20)
    run(made, Limiter(1), orders, [block])
    shard = made.shards / "part-000000.jsonl"
    lines = shard.read_bytes().splitlines(True)
    shard.write_bytes(b"".join(lines[:12]) + lines[12][:50])
    before = made.completed()
    (report,) = run(made, Limiter(1), orders, [block])
    assert report.finished and report.results == 8
    assert (made.completed() - before).total() == 8
    assert len({line["row_id"] for line in made.lines()}) == len(made.lines()) == 20


def test_works_that_other_shards_hold_are_left_alone(bench: Callable[..., Bench]) -> None:
    made = bench(4)
    orders, (block,) = orders_for(made), blocks_of(made, 4)
    caller = caller_maker(load(made.config), Options(), "run")("a")
    row = block.rows[1]
    key = caller.work(row, caller.thinks(row)[0]).key
    run(made, Limiter(1), orders, [replace(block, elsewhere=frozenset({key}))])
    assert sorted(line["row_id"] for line in made.lines()) == ["r0", "r2", "r3"]


def test_a_worker_with_another_configuration_refuses(bench: Callable[..., Bench]) -> None:
    made = bench(4)
    orders = orders_for(made)
    made.configure(model="claude-sonnet-5-5")
    (report,) = run(made, Limiter(1), orders, blocks_of(made, 4))
    assert report.trouble is not None and "profile a is configured in another way" in report.trouble.message
    assert not made.simulator.requests


def test_a_worker_with_another_version_refuses(bench: Callable[..., Bench]) -> None:
    made = bench(4)
    (report,) = run(made, Limiter(1), orders_for(made, version="0.0.0"), blocks_of(made, 4))
    assert report.trouble is not None and "install the same version" in (report.trouble.hint or "")


def test_a_worker_without_the_key_says_so(bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench(4)
    orders = orders_for(made)
    monkeypatch.delenv("SIM_KEY")
    (report,) = run(made, Limiter(1), orders, blocks_of(made, 4))
    assert report.trouble is not None and "SIM_KEY" in report.trouble.message


def test_a_used_up_quota_opens_one_circuit_for_all(bench: Callable[..., Bench]) -> None:
    made = bench(60)
    made.configure(model="claude-opus-5-5@quota", more="limits: {concurrency: 2}")
    limiter = Limiter(3)
    reports = run(made, limiter, orders_for(made), blocks_of(made, 10))
    assert not any(report.finished for report in reports)
    assert len(made.simulator.requests) < 15
    failed = asyncio.run(limiter.status())["profiles"]["a"]["broken"]
    assert failed is not None and failed.kind == "quota"


def test_a_shared_budget_is_not_passed(bench: Callable[..., Bench]) -> None:
    made = bench(60)
    terms = BudgetTerms((Limit("--max-cost", Decimal("0.10"), Decimal("0.10")),), 3600.0, allow_unpriced=False)
    reports = run(made, Limiter(3, terms), orders_for(made, is_limited=True), blocks_of(made, 10))
    assert any(report.budget is not None for report in reports)
    spent = sum(Decimal(line["cost"]["usd"]) for line in made.lines())
    assert Decimal("0.02") < spent <= Decimal("0.10")


def test_after_a_stop_nothing_begins(bench: Callable[..., Bench]) -> None:
    made = bench(8)
    limiter = Limiter(1)
    asyncio.run(limiter.stop())
    (report,) = run(made, limiter, orders_for(made), blocks_of(made, 8))
    assert not report.finished and not made.simulator.requests and not made.lines()


def test_what_a_dead_worker_held_goes_to_the_one_that_takes_over() -> None:
    async def main() -> None:
        limiter, limits = Limiter(1), CallLimits(concurrency=2)
        await limiter.begin(BlockAttempt("first", 7, "host", 1))
        held = await limiter.lease("first", "a", limits, 8, 100)
        assert held.calls == 2
        waiting = asyncio.create_task(limiter.lease("other", "a", limits, 8, 100))
        assert (await waiting).calls == 0  # nobody knows this attempt
        await limiter.begin(BlockAttempt("second", 7, "host", 2))
        assert (await limiter.lease("second", "a", limits, 1, 100)).calls == 1
        late = await limiter.tell("first", "a", limits, News((PaceReport(None, None, 10),)))
        assert late.stopping
        status = await limiter.status()
        assert status["profiles"]["a"]["in_flight"] == 1 and status["workers"] == [("host", 2)]
        await limiter.close()

    asyncio.run(main())


def test_a_silent_worker_is_taken_for_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    async def main() -> None:
        nonlocal now
        monkeypatch.setattr("thinkdial.engine.batch.cluster.limiter.LOOK_S", 0.001)
        limiter, limits = Limiter(1, clock=lambda: now), CallLimits(concurrency=1)
        await limiter.begin(BlockAttempt("silent", 1, "host", 1))
        assert (await limiter.lease("silent", "a", limits, 1, 100)).calls == 1
        now = 15.0
        await limiter.begin(BlockAttempt("alive", 2, "host", 2))
        waiting = asyncio.create_task(limiter.lease("alive", "a", limits, 1, 100))
        await asyncio.sleep(0)
        assert not waiting.done()
        now = 25.0
        assert (await waiting).calls == 1
        await limiter.close()

    asyncio.run(main())


def test_money_of_a_dead_worker_counts_as_spent_and_of_one_that_waited_as_free() -> None:
    async def main() -> None:
        terms = BudgetTerms((Limit("--max-cost", Decimal(1), Decimal(1)),), 60.0, allow_unpriced=False)
        limiter = Limiter(2, terms)
        need = Need(Decimal("0.1"), Decimal("0.3"), Decimal("0.6"))
        await limiter.begin(BlockAttempt("one", 1, "host", 1))
        await limiter.begin(BlockAttempt("two", 2, "host", 2))
        assert await limiter.reserve("one", 1, "a", need) == Grant(Decimal("0.6"))
        later = asyncio.create_task(
            limiter.reserve("two", 1, "a", Need(Decimal("0.5"), Decimal("0.5"), Decimal("0.6")))
        )
        await asyncio.sleep(0)
        assert not later.done()
        await limiter.end("two")
        await limiter.settle("one", [(1, Decimal("0.05"))])
        assert isinstance(await later, Failure)
        assert (await limiter.status())["spent_usd"] == Decimal("0.05")
        assert isinstance(await limiter.reserve("one", 2, "a", need), Grant)
        await limiter.end("one")
        assert (await limiter.status())["spent_usd"] == Decimal("0.65")
        await limiter.close()

    asyncio.run(main())


def test_a_shard_that_cannot_be_written_stops_and_loses_nothing(bench: Callable[..., Bench]) -> None:
    made = bench(4)
    orders = orders_for(made, directory=Path("/dev/null/no"))
    (report,) = run(made, Limiter(1), orders, blocks_of(made, 4))
    assert report.trouble is not None and "is not the directory" in report.trouble.message
    assert not made.simulator.requests


def test_a_worker_that_was_only_silent_goes_on_with_its_block(bench: Callable[..., Bench]) -> None:
    """The limiter has given its leave to others, so that it has to ask anew; the rows that are left are its own."""
    made = bench(12, pace=0.02)
    made.configure(more="limits: {concurrency: 1}")

    class Deaf(Limiter):
        """Takes the worker for dead once its third call has ended."""

        heard = 0

        async def tell(self, attempt: str, *more: Any) -> Any:
            told = await super().tell(attempt, *more)
            self.heard += len(more[-1].ended)
            if self.heard >= 3 and self.heard < 100:
                self.heard = 100
                self._end(attempt)
                return await super().tell(attempt, *more)
            return told

    limiter = Deaf(1)
    (report,) = run(made, limiter, orders_for(made), blocks_of(made, 12), workers=1)
    assert limiter.heard >= 100
    assert report.finished and report.results == 12
    assert sorted(line["row_id"] for line in made.lines()) == sorted(f"r{n}" for n in range(12))
    assert set(made.completed().values()) == {1}


def test_a_block_that_somebody_has_taken_over_is_left_to_them() -> None:
    async def main() -> None:
        limiter = Limiter(1)
        await limiter.begin(BlockAttempt("one", 1, "host", 1))
        assert (await limiter.resume("one", BlockAttempt("again", 1, "host", 1))).stopping, "it is not taken for dead"
        limiter._end("one")
        assert not (await limiter.resume("one", BlockAttempt("again", 1, "host", 1))).stopping
        limiter._end("again")
        await limiter.begin(BlockAttempt("other", 1, "host", 2))
        assert (await limiter.resume("again", BlockAttempt("third", 1, "host", 1))).stopping
        await limiter.stop()
        assert (await limiter.resume("x", BlockAttempt("y", 2, "host", 1))).stopping
        await limiter.close()

    asyncio.run(main())


@pytest.mark.parametrize("content", [None, "of another disk"])
def test_a_worker_that_does_not_see_the_directory_calls_nobody(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    monkeypatch.setattr("thinkdial.engine.batch.cluster.worker.SEEN_PATIENCE_S", 0.01)
    made = bench(4)
    orders = orders_for(made)
    (made.shards / ".seen-run").unlink()
    if content is not None:
        (made.shards / ".seen-run").write_text(content)
    (report,) = run(made, Limiter(1), orders, blocks_of(made, 4))
    assert report.trouble is not None and "is not the directory" in report.trouble.message
    assert "all machines share" in (report.trouble.hint or "")
    assert not made.simulator.requests and not made.lines()


def test_results_are_booked_as_those_of_a_plain_batch(bench: Callable[..., Bench]) -> None:
    made = bench(30, faults={"overloaded": 0.1})
    config = load(made.config)
    terms = book_terms(config, "run", "rows", None, keeps_history=True)
    run(made, Limiter(3, None, terms), orders_for(made, is_booked=True), blocks_of(made, 10))
    with Store.open() as store:
        total = spent(store, "day")[1]
    assert (total.results, total.unpriced, total.estimated) == (30, 0, 0)
    assert total.usd == sum(Decimal(line["cost"]["usd"]) for line in made.lines())


def test_what_a_dead_worker_had_begun_counts(bench: Callable[..., Bench], tmp_path: Path) -> None:
    made = bench(1)
    terms = book_terms(load(made.config), "run", "rows", None, keeps_history=True)
    assert terms is not None

    async def main() -> None:
        limiter = Limiter(1, None, terms)
        call = CallHead("a", "anthropic", "", "m", "auto", {}, "host")
        await limiter.begin(BlockAttempt("one", 1, "host", 1))
        await limiter.note("one", 1, call, Decimal("0.25"))
        await limiter.note("one", 2, call, Decimal("0.5"))
        await limiter.end("one")
        await limiter.book("one", [BookEntry(2, None)])
        await limiter.close()

    asyncio.run(main())
    with Store.open() as store:
        total = spent(store, "day")[1]
    assert (total.results, total.estimated, total.usd) == (1, 1, Decimal("0.25"))
