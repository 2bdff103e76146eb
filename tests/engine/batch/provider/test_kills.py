"""Submit, wait and collect, killed at random moments: one good result for each row and profile, and none run twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.simulator import Simulator, simulator_in_thread

from .conftest import KEY, write_config

pytestmark = pytest.mark.slow

PROFILES = "aogx"
ROWS = 60
KILLS = int(os.environ.get("THINKDIAL_KILLS", "9"))
MOST_S = 60.0


@dataclass
class Commands:
    """Processes of ours, each killed when the world has come so far, if it has not ended before."""

    simulator: Simulator
    config: Path
    rows: Path
    output: Path
    kills: int = 0

    def run(self, *arguments: object, until: Callable[[], bool] | None = None) -> int:
        process = subprocess.Popen(
            [sys.executable, "-m", "thinkdial.cli", "batch", *map(str, arguments)],
            env={**os.environ, "SIM_KEY": KEY},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            if until is None:
                _, said = process.communicate(timeout=MOST_S)
                assert process.returncode in (0, 1), said.decode()
                return process.returncode
            end = time.monotonic() + MOST_S
            while process.poll() is None and not until() and time.monotonic() < end:
                time.sleep(0.0005)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                self.kills += 1
        finally:
            process.kill()
            process.communicate()
        return process.returncode

    def submit(self, *more: object, until: Callable[[], bool] | None = None) -> int:
        chosen = [part for name in PROFILES for part in ("-p", name)]
        return self.run(
            self.rows, *chosen, "--via", "provider", "-o", self.output, "--config", self.config, "--poll", "0.02",
            *more, until=until,
        )  # fmt: skip

    def after_requests(self, count: int) -> Callable[[], bool]:
        """So many more requests have come."""
        target = len(self.simulator.requests) + count
        return lambda: len(self.simulator.requests) >= target

    def after_bytes(self, count: int) -> Callable[[], bool]:
        """So many more bytes of results are there."""
        target = self.size() + count
        return lambda: self.size() >= target

    def size(self) -> int:
        return self.output.stat().st_size if self.output.exists() else 0

    def open_jobs(self, home: Path) -> list[str]:
        """Jobs with parts that are not collected."""
        found: list[str] = []
        for path in sorted(home.rglob("batches/*/job.json")):
            stages = [json.loads(part.read_bytes())["stage"] for part in path.parent.glob("part-*.json")]
            if any(stage != "collected" for stage in stages):
                found.append(path.parent.name)
        return found


def survive(simulator: Simulator, tmp_path: Path, home: Path, seed: int) -> Commands:
    """Everything, with kills; in the end without."""
    dice = random.Random(seed)
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"id": f"r{n}", "prompt": f"question {n}"}) + "\n" for n in range(ROWS)))
    config = write_config(tmp_path / "profiles.yaml", simulator.base_url)
    commands = Commands(simulator, config, rows, tmp_path / "out.jsonl")
    while commands.kills < KILLS // 3:
        if commands.submit(until=commands.after_requests(dice.randint(1, 3))) == 0:
            break
    while commands.kills < 2 * (KILLS // 3):
        job = dice.choice(commands.open_jobs(home))
        if commands.run("wait", job, "--poll", "0.02", until=commands.after_requests(dice.randint(1, 6))) == 0:
            break
    commands.submit()
    for job in commands.open_jobs(home):
        commands.run("wait", job, "--poll", "0.02")
    while commands.kills < KILLS and (jobs := commands.open_jobs(home)):
        if dice.random() < 0.5:
            commands.run("collect", dice.choice(jobs), until=commands.after_bytes(dice.randint(1, 60_000)))
        else:
            commands.submit("--wait", until=commands.after_bytes(dice.randint(1, 60_000)))
    commands.submit("--wait")
    return commands


def spent() -> tuple[int, Decimal]:
    """How many results are in the history's sums, and what they cost."""
    words = [sys.executable, "-m", "thinkdial.cli", "spend", "--json"]
    total = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)["total"]
    return total["results"], Decimal(total["usd"])


def check(commands: Commands, home: Path) -> None:
    results = [json.loads(line) for line in commands.output.read_text(encoding="utf-8").splitlines()]
    assert {result["status"] for result in results} == {"ok"}
    answered = Counter((result["profile"], result["row_id"]) for result in results)
    assert answered == {(name, f"r{n}"): 1 for name in PROFILES for n in range(ROWS)}
    assert not commands.open_jobs(home)
    assert spent() == (len(results), sum((Decimal(result["cost"]["usd"]) for result in results), Decimal(0)))
    # The simulator's own log: every row was run once, and no batch was made twice.
    assert max(Counter((row.vendor, row.digest) for row in commands.simulator.rows).values()) == 1
    assert len(commands.simulator.rows) == len(results) == sum(batch.rows for batch in commands.simulator.batches)


def test_killed_between_and_in_submit_wait_and_collect(tmp_path: Path, own_home: Path):
    with simulator_in_thread(retry_after_s=0.01, batch_polls=6) as simulator:
        commands = survive(simulator, tmp_path, own_home, seed=2)
        check(commands, own_home)
        assert commands.kills >= KILLS // 2


def test_ctrl_c_leaves_the_batches_running(tmp_path: Path, own_home: Path):
    with simulator_in_thread(batch_polls=1_000_000) as simulator:
        rows = tmp_path / "rows.txt"
        rows.write_text("one\ntwo\n")
        config = write_config(tmp_path / "profiles.yaml", simulator.base_url)
        process = subprocess.Popen(
            [sys.executable, "-m", "thinkdial.cli", "batch", rows, "-p", "a", "--via", "provider", "--wait",
             "--poll", "0.01", "-o", tmp_path / "out.jsonl", "--config", config],
            env={**os.environ, "SIM_KEY": KEY}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            while process.poll() is None and len(simulator.requests) < 4:
                time.sleep(0.001)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=MOST_S)
        finally:
            process.kill()
        job = out.decode().strip()
        assert process.returncode == 130 and f"thinkdial batch wait {job} goes on from here" in err.decode()
        cancelled = [entry for entry in simulator.requests if entry.path.endswith("/cancel")]
        assert not cancelled and len(simulator.batches) == 1
