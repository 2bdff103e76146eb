"""How long a job is known: as long as it is open, and some time after that."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from thinkdial.engine.batch.provider.job_store import KEPT_DAYS, JobStore
from thinkdial.profiles.config import user_file
from thinkdial.providers.errors import ConfigError

from .conftest import Bench

pytestmark = pytest.mark.slow


def age(days: float) -> None:
    """As if nothing had changed for so long."""
    for job in JobStore().jobs():
        for path in (job.directory, *job.directory.iterdir()):
            moment = time.time() - days * 86_400
            os.utime(path, (moment, moment))


def listed(bench: Bench) -> list[str]:
    return [job["id"] for job in json.loads(bench.run("batch", "list", "--json").out)["jobs"]]


@pytest.fixture
def collected(bench: Bench) -> Bench:
    bench.write_rows(2)
    assert bench.through().code == 0
    return bench


def test_a_collected_job_is_forgotten_after_a_while(collected: Bench, own_home: Path):
    (job,) = listed(collected)
    age(KEPT_DAYS - 0.1)
    assert listed(collected) == [job] and collected.run("batch", "status", job).code == 0
    age(KEPT_DAYS + 0.1)
    assert listed(collected) == []
    assert [path for root in own_home.rglob("batches") for path in root.iterdir()] == []
    gone = collected.run("batch", "status", job)
    assert gone.code == 2 and "no batch was submitted" in gone.err
    assert "no batch was submitted" in collected.run("batch", "list").err
    assert len(collected.results()) == 2


@pytest.mark.parametrize(("fault", "stage"), [("", "collected"), ("batch_create_lost:1", "dropped")])
def test_a_job_that_was_cancelled_too(bench_for: Callable[..., Bench], fault: str, stage: str):
    bench = bench_for(headers=fault, batch_polls=1_000_000)
    bench.write_rows(1)
    bench.submit()
    assert bench.run("batch", "cancel").code == 0
    if stage == "collected":
        age(KEPT_DAYS + 1)
        assert len(listed(bench)) == 1, "what was done by then is not collected yet"
        assert bench.wait().code == 0
        bench.collect()
    assert bench.job()["parts"][0]["stage"] == stage
    age(KEPT_DAYS + 1)
    assert listed(bench) == []


@pytest.mark.parametrize("command", ["submitted", "ended"])
def test_a_job_that_is_not_collected_is_never_forgotten(bench: Bench, command: str):
    bench.write_rows(2)
    job = bench.submit().out.strip()
    if command == "ended":
        assert bench.wait().code == 0
    age(4000)
    assert listed(bench) == [job]
    bench.write_rows(1)
    bench.submit(profiles="o")
    assert job in listed(bench)
    assert bench.wait(job).code == 0 and bench.collect(job).code == 0 and bench.statuses()["ok"] >= 2
    assert job in listed(bench), "its time begins when it is collected"


@pytest.mark.parametrize(
    ("keep_days", "days", "stays"), [(7, 8, False), (7, 6, True), (90, 31, False), ("null", 31, False)]
)
def test_the_age_of_the_history_shortens_it(collected: Bench, keep_days: object, days: float, stays: bool):
    user_file().parent.mkdir(parents=True, exist_ok=True)
    user_file().write_text(f"history: {{keep_days: {keep_days}}}\n", encoding="utf-8")
    age(days)
    assert len(listed(collected)) == stays


def test_a_configuration_that_cannot_be_read_forgets_nothing(collected: Bench):
    user_file().parent.mkdir(parents=True, exist_ok=True)
    user_file().write_text("history: [\n", encoding="utf-8")
    age(4000)
    assert len(listed(collected)) == 1


def test_submitting_forgets_too(collected: Bench):
    (old,) = listed(collected)
    age(KEPT_DAYS + 1)
    collected.submit(profiles="o")
    assert [job.id for job in JobStore().jobs()] != [old] and len(JobStore().jobs()) == 1


def test_a_job_that_somebody_works_on_stays(collected: Bench):
    store = JobStore()
    (job,) = store.jobs()
    age(KEPT_DAYS + 1)
    with job.locked():
        store.tidy(None)
        assert store.jobs()
    store.tidy(None)
    assert not store.jobs() and not job.directory.exists()
    with pytest.raises(ConfigError, match="has been removed"), job.locked():
        pass


def test_a_removal_that_was_killed_is_finished(collected: Bench, monkeypatch: pytest.MonkeyPatch):
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    store = JobStore()
    (job,) = store.jobs()
    age(KEPT_DAYS + 1)
    with monkeypatch.context() as patch:
        patch.setattr("thinkdial.engine.batch.provider.job_store.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            store.tidy(None)
    assert store.jobs() == [] and job.directory.exists() and listed(collected) == []
    moment = time.time() - 4000
    os.utime(job.directory, (moment, moment))
    store.tidy(None)
    assert not job.directory.exists()


def test_a_job_that_cannot_be_read_stays(collected: Bench):
    (job,) = JobStore().jobs()
    (job.directory / "part-001.json").unlink()
    for path in (job.directory, *job.directory.iterdir()):
        os.utime(path, (0, 0))
    JobStore().tidy(None)
    assert (job.directory / "part-001.rows").exists()
