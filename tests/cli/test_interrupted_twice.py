"""Ctrl-C, again and again: the end comes soon, and without a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from thinkdial.cli import main as entry

pytestmark = pytest.mark.slow  # processes of their own


@pytest.mark.parametrize("gap_s", [0.0, 0.03])
@pytest.mark.parametrize("command", ["ask", "compare", "batch"])
def test_more_than_one_interruption(
    process: Any, sim: Path, simulator: Any, tmp_path: Path, command: str, gap_s: float
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"prompt": "x"}\n' * 20, encoding="utf-8")
    before, deadline = len(simulator.requests), time.monotonic() + 20
    started = process.start(command, rows if command == "batch" else "x", "-p", "silent", "--config", sim)
    while len(simulator.requests) == before:
        assert time.monotonic() < deadline, "it asks nothing"
        time.sleep(0.01)
    for _ in range(3):
        started.send_signal(signal.SIGINT)
        time.sleep(gap_s)
    try:
        _, err = started.communicate(timeout=5)
    except subprocess.TimeoutExpired:  # signals without a gap may come as one, after which a batch finishes its calls
        started.send_signal(signal.SIGINT)
        _, err = started.communicate(timeout=20)
    assert b"Traceback" not in err and started.returncode in (130, -signal.SIGINT, 3), err


def test_an_interruption_that_python_drops_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __del__(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "unraisablehook", entry._heard_again)  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(KeyboardInterrupt):
        made = Broken()
        del made
        time.sleep(5)
