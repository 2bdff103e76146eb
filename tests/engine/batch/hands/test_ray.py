"""`--engine ray` as people run it: real clusters on loopback, whose workers, nodes and heads are killed on the way."""

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
from contextlib import suppress
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from .conftest import KEY, Bench

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install 'thinkdial[ray]'"),
    pytest.mark.skipif(sys.platform != "linux", reason="workers are looked up in /proc"),
]

PATIENCE_S = 240.0
NODE: dict[str, Any] = {"num_cpus": 1, "node_ip_address": "127.0.0.1"}


@pytest.fixture
def ray_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where Ray keeps its sockets and logs: their paths have to be short."""
    directory = Path(tempfile.mkdtemp(prefix="rt", dir="/tmp"))
    monkeypatch.setenv("RAY_TMPDIR", str(directory))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # on 127.0.0.1 alone
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


class Command:
    """`thinkdial batch ROWS -p a --engine ray -o FILE` as a process."""

    def __init__(self, bench: Bench, *arguments: object, address: str | None = None) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
        if address is not None:
            environment["RAY_ADDRESS"] = address
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "thinkdial.cli", "batch", str(bench.rows), "-p", "a", "--config",
                str(bench.config), "--engine", "ray", "-o", str(bench.output), *map(str, arguments),
            ],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=bench.directory,
        )  # fmt: skip

    def end(self) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        try:
            out, err = self.process.communicate(timeout=PATIENCE_S)
        finally:
            self.process.kill()
        return self.process.returncode, out, err


def processes(beginning: str) -> list[int]:
    """Processes whose title begins so, and that belong to a cluster of this test."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                title = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
                ours = os.environ["RAY_TMPDIR"].encode() in (entry / "environ").read_bytes()
                if ours and title.startswith(beginning):
                    found.append(int(entry.name))
    return sorted(found)


def until(happens: Callable[[], object], command: Command) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happens():
        assert command.process.poll() is None, command.process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ids(bench: Bench) -> list[str]:
    return sorted(line["row_id"] for line in bench.lines())


def everything(count: int) -> list[str]:
    return sorted(f"r{n}" for n in range(count))


def test_a_cluster_of_its_own_a_killed_worker_and_no_key_anywhere(bench: Callable[..., Bench], ray_dir: Path) -> None:
    made = bench(150, pace=0.1)
    command = Command(made, "--workers", 2, "--send-keys", "--max-cost", "5")
    until(lambda: made.answered() >= 30 and len(processes("ray::RayWorker")) == 2, command)
    for entry in Path("/proc").iterdir():  # titles and arguments of all processes
        if entry.name.isdigit():
            with suppress(OSError):
                assert KEY.encode() not in (entry / "cmdline").read_bytes()
    os.kill(processes("ray::RayWorker")[0], signal.SIGKILL)
    code, out, err = command.end()
    assert (code, out) == (0, ""), err
    assert "asked again" in err or "under way" not in err, err
    assert "Traceback" not in err and "(ray" not in err and "WARNING" not in err, err
    assert ids(made) == everything(150) and all(line["passed"] for line in made.lines())
    kept = [path for path in ray_dir.rglob("*") if path.is_file()]
    assert kept and not any(KEY.encode() in path.read_bytes() for path in kept)


@pytest.fixture
def cluster(ray_dir: Path) -> Iterator[Any]:
    """Four nodes of one CPU; the last one has no key."""
    made = import_module("ray.cluster_utils").Cluster(
        initialize_head=True, head_node_args={"include_dashboard": False, **NODE}
    )
    made.nodes_of_test = [made.add_node(**NODE) for _ in range(2)]
    key = os.environ.pop("SIM_KEY")
    made.add_node(**NODE)
    os.environ["SIM_KEY"] = key
    yield made
    with suppress(Exception):
        made.shutdown()


def test_nodes_workers_the_command_and_the_head_die(
    bench: Callable[..., Bench], request: pytest.FixtureRequest
) -> None:
    made = bench(400, pace=0.15)
    made.configure(more="limits: {concurrency: 10}")
    cluster: Any = request.getfixturevalue("cluster")
    command = Command(made, address=cluster.address)
    until(lambda: made.answered() >= 40, command)
    command.process.kill()
    command.process.wait()
    before = made.answered()
    assert 40 <= before < 400

    # The same command goes on: a worker is killed, another one stopped for longer than is waited, a node goes.
    command = Command(made, address=cluster.address)
    until(lambda: made.answered() >= before + 30, command)
    os.kill(processes("ray::RayWorker")[0], signal.SIGKILL)
    until(lambda: made.answered() >= before + 80, command)
    stopped = processes("ray::RayWorker")[-1]
    os.kill(stopped, signal.SIGSTOP)
    until(lambda: made.answered() >= before + 140, command)
    cluster.remove_node(cluster.nodes_of_test[0], allow_graceful=False)
    until(lambda: made.answered() >= before + 200, command)
    with suppress(ProcessLookupError):
        os.kill(stopped, signal.SIGCONT)
    code, _, err = command.end()
    assert code == 0, err
    assert "SIM_KEY is not set" in err and "Traceback" not in err, err
    assert ids(made) == everything(400)
    assert all(line["status"] == "ok" for line in made.lines())
    told = sum(Decimal(line["cost"].get("lost_usd") or 0) for line in made.lines())
    assert told > 0 and "asked again" in err, err

    # The head dies: clear words, and what is missing is done by the same command once there is a cluster.
    made.write_rows(700)
    command = Command(made, address=cluster.address)
    until(lambda: made.answered() >= 450, command)
    cluster.head_node.kill_gcs_server(check_alive=False)
    cluster.head_node.kill_raylet(check_alive=False)
    code, _, err = command.end()
    assert "Traceback" not in err, err
    if code:
        assert code == 1 and "the same command goes on" in err and "cluster" in err, err
    assert Command(made, "--workers", 2, "--quiet").end()[0] == 0
    assert ids(made) == everything(700)
    whole = {json.dumps(line["row_id"]) for line in made.lines() if line["status"] == "ok"}
    assert len(whole) == 700
