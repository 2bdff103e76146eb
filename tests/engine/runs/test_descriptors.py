"""With few file descriptors fewer calls are made at once, and none of them fails for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from thinkdial.engine.runs import descriptors
from thinkdial.engine.runs.descriptors import SPARE, room_for
from thinkdial.simulator import simulator_in_thread

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
LIMIT = 90
PROFILES = 70
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv.pop(1)), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
from thinkdial.cli.main import main
main()
"""


@pytest.mark.parametrize(("limit", "in_use", "room"), [
    (256, 20, 256 - 20 - SPARE), (1024, 20, 500), (10, 20, 1), (None, 20, 500), (256, 255, 1),
])  # fmt: skip
def test_there_is_room_for_as_many(limit: int | None, in_use: int, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "_limit", lambda: limit)
    monkeypatch.setattr(descriptors, "_in_use", lambda: in_use)
    assert room_for(500) == room


def limited(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LIMITED, str(LIMIT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=dict(os.environ))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "sim.yaml"


def profiles(url: str, count: int) -> str:
    one = f"provider: anthropic, base_url: '{url}/anthropic', model: claude-opus-5-5, headers: {{x-api-key: k}}"
    return "profiles:\n" + "".join(f"  p{n}: {{{one}}}\n" for n in range(count))


@pytest.mark.slow
def test_a_batch_waits_for_descriptors_and_loses_no_row(tmp_path: Path, config: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"id": str(n), "prompt": f"row {n}"}) + "\n" for n in range(200)))
    with simulator_in_thread(pace=0.1) as simulator:
        config.write_text(profiles(simulator.base_url, 2))
        done = limited(
            "batch", rows, "-p", "p0", "-p", "p1", "--config", config, "-o", tmp_path / "out.jsonl",
            "--concurrency", "200", "--retries", "0",
        )  # fmt: skip
        asked = len(simulator.requests)
    assert done.returncode == 0, done.stderr
    assert asked == len((tmp_path / "out.jsonl").read_bytes().splitlines()) == 400
    assert "may open no more files" in done.stderr
    assert "history" not in done.stderr, "it was opened before the connections"


@pytest.mark.slow
def test_a_comparison_of_many_says_how_many_at_once(config: Path) -> None:
    with simulator_in_thread(pace=0.1) as simulator:
        config.write_text(profiles(simulator.base_url, PROFILES))
        names = [word for n in range(PROFILES) for word in ("-p", f"p{n}")]
        done = limited("compare", "hi", *names, "--config", config, "--json", "--retries", "0")
    assert done.returncode == 0, done.stderr
    assert all(result["status"] == "ok" for result in json.loads(done.stdout)["results"])
    assert "may open no more files" in done.stderr and "history" not in done.stderr
