"""A Ray cluster of several machines, as far as one can be that: nodes with addresses, homes and keys of their own.

Each is begun by `ray start` as the documentation has it. All processes of a node bear its mark in their environment,
so that a test can end a machine at once.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

MARK = "THINKDIAL_TEST_NODE"
RAY = [sys.executable, "-c", "from ray.scripts.scripts import main; main()"]
START_S, PATIENCE_S = 120.0, 240.0
STORE_BYTES = 100_000_000
TOKEN = "7f" * 32
GROWN_KEY = "sk-marked-of-grown-nodes"
LISTS = (
    "initialization_commands", "setup_commands", "head_setup_commands", "worker_setup_commands",
    "head_start_ray_commands", "worker_start_ray_commands", "cluster_synced_files", "rsync_exclude", "rsync_filter",
)  # fmt: skip
"""What a description of a cluster has to have."""

TABLES = ("docker", "auth", "file_mounts")
EMPTY: dict[str, str] = {}


class Node:
    """One machine: its address, its name in marks, and the directory that is its home."""

    def __init__(self, address: str, mark: str, home: Path) -> None:
        self.address, self.mark, self.home = address, mark, home

    def processes(self, words: str = "") -> list[int]:
        """The processes of this node whose title holds these words, the oldest first."""
        found: list[tuple[int, int]] = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError, IndexError):
                    if f"{MARK}={self.mark}\0".encode() in (entry / "environ").read_bytes():
                        title = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                        if words in title:
                            began = int((entry / "stat").read_text().rpartition(")")[2].split()[19])
                            found.append((began, int(entry.name)))
        return [pid for _, pid in sorted(found)]

    @property
    def workers(self) -> list[int]:
        """Processes that make calls."""
        return self.processes("ray::RayWorker")

    def kill(self, words: str = "") -> None:
        """End them as a machine does whose power fails."""
        while alive := self.processes(words):
            for pid in alive:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)


class Nodes:
    """The cluster. `directory` is what the command works in; a node may have another file system in its place."""

    def __init__(self, directory: Path, *, token: str | None = TOKEN, more: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self.temporary = Path(tempfile.mkdtemp(prefix="rt", dir="/tmp"))  # sockets' paths have to be short
        self.homes = Path(tempfile.mkdtemp(prefix="rh", dir="/tmp"))
        self._more = {"RAY_AUTH_MODE": "disabled"} if token is None else {
            "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token
        }  # fmt: skip
        self._more |= more or {}
        self.nodes: list[Node] = []
        self._count = 0
        self.port = _free_port()

    @property
    def address(self) -> str:
        """What `RAY_ADDRESS` is to be."""
        return f"{self.nodes[0].address}:{self.port}"

    @property
    def head(self) -> Node:
        return self.nodes[0]

    @property
    def environment(self) -> dict[str, str]:
        """What the command needs of Ray's: no key is in it."""
        return {"RAY_TMPDIR": str(self.temporary), "RAY_USAGE_STATS_ENABLED": "0", **self._more}

    def begin_growing(self, most: int) -> Node:
        """A head without a CPU: up to `most` nodes of one are begun as needed, by Ray's stand-in for clouds."""
        one = {"node_config": {}, "min_workers": 0, "max_workers": most, "resources": {"CPU": 1}}
        head = {"node_config": {}, "max_workers": 0, "resources": {"CPU": 0}}
        place = f"127.0.0.{self._count + 2}:{self.port}"
        provider: dict[str, Any] = {"type": "fake_multinode", "gcs_address": place}
        config: dict[str, Any] = {
            **dict.fromkeys(LISTS, ()), **dict.fromkeys(TABLES, EMPTY), "cluster_name": "growing",
            "max_workers": most + 1, "upscaling_speed": 1.0, "idle_timeout_minutes": 5,
            "provider": provider | {"disable_node_updaters": True, "disable_launch_config_check": True},
            "available_node_types": {"one": one, "ray.head.default": head}, "head_node_type": "ray.head.default",
        }  # fmt: skip
        file = self.homes / "growing.json"
        file.write_text(json.dumps(config), encoding="utf-8")
        self._more |= {"RAY_FAKE_CLUSTER": "1", "AUTOSCALER_UPDATE_INTERVAL_S": "1"}
        return self.begin(key=GROWN_KEY, cpus=0, more=("--autoscaling-config", str(file)))

    def begin(
        self,
        *,
        key: str | None,
        apart: bool = False,
        address: str | None = None,
        cpus: int = 1,
        more: tuple[str, ...] = (),
    ) -> Node:
        """Begin a node, and wait until it is there. `apart`: with a file system of its own."""
        self._count += 1
        node = Node(
            address or f"127.0.0.{self._count + 1}",
            f"{self.temporary.name}-{self._count}",
            self.homes / str(self._count),
        )
        node.home.mkdir()
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "RAY_", "THINKDIAL_"))
        }
        environment |= {**self.environment, "HOME": str(node.home), MARK: node.mark}
        if key is not None:
            environment["SIM_KEY"] = key
        is_head = not self.nodes
        place = ["--head", "--port", str(self.port), "--include-dashboard=false"]
        command = [
            *RAY, "start", *(place if is_head else ["--address", self.address]), "--node-ip-address", node.address,
            "--num-cpus", str(cpus), *more, "--object-store-memory", str(STORE_BYTES), "--disable-usage-stats",
        ]  # fmt: skip
        if apart and can_be_apart():
            inner = f'mount -t tmpfs none "{self.directory}" && exec "$@"'
            command = ["unshare", "-m", "sh", "-c", inner, "sh", *command]
        self.nodes.append(node)
        log = self.homes / f"{self._count}.log"
        with log.open("wb") as out:
            ended = subprocess.run(
                command, env=environment, cwd=node.home, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False,
                timeout=START_S,
            )  # fmt: skip
        assert ended.returncode == 0, log.read_text()[-3000:]
        return node

    def end(self, node: Node) -> None:
        """A machine is gone for good, and the head has yet to find that out."""
        node.kill()
        self.nodes.remove(node)

    def leave(self, node: Node) -> None:
        """A machine is taken out of the cluster, which is told."""
        for pid in node.processes("raylet/raylet"):
            os.kill(pid, signal.SIGTERM)
        until(lambda: not node.processes("raylet/raylet"))
        self.end(node)

    def close(self) -> None:
        """All of them, and what they have left on the disk."""
        for node in self.nodes:
            node.kill()
        for place in (self.temporary, self.homes):
            shutil.rmtree(place, ignore_errors=True)

    def files(self) -> list[Path]:
        """All that Ray has written: logs, and the spilled part of its objects."""
        return [path for place in (self.temporary, self.homes) for path in place.rglob("*") if path.is_file()]


def can_be_apart() -> bool:
    """Whether this process may give another one a file system of its own."""
    try:
        asked = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    except OSError:
        return False
    return asked.returncode == 0


def until(happens: Callable[[], object], still: Callable[[], bool] = lambda: True) -> None:
    """Wait for it, while `still` holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not happens():
        assert still(), "it ended before"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.2", 0))
        return int(sock.getsockname()[1])
