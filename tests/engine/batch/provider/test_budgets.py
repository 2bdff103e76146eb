"""What open batches are expected to cost is held back from the budgets of all that run, until it is in the history."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch.provider.job_store import JobStore
from thinkdial.engine.history.store import Store, database_path
from thinkdial.engine.history.sums.aside import Aside, everything_aside, set_aside

from .conftest import Bench, Ended

pytestmark = pytest.mark.slow

DAILY = "budget: {daily_usd: 0.3}\n"
MOST = Decimal("0.3")


@pytest.fixture
def limited(bench_for: Callable[..., Bench]) -> Bench:
    """A bench with a daily budget that twenty rows use up by more than half."""
    bench = bench_for(extra=DAILY)
    bench.write_rows(20)
    return bench


def expected(bench: Bench) -> Decimal:
    return Decimal(bench.job()["options"]["expected_usd"]["a"])


def aside() -> list[Aside]:
    with Store.open() as store:
        return everything_aside(store.connection)


def put(*entries: Aside) -> None:
    with Store.open(create=True) as store, store.transaction() as connection:
        set_aside(connection, entries)


def ask(bench: Bench, config: Path | None = None) -> Ended:
    return bench.run("ask", "how much?", "-p", "a", "--config", config or bench.config)


def second(bench: Bench) -> Ended:
    output = bench.directory / "second.jsonl"
    return bench.run(
        "batch", bench.rows, "-p", "a", "--via", "provider", "-o", output, "--config", bench.config
    )  # fmt: skip


def state(bench: Bench, config: Path) -> dict[str, Any]:
    return json.loads(bench.run("spend", "--json", "--config", config).out)["budgets"][0]


def with_daily(bench: Bench, usd: Decimal, key: str = "daily_usd") -> Path:
    """The same profiles with a daily budget."""
    path = bench.directory / f"daily-{usd}.yaml"
    path.write_text(f"{bench.config.read_text()}budget: {{{key}: {usd}}}\n", encoding="utf-8")
    return path


def test_a_second_batch_finds_less(limited: Bench):
    first = limited.submit()
    assert first.code == 0, first.err
    assert MOST / 2 < expected(limited) < MOST
    refused = second(limited)
    assert refused.code == 4 and "budget.daily_usd" in refused.err and "is set aside for batches" in refused.err
    assert len(limited.simulator.batches) == 1 and len(JobStore().jobs()) == 1
    assert limited.run("batch", "cancel").code == 0 and limited.wait().code == 0
    assert limited.collect().code in (0, 1, 3)
    third = second(limited)
    assert third.code == 0 and "set aside" not in third.err


def test_one_call_finds_less_until_the_batch_is_collected(bench_for: Callable[..., Bench]):
    bench = bench_for()
    bench.write_rows(10)
    assert bench.submit().code == 0, "without a budget of its own"
    assert ask(bench).code == 0
    spent = Decimal(state(bench, with_daily(bench, MOST))["spent_usd"])
    config = with_daily(bench, expected(bench) + spent)
    refused = ask(bench, config)
    assert refused.code == 4 and "is set aside for batches that are not collected yet" in refused.err
    assert len(aside()) == 1 and bench.wait().code == 0 and len(aside()) == 1
    assert bench.collect().code == 0 and aside() == []
    assert ask(bench, config).code == 0


@pytest.mark.parametrize("end", ["collect", "cancel"])
def test_live_rows_keep_within_what_an_open_batch_leaves(bench: Bench, end: str):
    bench.write_rows(20)
    assert bench.submit().code == 0
    limit = expected(bench) + Decimal("0.1")
    config, output = with_daily(bench, limit), bench.directory / "live.jsonl"
    live = ("batch", bench.rows, "-p", "a", "-o", output, "--config", config)
    stopped = bench.run(*live)
    assert stopped.code == 4, stopped.err
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert 5 < sum(row["status"] == "ok" for row in rows) < 20
    now = state(bench, config)
    assert Decimal(now["set_aside_usd"]) == expected(bench) and len(aside()) == 1
    assert Decimal(now["spent_usd"]) + expected(bench) <= limit and Decimal(now["left_usd"]) >= 0
    if end == "cancel":
        assert bench.run("batch", "cancel").code == 0
    assert bench.wait().code == 0
    assert bench.collect().code in ((0,) if end == "collect" else (0, 1, 3))
    assert aside() == [] and Decimal(state(bench, config)["set_aside_usd"]) == 0
    assert bench.run(*live).code == 0


def test_compare_and_a_running_purse_see_it(bench: Bench):
    bench.write_rows(4)
    assert bench.submit().code == 0
    config = with_daily(bench, expected(bench))
    compared = bench.run("compare", "how much?", "-p", "a", "-p", "a@low", "--config", config)
    assert compared.code == 4 and "is set aside for batches" in compared.err
    other = with_daily(bench, expected(bench), "profiles: {o: {daily_usd: 1}}, daily_usd")
    assert bench.run("ask", "how much?", "-p", "o", "--config", other).code == 4


def test_what_live_calls_hold_at_that_moment_is_not_given_to_a_batch(limited: Bench):
    with Store.open(create=True) as store, store.transaction() as connection:
        connection.execute(
            "INSERT INTO reservations (created_at, expires_at, host, pid, profile, usd)"
            " VALUES ('', '2999', 'elsewhere', 1, 'o', '0.2')"
        )
    refused = limited.submit()
    assert refused.code == 4 and "0.10 of 0.30 USD is left" in refused.err
    assert aside() == [] and JobStore().jobs() == [] and not limited.simulator.batches


def test_a_job_that_could_not_begin_holds_nothing(limited: Bench, monkeypatch: pytest.MonkeyPatch):
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("thinkdial.engine.batch.provider.job_store.BatchJob.begin", killed)
        patch.setattr("thinkdial.engine.batch.provider.manager.JobManager.tidy", lambda _: None)
        limited.submit()
    assert len(aside()) == 1
    assert limited.submit().code == 0
    assert [one.job for one in aside()] == [limited.job()["id"]]


def test_nothing_is_set_aside_where_no_cost_is_kept(bench: Bench):
    bench.write_rows(2)
    assert bench.submit("--no-history").code == 0
    assert not database_path().exists() and "expected_usd" not in bench.job()["options"]
    limited = bench.submit("--no-history", "--max-cost", "0.000001", "--retry-failed", profiles="o")
    assert limited.code == 4 and not database_path().exists()


def test_a_history_that_cannot_be_used_stops_only_what_it_has_to(bench: Bench):
    database_path().parent.mkdir(parents=True)
    database_path().write_bytes(b"no database at all" * 100)
    bench.write_rows(1)
    free = bench.submit()
    assert free.code == 0 and "not set aside from budgets" in free.err
    refused = bench.submit(profiles="o", config=with_daily(bench, MOST))
    assert refused.code == 4 and len(bench.simulator.batches) == 1


def test_a_kill_before_the_history_knows_is_healed_by_whoever_comes_next(bench: Bench):
    """A collected job's money is free again, a vanished job's too; a job that is being planned keeps its own."""
    bench.write_rows(1)
    assert bench.submit().code == 0
    job = bench.job()
    held = aside()
    assert bench.wait().code == 0 and bench.collect().code == 0 and aside() == []
    gone, planned = held[0]._replace(job="00000000"), held[0]._replace(job="11111111")
    put(*held, gone, planned)
    config = with_daily(bench, held[0].usd * 2 + 1)
    being_planned = JobStore().find(job["id"])
    being_planned.directory = being_planned.directory.with_name("11111111")
    being_planned.directory.mkdir()
    with being_planned.locked():
        assert ask(bench, config).code == 0
        assert aside() == [planned]
    assert ask(bench, config).code == 0
    assert aside() == []


def test_what_was_lost_is_set_aside_again(bench: Bench):
    bench.write_rows(3)
    assert bench.submit("--think", "low,high", profiles="ao").code == 0
    held = aside()
    with Store.open() as store, store.transaction() as connection:
        connection.execute("DELETE FROM aside")
    assert bench.run("batch", "list").code == 0
    assert aside() == held and {one.profile for one in held} == {"a", "o"}


def test_a_job_that_we_may_not_look_into_keeps_its_money(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.write_rows(1)
    assert bench.submit().code == 0
    held = aside()
    directory = JobStore().find(None).directory
    usual = Path.exists

    def exists(path: Path) -> bool:
        if path.parent == directory:
            raise PermissionError(13, "Permission denied")
        return usual(path)

    (directory / "job.json").unlink()
    monkeypatch.setattr(Path, "exists", exists)
    assert bench.run("batch", "list").code == 0 and aside() == held


def test_what_is_not_known_is_not_called_nothing(bench_for: Callable[..., Bench]):
    bench = bench_for(extra=DAILY)
    url = bench.simulator.base_url
    mine = f"profiles:\n  u: {{provider: openai, base_url: '{url}/openai/v1', model: m, api_key_env: SIM_KEY}}\n"
    bench.config.write_text(bench.config.read_text().replace("profiles:\n", mine), encoding="utf-8")
    bench.write_rows(2)
    assert bench.submit(profiles="u").code == 4
    alone = bench.submit("--allow-unpriced", profiles="u")
    assert alone.code == 0 and "what this costs is not known" in alone.err and "0.00 USD" not in alone.err
    assert bench.job()["options"]["expected_usd"] == {} and aside() == []
    bench.rows.write_text('{"id": "other", "prompt": "another"}\n', encoding="utf-8")
    both = bench.submit("--allow-unpriced", profiles="ua")
    assert both.code == 0 and "without 1 row of unknown price" in both.err
    assert [one.profile for one in aside()] == ["a"]


@pytest.mark.parametrize("loss", ["amounts", "file"])
@pytest.mark.parametrize("command", ["ask", "batch"])
def test_whoever_spends_next_sees_what_was_lost(bench_for: Callable[..., Bench], loss: str, command: str):
    """A history that knows nothing of an open job: it was made by an earlier version, or moved away."""
    limited = bench_for(extra=DAILY if command == "batch" else "")
    limited.write_rows(20)
    assert limited.submit().code == 0
    held = aside()
    if loss == "file":
        for path in database_path().parent.glob(f"{database_path().name}*"):
            path.unlink()
    else:
        with Store.open() as store, store.transaction() as connection:
            connection.execute("DELETE FROM aside")
    ended = ask(limited, with_daily(limited, held[0].usd)) if command == "ask" else second(limited)
    assert ended.code == 4 and "is set aside for batches" in ended.err
    assert aside() == held and len(limited.simulator.batches) == 1


SUBMITTER = """
import sys
sys.stdin.readline()
from thinkdial.cli.main import main
main()
"""


def test_of_two_that_submit_at_once_only_one_gets_the_money(limited: Bench):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SUBMITTER, "batch", limited.rows, "-p", "a", "--via", "provider",
             "-o", limited.directory / f"{name}.jsonl", "--config", limited.config],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[1] for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 4], said
    assert len(aside()) == len(limited.simulator.batches) == 1
