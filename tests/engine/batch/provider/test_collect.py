"""Results over real HTTP: shuffled, missing, expired, cancelled, lost; each row is accounted for once."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from thinkdial.engine.batch.provider.job_store import JobStore
from thinkdial.engine.exchange.files.client import ApiClient, ApiError
from thinkdial.providers.dialect import failure
from thinkdial.providers.schema import HttpRequest

from .conftest import KEY, VENDORS, Bench

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", VENDORS)
@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ("row_errored:3", {None: 5, "server": 3}),
        ("row_lost:3", {None: 5, "protocol": 3}),
        ("row_expired:3", {None: 5, "timeout": 3}),
        ("row_canceled:3", {None: 5, "cancelled": 3}),
        ("batch_expired", {None: 4, "timeout": 4}),
    ],
)
def test_each_row_is_accounted_for(
    name: str,
    fault: str,
    kinds: dict[str | None, int],
    bench_for: Callable[..., Bench],
    config_with: Callable[..., Path],
):
    bench = bench_for(headers=fault)
    bench.write_rows(8)
    ended = bench.through(profiles=name)
    found = bench.kinds()
    assert ended.code == 1 and found == kinds, ended.err
    assert len({result["row_id"] for result in bench.results()}) == len(bench.results()) == 8
    for result in bench.results():
        if result["error"] is not None:
            assert result["error"]["message"] and not result["answer"] and result["cost"]["usd"] is None
            assert result["status"] == ("cancelled" if result["error"]["kind"] == "cancelled" else "error")
    healthy = config_with(bench.simulator.base_url)
    again = bench.through("--retry-failed", profiles=name, config=healthy)
    assert again.code == 0 and bench.kinds() == {None: 8} and len(bench.results()) == 8, again.err
    assert [batch.rows for batch in bench.simulator.batches] == [8, 8 - kinds[None]]


def test_cancelled_rows_run_again_without_being_asked_and_others_do_not(
    bench_for: Callable[..., Bench], config_with: Callable[..., Path]
):
    bench = bench_for(headers="row_canceled:2")
    bench.write_rows(4)
    bench.through()
    assert bench.through(config=config_with(bench.simulator.base_url)).code == 0
    assert [batch.rows for batch in bench.simulator.batches] == [4, 2] and bench.statuses() == {"ok": 4}
    lost = bench_for(headers="row_lost:2")
    lost.output.unlink()
    lost.through()
    assert "nothing to submit" in lost.through().err and lost.kinds() == {None: 2, "protocol": 2}


@pytest.mark.parametrize("name", VENDORS)
def test_a_batch_that_fails_as_a_whole(name: str, bench_for: Callable[..., Bench]):
    bench = bench_for(headers="batch_failed")
    bench.write_rows(3)
    ended = bench.through(profiles=name)
    results = bench.results()
    assert len(results) == 3 and {result["status"] for result in results} <= {"error", "cancelled"}, ended.err
    assert ended.code == 3
    assert all(result["cost"]["usd"] is None and result["error"]["message"] for result in results)


@pytest.mark.parametrize("name", VENDORS)
def test_a_batch_that_hangs_is_cancelled(name: str, bench_for: Callable[..., Bench]):
    bench = bench_for(headers="batch_hang")
    bench.write_rows(3)
    bench.submit(profiles=name)
    waited = bench.wait("--timeout", "0.05")
    assert waited.code == 1 and "goes on at the provider" in waited.err
    early = bench.collect()
    assert early.code == 1 and "has not ended" in early.err and bench.output.read_bytes() == b""
    assert bench.run("batch", "cancel").code == 0
    assert bench.wait().code == 0
    assert bench.collect().code == 3 and bench.kinds() == {"cancelled": 3}
    assert "collected" in bench.run("batch", "list").out


def test_a_batch_that_should_have_ended_is_named(bench_for: Callable[..., Bench]):
    bench = bench_for(headers="batch_hang", clock=lambda: 1_500_000_000.0)
    bench.write_rows(1)
    job = bench.submit(profiles="x").out.strip()
    waited = bench.wait("--timeout", "0.2")
    assert waited.err.count("should have ended by 2017-07-15") == 1
    assert f"thinkdial batch cancel {job} gives it up" in waited.err
    assert "overdue" in bench.run("batch", "status").out


def test_a_provider_that_cannot_be_reached_for_a_while_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.write_rows(2)
    bench.submit()
    ask, broken = ApiClient.ask, list[str]()

    async def breaking(self: ApiClient, request: HttpRequest, *, repeatable: bool = True) -> object:
        if len(broken) < 3:
            broken.append(request.url)
            raise ApiError(failure("connection", "cannot connect to 127.0.0.1"), may_have_worked=False)
        return await ask(self, request, repeatable=repeatable)

    monkeypatch.setattr(ApiClient, "ask", breaking)
    ended = bench.wait()
    assert ended.code == 0 and ended.err.count("cannot connect to 127.0.0.1; trying again") == 3
    assert bench.collect().code == 0 and bench.statuses() == {"ok": 2}


def test_collecting_again_changes_nothing(bench: Bench):
    bench.write_rows(4)
    bench.through()
    before = bench.output.read_bytes()
    again = bench.collect()
    assert again.code == 0 and bench.output.read_bytes() == before


def test_the_input_is_not_needed_for_the_results(bench: Bench):
    bench.write_rows(3, expect={"contains": "nowhere to be found"})
    bench.submit()
    bench.rows.unlink()
    assert bench.wait().code == 0 and bench.collect().code == 0
    for result in bench.results():
        assert result["passed"] is False and "does not contain" in result["expect_note"]
        assert result["row"] == {"number": int(result["row_id"][1:])}


def test_a_changed_profile_does_not_change_what_was_submitted(bench: Bench):
    bench.write_rows(2)
    bench.submit()
    text = bench.config.read_text()
    bench.config.write_text(text.replace("claude-opus-5-5", "claude-haiku-4-5"))
    assert bench.wait().code == 0 and bench.collect().code == 0
    assert {result["model"] for result in bench.results()} == {"claude-opus-5-5"}


def test_a_profile_that_is_gone_is_still_collected(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.write_rows(2)
    bench.submit()
    bench.config.write_text("profiles: {}\n")
    assert bench.wait().code == 2  # its key was the profile's own
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    assert bench.wait().code == 0 and bench.collect().code == 0 and bench.statuses() == {"ok": 2}


def test_a_download_that_breaks_off_is_begun_again(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.write_rows(6)
    bench.submit()
    bench.wait()
    lines, broken = ApiClient.lines, list[str]()

    async def breaking(self: ApiClient, request: HttpRequest) -> AsyncGenerator[bytes]:
        number = 0
        async for line in lines(self, request):
            number += 1
            if number == 4 and not broken:
                broken.append(request.url)
                raise ApiError(failure("connection", "the connection broke"), may_have_worked=True)
            yield line

    monkeypatch.setattr(ApiClient, "lines", breaking)
    ended = bench.collect()
    assert broken and ended.code == 0 and "begins again" in ended.err
    assert bench.statuses() == {"ok": 6} and len({result["row_id"] for result in bench.results()}) == 6


def test_results_that_are_gone_are_no_lost_rows(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.write_rows(2)
    bench.submit()
    bench.wait()

    async def gone(self: ApiClient, request: HttpRequest) -> AsyncGenerator[bytes]:
        raise ApiError(failure("not_found", "no such file", status=404), may_have_worked=False)
        yield b""

    with monkeypatch.context() as patch:
        patch.setattr(ApiClient, "lines", gone)
        ended = bench.collect()
    assert ended.code == 2 and "no such file" in ended.err and bench.output.read_bytes() == b""
    assert bench.job()["open"] and bench.collect().code == 0 and bench.statuses() == {"ok": 2}


def test_strange_lines_are_counted_and_repeated_ones_ignored(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.write_rows(3)
    bench.submit()
    bench.wait()
    lines = ApiClient.lines

    async def noisy(self: ApiClient, request: HttpRequest) -> AsyncGenerator[bytes]:
        yield b"no json"
        yield b'{"custom_id":"not hex","result":{"type":"expired"}}'
        yield b'{"custom_id":"00ff","result":{"type":"expired"}}'
        async for line in lines(self, request):
            yield line
            yield line

    monkeypatch.setattr(ApiClient, "lines", noisy)
    ended = bench.collect()
    assert ended.code == 0 and "3 lines of the results belong to no row of ours" in ended.err
    assert bench.statuses() == {"ok": 3}


def test_csv(bench: Bench):
    bench.write_rows(3)
    output = bench.directory / "out.csv"
    chosen = ("-p", "a", "--via", "provider", "-o", output, "--config", bench.config)
    assert bench.run("batch", bench.rows, *chosen).code == 0
    assert bench.wait().code == 0 and bench.collect().code == 0
    rows = list(csv.DictReader(output.read_text().splitlines()))
    assert sorted(row["row_id"] for row in rows) == ["r0", "r1", "r2"] and {row["status"] for row in rows} == {"ok"}
    assert "nothing to submit" in bench.run("batch", bench.rows, *chosen).err


def test_a_result_that_was_written_before_a_kill_is_not_written_again(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """The process dies after so many results, before it can note anything else."""
    from thinkdial.engine.batch.provider import collector

    bench.write_rows(8)
    bench.submit()
    bench.wait()
    write, seen = collector.Collector.write, list[int]()

    class DiedError(BaseException):
        pass

    async def dying(self: collector.Collector, *arguments: object) -> None:
        await write(self, *arguments)  # type: ignore[arg-type]
        seen.append(1)
        if len(seen) == 3:
            raise DiedError

    with monkeypatch.context() as patch:
        patch.setattr(collector.Collector, "write", dying)
        with pytest.raises(DiedError):
            bench.collect()
    assert len(bench.results()) == 3
    assert bench.collect().code == 0
    assert len(bench.results()) == 8 and len({result["row_id"] for result in bench.results()}) == 8


def test_jobs_are_found_by_the_beginning_of_their_ids(bench: Bench):
    bench.write_rows(1)
    first = bench.submit().out.strip()
    bench.write_rows(2)
    second = bench.submit().out.split()[-1]
    store = JobStore()
    assert store.find(first[:6]).id == first and {job.id for job in store.jobs()} == {first, second}
    for arguments, words in (((), "2 batches are open"), (("zzzz",), "no batch is called"), (("1",), "no batch is")):
        ended = bench.run("batch", "status", *arguments)
        assert ended.code == 2 and words in ended.err
    told = json.loads(bench.run("batch", "status", first, "--json").out)
    assert told["id"] == first and told["parts"][0]["stage"] == "created"
    with store.find(first).locked():
        assert "being worked on" in bench.wait(first).err


def test_without_any_batch(bench: Bench):
    assert bench.run("batch", "list").code == 0 and json.loads(bench.run("batch", "list", "--json").out)["jobs"] == []
    assert "no batch was submitted" in bench.run("batch", "wait").err


def test_a_file_that_is_no_job_is_left_out(bench: Bench, own_home: Path):
    bench.write_rows(1)
    bench.submit()
    for name, text in (("broken", "{"), ("other", '{"schema":"x"}'), ("parts", "")):
        directory = next(own_home.rglob("batches")) / name
        directory.mkdir()
        (directory / "job.json").write_text(text)
    assert len(JobStore().jobs()) == 1
