"""`--engine ray` without `RAY_ADDRESS`: a cluster of this machine, for one batch, that nobody else can use."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from .conftest import NEEDS_RAY, OWN_KEY, Desk
from .nodes import MARK, Node, until

pytestmark = NEEDS_RAY

ROWS = 150


@pytest.fixture
def ray_dir() -> Iterator[Path]:
    """Where Ray keeps its sockets and logs: their paths have to be short."""
    directory = Path(tempfile.mkdtemp(prefix="rt", dir="/tmp"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def test_a_cluster_of_its_own_is_closed_and_leaves_nothing(desk: Desk, ray_dir: Path) -> None:
    desk.write_rows(ROWS)
    here = Node("127.0.0.1", ray_dir.name, desk.home)
    more = {"RAY_TMPDIR": str(ray_dir), MARK: here.mark}
    command = desk.begin("--workers", 2, "--max-cost", 1000, more=more)
    until(lambda: desk.answered() >= 30 and len(here.workers) == 2, command.lives)
    servers = here.processes("gcs_server")
    assert servers
    for pid in servers:
        said = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        assert b"RAY_AUTH_MODE=token" in said and any(each.startswith(b"RAY_AUTH_TOKEN=") for each in said)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                assert OWN_KEY.encode() not in (entry / "cmdline").read_bytes()
    os.kill(here.workers[0], signal.SIGKILL)
    code, out, err = command.end()
    assert (code, out) == (0, ""), err
    counts = desk.check_whole(ROWS)
    assert len(desk.provider.bills) - counts.results <= counts.lost
    assert "asked again" in err or not counts.lost, err
    until(lambda: not here.processes())
    kept = [path for path in ray_dir.rglob("*") if path.is_file()]
    assert kept and not any(OWN_KEY.encode() in path.read_bytes() for path in kept)
    assert not (desk.home / ".ray").exists(), "Ray has written no token of its own"
