"""What all vendors' batches share: restarts, the log of every row, progress by looks or by time, rates of faults."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from thinkdial.simulator import BATCH_FAULTS, FAULTS, Simulator, row_digest, simulator_in_thread

from ...sdks import anthropic, says

MODEL = "claude-opus-5-5"


def request(custom_id: str, text: str = "Hi") -> dict[str, Any]:
    params = {"model": MODEL, "max_tokens": 5000, "messages": [{"role": "user", "content": text}]}
    return {"custom_id": custom_id, "params": params}


def batches_of(simulator: Simulator | str):
    base = simulator if isinstance(simulator, str) else simulator.base_url
    return anthropic.Anthropic(api_key="k", base_url=f"{base}/anthropic", max_retries=0).messages.batches


@pytest.mark.slow
def test_a_restart_forgets_nothing_that_is_in_a_directory(tmp_path, client):
    asked = [request(f"row-{number}") for number in range(4)]
    with simulator_in_thread(directory=tmp_path / "state") as first:
        batch = batches_of(first).create(requests=asked)
        assert batches_of(first).retrieve(batch.id).processing_status == "in_progress"
        headers = {"authorization": "Bearer k"}
        file = client.post(
            f"{first.base_url}/openai/v1/files",
            headers=headers,
            data={"purpose": "batch"},
            files={"file": ("r.jsonl", b"{}")},
        ).json()
        assert len(first.rows) == 2
    with simulator_in_thread(directory=tmp_path / "state") as second:
        done = batches_of(second).retrieve(batch.id)
        assert done.processing_status == "ended" and done.request_counts.succeeded == 4
        assert {entry.custom_id for entry in batches_of(second).results(batch.id)} == {f"row-{n}" for n in range(4)}
        assert len(second.rows) == 2
        content = client.get(f"{second.base_url}/openai/v1/files/{file['id']}/content", headers=headers)
        assert content.content == b"{}"
        assert batches_of(second).create(requests=asked).id != batch.id
    with simulator_in_thread() as third, pytest.raises(anthropic.NotFoundError):
        batches_of(third).retrieve(batch.id)


SERVE = """
import sys
from pathlib import Path
from thinkdial.simulator import Simulator, serve_forever
state, log = map(Path, sys.argv[1:])
serve_forever(Simulator(directory=state, log=log), lambda url: print(url, flush=True))
"""


@pytest.mark.slow
def test_a_killed_simulator_runs_no_row_twice(tmp_path):
    log = tmp_path / "log.jsonl"

    def started() -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-c", SERVE, str(tmp_path / "state"), str(log)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    def killed(process: subprocess.Popen[str]) -> None:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()

    process, url = started()
    batch = batches_of(url).create(requests=[request(f"row-{number}", f"{number}") for number in range(10)])
    batches_of(url).retrieve(batch.id)
    killed(process)
    process, url = started()
    try:
        assert batches_of(url).retrieve(batch.id).request_counts.succeeded == 10
    finally:
        killed(process)
    entries = [json.loads(text) for text in Path(log).read_text(encoding="utf-8").splitlines()]
    rows = [entry for entry in entries if entry.get("event") == "row"]
    assert Counter(entry["custom_id"] for entry in rows) == Counter(f"row-{number}" for number in range(10))
    assert [entry["rows"] for entry in entries if entry.get("event") == "batch"] == [10]


def test_the_log_tells_the_same_work_submitted_twice(tmp_path):
    log = tmp_path / "log.jsonl"
    with simulator_in_thread(log=log, batch_polls=1) as running:
        for names in (("a", "b"), ("c",)):
            texts = {"a": "one", "b": "two", "c": "one"}
            made = batches_of(running).create(requests=[request(name, texts[name]) for name in names])
            assert [batch.id for batch in running.batches][-1] == made.id
            batches_of(running).retrieve(made.id)
        digests = {row.custom_id: row.digest for row in running.rows}
        assert digests["a"] == digests["c"] != digests["b"]
        assert digests["a"] == row_digest("/v1/messages", request("a", "one")["params"])
        assert {(row.outcome, row.executed) for row in running.rows} == {("succeeded", True)}
        created = next(entry for entry in running.requests if entry.path.endswith("/batches"))
        assert created.body == {"requests": "<2 rows>"}
    events = [json.loads(text).get("event") for text in log.read_text(encoding="utf-8").splitlines()]
    assert Counter(events) == {"batch": 2, "row": 3, None: 4}


def test_rows_that_never_ran_are_not_executed():
    with simulator_in_thread() as running:
        made = batches_of(running).create(
            requests=[request("a"), request("b"), request("c")],
            extra_headers={"x-simulate-fault": "row_expired:1"},
        )
        batches_of(running).retrieve(made.id)
        batches_of(running).retrieve(made.id)
        assert {row.custom_id: (row.outcome, row.executed) for row in running.rows} == {
            "a": ("expired", False),
            "b": ("succeeded", True),
            "c": ("succeeded", True),
        }


def test_progress_by_looks():
    with simulator_in_thread(batch_polls=5) as running:
        made = batches_of(running).create(requests=[request(f"row-{number}") for number in range(10)])
        steps: list[int] = []
        for _ in range(5):
            assert batches_of(running).list().data[0].processing_status == "in_progress"
            last = batches_of(running).retrieve(made.id)
            steps.append(len(running.rows))
        assert steps == [2, 4, 6, 8, 10] and last.processing_status == "ended"


def test_progress_by_time():
    now = [1_800_000_000.0]
    with simulator_in_thread(batch_s=100.0, clock=lambda: now[0]) as running:
        made = batches_of(running).create(requests=[request(f"row-{number}") for number in range(10)])
        assert made.created_at.timestamp() == now[0]
        for after_s, rows in ((0, 0), (30, 3), (30, 6), (0, 6)):
            now[0] += after_s
            assert batches_of(running).retrieve(made.id).processing_status == "in_progress"
            assert len(running.rows) == rows
        now[0] += 40
        assert batches_of(running).retrieve(made.id).request_counts.succeeded == 10


@pytest.mark.slow
def test_rates_of_batch_faults():
    def outcomes(seed: int) -> Counter[str]:
        rates = {"row_errored": 0.1, "row_expired": 0.1, "row_lost": 0.1}
        with simulator_in_thread(seed=seed, faults=rates, batch_polls=1) as running:
            made = batches_of(running).create(requests=[request(f"row-{number}") for number in range(300)])
            batches_of(running).retrieve(made.id)
            # Rates of rows are no faults of requests.
            assert all(not entry.faults for entry in running.requests)
            return Counter(row.outcome for row in running.rows)

    found = outcomes(1)
    assert found == outcomes(1) != outcomes(2)
    assert sum(found.values()) == 300
    assert all(15 <= found[name] <= 50 for name in ("errored", "expired", "lost"))
    with simulator_in_thread(faults={"batch_failed": 1.0}) as running:
        made = batches_of(running).create(requests=[request("a")])
        assert batches_of(running).retrieve(made.id).request_counts.errored == 1


def test_the_menu_lists_the_faults_of_batches():
    assert set(BATCH_FAULTS) < set(FAULTS)
    assert {"row_errored", "row_expired", "row_canceled", "row_lost", "batch_failed", "batch_hang"} < set(BATCH_FAULTS)


def test_a_row_that_asks_for_an_unknown_fault_creates_nothing():
    with simulator_in_thread() as running:
        wrong = request("a")
        wrong["params"]["model"] = f"{MODEL}@meteor"
        with pytest.raises(anthropic.BadRequestError, check=says("unknown fault")):
            batches_of(running).create(requests=[request("b"), wrong])
        assert not running.batches and not batches_of(running).list().data
