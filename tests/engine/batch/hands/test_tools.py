"""Rounds of calls and tools with `--processes`: processes make the calls, and the command runs the tools."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from .cluster.conftest import Desk
from .cluster.nodes import until
from .cluster.provider import serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]
ROWS = 60


def children(pid: int) -> list[int]:
    """The worker processes of a command."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status, line = (entry / "stat").read_text(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(status.rpartition(")")[2].split()[1]) == pid and b"hands.child" in line:
                found.append(int(entry.name))
    return sorted(found)


def test_the_command_runs_the_tools_and_a_killed_process_costs_a_call(tmp_path: Path) -> None:
    with serving() as provider:
        desk = Desk(tmp_path, provider)
        desk.configure_tool()
        desk.write_rows(ROWS)
        arguments = "--run-tools", "allow:look", "--max-cost", 100
        command = desk.begin(*arguments, more={}, by=("--processes", 2))
        until(lambda: desk.answered() >= ROWS // 2 and len(children(command.process.pid)) == 2, command.lives)
        os.kill(children(command.process.pid)[0], signal.SIGKILL)
        code, out, err = command.end()
        assert (code, out) == (0, ""), err
        lost = desk.check_rounds(ROWS, command.process.pid)
        assert (f"{lost:,} call" in err and "may be paid twice" in err) if lost else "paid twice" not in err, (
            lost,
            err,
        )
