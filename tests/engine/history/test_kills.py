"""A run that is killed at any moment: the database stays whole, and what had been shown is in it."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from thinkdial.simulator import simulator_in_thread

from ...forks.child import Forks

pytestmark = pytest.mark.slow

PROFILES = 20
KILLS = 50


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    with simulator_in_thread(pace=0.05) as simulator:
        path = tmp_path / "sim.yaml"
        models = ("claude-opus-5-5", "claude-haiku-5-5")
        entries = [
            f"  p{n}: {{provider: anthropic, base_url: '{simulator.base_url}/anthropic', model: {models[n % 2]}, "
            "headers: {x-api-key: simulated}}\n"
            for n in range(PROFILES)
        ]
        path.write_text("profiles:\n" + "".join(entries), encoding="utf-8")
        yield path


def test_fifty_kills_leave_the_database_whole_and_lose_nothing_that_was_shown(
    config: Path, tmp_path: Path, own_home: Path, forks: Forks
) -> None:
    names = [option for n in range(PROFILES) for option in ("-p", f"p{n}")]
    command = ["compare", "Is 91 prime?", *names, "--config", str(config), "--format", "jsonl", "-q"]
    dice, shown_ids, longest = random.Random(20), set[str](), 0.3
    forks.start("--version", stdout=subprocess.DEVNULL).wait()  # how long its server takes to start does not count
    for kill in range(KILLS + 1):
        shown, began = tmp_path / f"shown-{kill}.jsonl", time.monotonic()
        with shown.open("wb") as output:
            run = forks.start(*command, stdout=output)
        if kill > 0:  # the first one ends by itself, and says how long a run takes
            time.sleep(dice.uniform(0, 1.2) * longest)
            run.kill()
        run.wait(60)
        if kill == 0:
            longest = time.monotonic() - began
        text = shown.read_text(encoding="utf-8")
        shown_ids |= {json.loads(line)["id"] for line in text.splitlines(keepends=True) if line.endswith("\n")}
    database = next(own_home.rglob("history.sqlite3"))
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        stored = {row[0] for row in connection.execute("SELECT id FROM results WHERE status <> 'running'")}
        running = connection.execute("SELECT COUNT(*) FROM results WHERE status = 'running'").fetchone()[0]
        # What is estimated, or has no price, are calls under way in a process that was killed.
        counted, estimated = connection.execute(
            "SELECT SUM(results) - SUM(estimated + unpriced), SUM(estimated + unpriced) FROM spending"
        ).fetchone()
    assert len(shown_ids) >= PROFILES and shown_ids <= stored
    assert counted == len(stored) - stored_refusals(database)
    assert running + estimated > 0, "no run was killed in the middle: the moments were badly chosen"


def stored_refusals(database: Path) -> int:
    """Results that were never attempted: they are no part of the sums."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT COUNT(*) FROM results WHERE status = 'cancelled' AND raw IS NULL").fetchone()[
            0
        ]
