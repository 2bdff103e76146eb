"""What batches cost, in the history: each result once, at the batch price, whatever is killed in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.engine.batch.sums import Sums
from thinkdial.engine.batch.via import collecting

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


@pytest.mark.parametrize("before", ["on_disk", "stored"])
def test_a_kill_counts_nothing_twice_and_loses_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch, before: str):
    """We die when three results are on the disk: before the history is told, or when it has stored the first."""
    bench.write_rows(8)
    bench.submit()
    bench.wait()
    seen: list[int] = []
    with monkeypatch.context() as patch:
        if before == "on_disk":
            write = collecting.Collector.write

            def dying(self: collecting.Collector, *arguments: object) -> None:
                write(self, *arguments)  # type: ignore[arg-type]
                seen.append(1)
                if len(seen) == 3:
                    raise DiedError

            patch.setattr(collecting.Collector, "write", dying)
        else:
            add = Sums.add

            def dying_sums(self: Sums, *arguments: object) -> None:
                if len(seen) == 3:
                    raise DiedError
                seen.append(1)
                add(self, *arguments)  # type: ignore[arg-type]

            patch.setattr(Sums, "add", dying_sums)
        with pytest.raises(DiedError):
            bench.collect()
    assert len(bench.results()) >= 3
    assert bench.collect().code == 0
    assert bench.statuses() == {"ok": 8} and len(bench.results()) == 8
    assert spent(bench) == (8, written(bench))


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


def test_open_batches_are_set_aside_from_a_budget(bench_for: Callable[..., Bench], tmp_path: Path):
    bench = bench_for(extra="budget: {daily_usd: 4}\n")
    bench.write_rows(20)
    first = bench.submit()
    assert first.code == 0, first.err
    expected = Decimal(bench.job()["options"]["expected_usd"]["a"])
    assert 2 < expected < 4
    chosen = ("-p", "a", "--via", "provider", "-o", tmp_path / "second.jsonl", "--config", bench.config)
    second = bench.run("batch", bench.rows, *chosen)
    assert second.code == 4 and "budget.daily_usd" in second.err and len(bench.simulator.batches) == 1
    assert bench.run("batch", "cancel").code == 0 and bench.wait().code == 0 and bench.collect().code in (0, 1, 3)
    third = bench.run("batch", bench.rows, *chosen)
    assert third.code == 0, third.err
    assert "set aside" not in third.err
