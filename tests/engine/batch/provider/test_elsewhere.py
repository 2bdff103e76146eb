"""Results written to another file than submitting named: when that cannot be written, or is lost."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from thinkdial.engine.exchange.files.client import ApiClient, ApiError
from thinkdial.providers.dialect import failure
from thinkdial.providers.schema import HttpRequest

from .conftest import Bench
from .test_money import spent

pytestmark = pytest.mark.slow


@pytest.fixture
def lost(bench: Bench) -> Bench:
    """Three rows of two profiles have ended, and the directory for their results is not there."""
    bench.write_rows(3)
    directory = bench.directory / "mounted"
    directory.mkdir()
    chosen = ("-p", "a", "-p", "o", "--via", "provider", "-o", directory / "out.jsonl", "--config", bench.config)
    assert bench.run("batch", bench.rows, *chosen).code == 0 and bench.wait().code == 0
    shutil.rmtree(directory)
    return bench


def answers(bench: Bench) -> list[tuple[str, ...]]:
    found = [(one["profile"], one["row_id"], one["answer"], one["cost"]["usd"]) for one in bench.results()]
    return sorted(found)


def test_another_file_when_the_first_cannot_be_written(lost: Bench):
    job = lost.job()
    stuck = lost.collect()
    assert stuck.code == 2 and f"thinkdial batch collect {job['id']} -o FILE" in stuck.err
    assert lost.job()["open"]
    done = lost.collect(job["id"], "-o", lost.output)
    assert done.code == 0, done.err
    assert lost.statuses() == {"ok": 6} and spent(lost)[0] == 6
    after = lost.job()
    assert not after["open"] and after["output"] == job["output"]
    assert {part["written_to"] for part in after["parts"]} == {str(lost.output)}
    shown = " ".join(lost.run("batch", "status").out.split())
    assert "results go to" in shown and "written to" in shown
    again = lost.collect()
    assert again.code == 2 and f"its results are in {lost.output}" in again.err


def test_what_was_collected_is_written_again_and_not_counted_again(bench: Bench):
    bench.write_rows(4)
    assert bench.through(profiles="ao").code == 0
    paid, before = spent(bench), answers(bench)
    bench.output.unlink()
    told = bench.collect()
    assert told.code == 2 and "-o FILE" in told.err and not bench.output.exists()
    assert bench.collect("-o", bench.output).code == 0
    assert answers(bench) == before
    assert bench.collect("-o", bench.output).code == 0, "what is there is not written again"
    assert answers(bench) == before
    assert spent(bench) == paid and {part["stage"] for part in bench.job()["parts"]} == {"collected"}
    assert len(bench.simulator.batches) == 2


def test_the_form_is_as_the_name_says(lost: Bench):
    table = lost.directory / "out.csv"
    assert lost.collect("-o", table).code == 0
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert sorted((row["profile"], row["row_id"]) for row in rows) == [(p, f"r{n}") for p in "ao" for n in range(3)]
    plain = lost.directory / "out"
    assert lost.collect("-o", plain).code == 0
    assert len([json.loads(line) for line in plain.read_text().splitlines()]) == 6


def test_a_part_whose_results_are_gone_does_not_keep_the_others(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.write_rows(2)
    assert bench.through(profiles="ao").code == 0
    bench.output.unlink()
    lines = ApiClient.lines

    def gone(self: ApiClient, request: HttpRequest) -> object:
        if "/openai/" in request.url:
            raise ApiError(failure("not_found", "no such file", status=404), may_have_worked=False)
        return lines(self, request)

    monkeypatch.setattr(ApiClient, "lines", gone)
    ended = bench.collect("-o", bench.output)
    assert ended.code == 2 and "no such file" in ended.err
    assert {result["profile"] for result in bench.results()} == {"a"} and not bench.job()["open"]


@pytest.mark.parametrize("kind", ["directory", "nowhere", "rows"])
def test_a_file_that_cannot_be_an_output(lost: Bench, kind: str):
    path: Path = {"directory": lost.directory, "nowhere": lost.directory / "no" / "out", "rows": lost.rows}[kind]
    before = lost.rows.read_bytes()
    assert lost.collect("-o", path).code == 2
    assert lost.job()["open"] and lost.rows.read_bytes() == before


def test_a_part_that_ends_later_goes_where_it_is_told_then(bench_for: Callable[..., Bench]):
    bench = bench_for(batch_polls=3)
    bench.write_rows(2)
    bench.submit()
    other = bench.directory / "other.jsonl"
    early = bench.collect("-o", other)
    assert early.code == 1 and other.read_bytes() == b"" and bench.job()["parts"][0]["written_to"] is None
    assert bench.wait().code == 0 and bench.collect().code == 0
    assert bench.statuses() == {"ok": 2} and bench.job()["parts"][0]["written_to"] is None


def test_a_directory_that_has_moved_keeps_its_open_batches(bench: Bench):
    bench.write_rows(3)
    before, after = bench.directory / "before", bench.directory / "after"
    before.mkdir()

    def submit(directory: Path):
        chosen = ("-p", "a", "--via", "provider", "-o", directory / "out.jsonl", "--config", bench.config)
        return bench.run("batch", bench.rows, *chosen)

    assert submit(before).code == 0
    job = bench.job()
    before.rename(after)
    again = submit(after)
    assert again.code == 0 and f"batch {job['id']} was for" in again.err, again.err
    assert "there is nothing to submit" in again.err and bench.job()["id"] == job["id"]
    assert bench.wait().code == 0 and bench.collect().code == 0
    assert len((after / "out.jsonl").read_text().splitlines()) >= 3 and spent(bench)[0] == 3
    # Another file beside one that is there is another wish.
    (bench.directory / "third").mkdir()
    assert "there is nothing to submit" not in submit(bench.directory / "third").err
