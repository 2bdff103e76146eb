"""What batches cost, in the history: each result once, at the batch price, whatever is killed in between."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from thinkdial.engine.batch.provider.collector import Collector
from thinkdial.engine.batch.provider.job_store import BatchJob
from thinkdial.engine.batch.provider.monitor import Monitor
from thinkdial.engine.history.migrations import MIGRATIONS
from thinkdial.engine.history.record import Recorder
from thinkdial.engine.history.store import Store, database_path
from thinkdial.engine.history.sums.aside import everything_aside

from .conftest import VENDORS, Bench

pytestmark = pytest.mark.slow


class DiedError(BaseException):
    pass


def spent(bench: Bench) -> tuple[int, Decimal]:
    """How many results the history has counted, and what they cost."""
    total = json.loads(bench.run("spend", "--json", "--config", bench.config).out)["total"]
    return total["results"], Decimal(total["usd"] or 0)


def written(bench: Bench) -> Decimal:
    return sum((Decimal(result["cost"]["usd"] or 0) for result in bench.results()), Decimal(0))


def test_each_result_is_counted_once_at_the_batch_price(bench: Bench):
    bench.write_rows(3)
    assert bench.through(profiles="".join(VENDORS)).code == 0
    assert spent(bench) == (18, written(bench))
    runs = json.loads(bench.run("history", "list", "--json").out)["runs"]
    assert [run["command"] for run in runs] == ["batch"] and "rows.jsonl" in runs[0]["prompt"]
    assert bench.collect().code == 0
    bench.submit("--wait", "--poll", "0.01", profiles="".join(VENDORS))
    assert spent(bench) == (18, written(bench))


def test_what_cost_nothing_is_not_counted(bench_for: Callable[..., Bench]):
    bench = bench_for(headers="row_expired:3")
    bench.write_rows(5)
    assert bench.through().code == 1
    assert spent(bench) == (2, written(bench))


@pytest.mark.parametrize("arguments", [("--no-history",), ()])
def test_without_a_history_nothing_is_kept(bench_for: Callable[..., Bench], arguments: tuple[str, ...]):
    bench = bench_for(extra="" if arguments else "history: {enabled: false}\n")
    bench.write_rows(2)
    bench.submit(*arguments)
    assert bench.wait().code == 0 and bench.collect().code == 0
    assert spent(bench) == (0, Decimal(0)) and bench.statuses() == {"ok": 2}


def test_a_budget_by_day_needs_the_sums_all_the_same(bench_for: Callable[..., Bench]):
    bench = bench_for(extra="budget: {daily_usd: 50}\nhistory: {enabled: false}\n")
    bench.write_rows(2)
    assert bench.through().code == 0
    assert spent(bench) == (2, written(bench))
    assert json.loads(bench.run("history", "list", "--json").out)["runs"] == []


@pytest.mark.parametrize("moment", ["on_disk", "told", "stored"])
def test_a_death_counts_nothing_twice_and_loses_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch, moment: str):
    """We die when three results are on the disk, when the history has been told of three, or when it has them all."""
    bench.write_rows(8)
    bench.submit()
    bench.wait()
    seen: list[int] = []

    def dying(work: Callable[..., None], most: int) -> Callable[..., None]:
        def die(*arguments: object) -> None:
            work(*arguments)
            seen.append(1)
            if len(seen) == most:
                raise DiedError

        return die

    def dying_later(work: Callable[..., Awaitable[None]], most: int) -> Callable[..., Awaitable[None]]:
        async def die(*arguments: object) -> None:
            await work(*arguments)
            seen.append(1)
            if len(seen) == most:
                raise DiedError

        return die

    with monkeypatch.context() as patch:
        if moment == "on_disk":
            patch.setattr(Collector, "write", dying_later(Collector.write, 3))
        elif moment == "told":
            patch.setattr(Recorder, "booked", dying(Recorder.booked, 3))
        else:
            patch.setattr(BatchJob, "save", dying(lambda *_: None, 1))
            patch.setattr(Monitor, "look", _no_look)
        with pytest.raises(DiedError):
            bench.collect()
    assert len(bench.results()) >= 3
    assert spent(bench)[0] == {"on_disk": 2, "told": 3, "stored": 8}[moment]
    assert bench.collect().code == 0
    assert bench.statuses() == {"ok": 8} and len(bench.results()) == 8
    assert spent(bench) == (8, written(bench))


def set_version(version: int) -> None:
    connection = sqlite3.connect(database_path())
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def test_what_the_history_could_not_take_down_is_entered_by_collecting_again(bench: Bench):
    bench.write_rows(3)
    bench.submit()
    bench.wait()
    set_version(len(MIGRATIONS) + 1)
    first = bench.collect()
    set_version(len(MIGRATIONS))
    job = bench.job()["id"]
    assert first.code == 0 and f"thinkdial batch collect {job} enters it" in first.err
    assert bench.statuses() == {"ok": 3} and spent(bench) == (0, Decimal(0)) and not bench.job()["open"]
    with Store.open() as store:
        assert len(everything_aside(store.connection)) == 1, "budgets know of it meanwhile"
    again = bench.collect()
    assert again.code == 0 and "3 were there before" in again.err
    assert spent(bench) == (3, written(bench)) and len(bench.results()) == 3
    with Store.open() as store:
        assert everything_aside(store.connection) == []
    assert "nothing new" in bench.collect().err and bench.collect("-o", bench.directory / "more.jsonl").code == 0
    assert spent(bench) == (3, written(bench))


async def _no_look(*_: object) -> None:
    """Leaves a part as it is."""


KILLED = """
import os, signal, sys
from thinkdial.cli.main import main
from thinkdial.engine.history.scribe import Scribe

stored = Scribe._stored


def killed(self, store, steps, **how):
    done = stored(self, store, steps, **how)
    found = store.connection.execute("SELECT coalesce(sum(results), 0) FROM spending").fetchone()
    if found[0] >= 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return done


Scribe._stored = killed
sys.argv = ["thinkdial", "batch", "collect"]
main()
"""


def test_a_kill_as_soon_as_the_history_has_it_counts_nothing_twice(bench: Bench):
    bench.write_rows(8)
    bench.submit()
    bench.wait()
    for _ in range(3):
        killed = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, check=False)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert bench.job()["open"] and spent(bench)[0] >= 3
    assert bench.collect().code == 0
    assert bench.statuses() == {"ok": 8} and spent(bench) == (8, written(bench))


def test_what_a_live_run_did_meanwhile_is_paid_for_twice_and_counted_twice(bench: Bench):
    bench.write_rows(2)
    bench.submit()
    live = bench.run("batch", bench.rows, "-p", "a", "-o", bench.output, "--config", bench.config)
    assert live.code == 0
    paid = spent(bench)
    assert paid[0] == 2
    assert bench.wait().code == 0 and bench.collect().code == 0
    results, usd = spent(bench)
    assert results == 4 and usd > paid[1] and len(bench.results()) == 2
