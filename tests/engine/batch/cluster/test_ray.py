"""`--engine ray` as people run it: a local cluster of real worker processes, which are killed on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest

from .conftest import KEY, Bench

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install 'thinkdial[ray]'"),
    pytest.mark.skipif(sys.platform != "linux", reason="workers are looked up in /proc"),
]

PATIENCE_S = 120.0
GUARD = """
import socket
connect = socket.socket.connect
def checked(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        with open(__file__ + ".reached", "a") as file:
            file.write(f"{address}\\n")
        raise OSError("no network in tests")
    return connect(self, address)
socket.socket.connect = checked
"""


@pytest.fixture
def cluster_dir() -> Iterator[Path]:
    """Where Ray keeps its sockets and logs: their paths have to be short."""
    directory = Path(tempfile.mkdtemp(prefix="rt", dir="/tmp"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


class Command:
    """`thinkdial batch ROWS -p a --engine ray -o SHARDS` as a process with a cluster of its own."""

    def __init__(self, bench: Bench, cluster_dir: Path, *arguments: object, workers: int = 2) -> None:
        guard = cluster_dir / "guard"
        guard.mkdir(exist_ok=True)
        self.guard = guard / "sitecustomize.py"
        self.guard.write_text(GUARD, encoding="utf-8")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "thinkdial.cli", "batch", str(bench.rows), "-p", "a", "--config",
                str(bench.config), "--engine", "ray", "--workers", str(workers), "--shard-rows", "15",
                "-o", str(bench.shards), *map(str, arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "RAY_TMPDIR": str(cluster_dir), "PYTHONPATH": str(guard)},
            cwd=bench.directory,
        )  # fmt: skip

    def end(self) -> tuple[int, str, str]:
        """Exit code, standard output and standard error; nobody has reached for the network."""
        try:
            out, err = self.process.communicate(timeout=PATIENCE_S)
        finally:
            self.process.kill()
        reached = self.guard.with_name(f"{self.guard.name}.reached")
        assert not reached.exists(), reached.read_text(encoding="utf-8")
        return self.process.returncode, out, err

    def workers(self) -> list[int]:
        """The processes that map blocks."""
        parents: dict[int, int] = {}
        titles: dict[int, str] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    status = (entry / "stat").read_text()
                    titles[int(entry.name)] = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
                except OSError:
                    continue
                parents[int(entry.name)] = int(status.rpartition(")")[2].split()[1])

        def is_ours(pid: int) -> bool:
            while pid in parents:
                if pid == self.process.pid:
                    return True
                pid = parents[pid]
            return False

        return [pid for pid, title in titles.items() if title.startswith("ray::MapWorker") and is_ours(pid)]


def until(happens: Callable[[], bool], command: Command) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happens():
        assert command.process.poll() is None, command.process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_worker_loses_nothing_and_nothing_is_paid_twice(
    bench: Callable[..., Bench], cluster_dir: Path
) -> None:
    made = bench(150, pace=0.05, faults={"server_error": 0.03, "disconnect": 0.02})
    with made.rows.open("a", encoding="utf-8") as rows:
        rows.write("this is not JSON\n")
    command = Command(made, cluster_dir)
    until(lambda: len(made.completed()) >= 30 and len(command.workers()) == 2, command)
    victim = command.workers()[0]
    os.kill(victim, signal.SIGKILL)
    code, out, err = command.end()

    assert code == 1 and out == "", err
    assert "line 151: is not JSON" in err and "taken over from a worker that had died" in err
    assert "Traceback" not in err and "(ray" not in err and "WARNING" not in err and "INFO" not in err
    lines = made.lines()
    assert sorted(line["row_id"] for line in lines) == sorted(f"r{n}" for n in range(150))
    assert all(line["status"] == "ok" and line["passed"] is True for line in lines)
    assert all(line["row"] == {"number": int(line["row_id"][1:])} for line in lines)
    assert len(list(made.shards.glob("part-*.jsonl"))) == 10
    # What the dead worker had under way may have been answered; nothing else was asked again.
    assert sum(made.completed().values()) - 150 <= 6
    # A request whose client is dead is seen to its end by the server, beside those of the others.
    assert made.most_at_once <= 6 + 6
    kept = [path for path in cluster_dir.rglob("*") if path.is_file() and path.parent.name != "guard"]
    assert kept and not any(KEY.encode() in path.read_bytes() for path in kept)

    merged = made.directory / "all.jsonl"
    joined = subprocess.run(
        [sys.executable, "-m", "thinkdial.cli", "batch", "merge", made.shards, "-o", merged, "--ordered"],
        capture_output=True,
        text=True,
    )
    assert joined.returncode == 0 and "150 results of 10 shards" in joined.stderr
    assert [json.loads(line)["row_id"] for line in merged.read_bytes().splitlines()] == [f"r{n}" for n in range(150)]

    before = len(made.simulator.requests)
    assert Command(made, cluster_dir, "--quiet").end()[0] == 1  # the bad row is still there
    assert len(made.simulator.requests) == before


def test_an_interrupted_batch_goes_on(bench: Callable[..., Bench], cluster_dir: Path) -> None:
    made = bench(90, pace=0.05)
    command = Command(made, cluster_dir)
    until(lambda: len(made.completed()) >= 15, command)
    command.process.send_signal(signal.SIGINT)
    code, _, err = command.end()
    assert code == 130 and "the same command goes on from there" in err, err
    assert 15 <= len(made.lines()) < 90
    assert {f"question {line['row_id'][1:]}" for line in made.lines()} == set(made.completed())
    assert made.most_at_once <= 6

    code, _, err = Command(made, cluster_dir, "--quiet").end()
    assert (code, err) == (0, "")
    assert sorted(line["row_id"] for line in made.lines()) == sorted(f"r{n}" for n in range(90))
    assert set(made.completed().values()) == {1}


def test_the_budget_holds_for_all_workers_together(bench: Callable[..., Bench], cluster_dir: Path) -> None:
    made = bench(60)
    code, _, err = Command(made, cluster_dir, "--max-cost", "0.10", "--summary", "sum.json").end()
    assert code == 4 and "USD is" in err and "the same command goes on from there" in err, err
    spent = sum(Decimal(line["cost"]["usd"]) for line in made.lines())
    assert 0 < spent <= Decimal("0.10")
    summed = json.loads((made.directory / "sum.json").read_text(encoding="utf-8"))
    assert summed["results"] == len(made.lines()) and Decimal(summed["usd"]) == spent
