"""A batch that is killed at any moment and run again: every row is answered once, and nothing is paid for twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from thinkdial.simulator import FAULTS, Simulator, simulator_in_thread

from ...forks.child import Child, Forks

pytestmark = pytest.mark.slow

ROWS = int(os.environ.get("THINKDIAL_KILL_ROWS", "100"))
KILLS = int(os.environ.get("THINKDIAL_KILLS", "8"))
AT_ONCE = 8
SHARE = 0.05
RARE = {"huge_event": 0.0005}
"""Each of them is 64 MiB long."""

FULL_ANSWERS = {"refusal", "content_filter"}
VENDORS = (("anthropic", "/anthropic", "claude-opus-5-5"), ("openai", "/openai/v1", "gpt-6-sol"))
KEYS = {"anthropic": "x-api-key", "openai": "authorization"}
PROFILES = {f"p{n}": VENDORS[n % 2] for n in range(16)}
"""Many, because each has its own pace, and so many faults slow it down."""

MOST_RUNS = 200


def profiles_of(row: int) -> list[str]:
    """One, and for each tenth row two."""
    return [f"p{(row + more) % len(PROFILES)}" for more in range(2 if row % 10 == 0 else 1)]


WANTED = {(str(row), name): 1 for row in range(ROWS) for name in profiles_of(row)}


@contextmanager
def provider(log: Path) -> Iterator[Simulator]:
    faults = {name: RARE.get(name, SHARE) for name in FAULTS if not name.startswith(("row_", "batch_"))}
    with simulator_in_thread(faults=faults, log=log, retry_after_s=0.01) as simulator:
        yield simulator


class Runs:
    """The command, and what its output file says."""

    def __init__(self, forks: Forks, directory: Path, command: list[str], errors: Any) -> None:
        self.output = directory / "out.jsonl"
        self._forks, self._command, self._errors = forks, command, errors

    def start(self, *more: str) -> Child:
        return self._forks.start(*self._command, *more, stderr=self._errors)

    def ends_before(self, run: Child, goal: int) -> bool:
        """Whether a run has ended when its output has so many bytes."""
        while self.size() < goal:
            with suppress(subprocess.TimeoutExpired):
                run.wait(0.002)
                return True
        return run.poll() is not None

    def size(self) -> int:
        return self.output.stat().st_size if self.output.exists() else 0

    def whole(self) -> Counter[tuple[str, str]]:
        """How many good results each row has of each profile, in lines that are whole."""
        data = self.output.read_bytes() if self.output.exists() else b""
        documents = (json.loads(line) for line in data.splitlines(keepends=True) if line.endswith(b"\n"))
        return Counter((found["row_id"], found["profile"]) for found in documents if found["status"] == "ok")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    written = ({"id": str(n), "prompt": f"row {n}.", "profile": profiles_of(n)} for n in range(ROWS))
    path.write_text("".join(json.dumps(row) + "\n" for row in written))
    return path


def test_kills_lose_nothing_and_nothing_is_paid_twice(tmp_path: Path, rows: Path, forks: Forks) -> None:
    log = tmp_path / "requests.jsonl"
    dice = random.Random(5)
    done_before: list[tuple[int, Counter[tuple[str, str]]]] = []
    began = time.monotonic()
    with provider(log) as simulator, (tmp_path / "errors.txt").open("wb") as errors:
        config = tmp_path / "sim.yaml"
        config.write_text(
            "profiles:\n"
            + "".join(
                f"  {name}: {{provider: {vendor}, base_url: '{simulator.base_url}{where}', model: {model}, "
                f"headers: {{{KEYS[vendor]}: Bearer {name}, x-profile: {name}}}, "
                f"limits: {{concurrency: {AT_ONCE}}}}}\n"
                for name, (vendor, where, model) in PROFILES.items()
            )
        )
        command = ["batch", str(rows), "-p", "p0", "-o"]
        command += [str(tmp_path / "out.jsonl"), "--config", str(config), "--timeout", "0.3", "--retries", "4", "-q"]
        runs = Runs(forks, tmp_path, command, errors)
        kills = starts = 0
        expected = len(WANTED) * 2000  # bytes, more or less
        while kills < KILLS and starts < MOST_RUNS:
            goal = runs.size() + int(dice.uniform(0.0, 1.0) * expected / KILLS)
            run = runs.start()
            starts += 1
            if not runs.ends_before(run, goal):
                run.kill()
                kills += 1
                run.wait()
            number = simulator.requests[-1].number if simulator.requests else 0
            done_before.append((number, runs.whole()))
        while sum(runs.whole().values()) < len(WANTED) and starts < MOST_RUNS:
            runs.start("--retry-failed").wait()
            starts += 1
            done_before.append((simulator.requests[-1].number, runs.whole()))
    whole = runs.whole()
    assert kills == KILLS, (tmp_path / "errors.txt").read_text()[-2000:]
    assert whole == WANTED
    assert len(runs.output.read_bytes().splitlines()) == len(WANTED)
    answered, again, total = Counter[tuple[str, str]](), 0, 0
    latest = iter([*done_before, (sys.maxsize, Counter[tuple[str, str]]())])
    until, known = 0, Counter[tuple[str, str]]()
    entries = sorted((json.loads(line) for line in log.read_bytes().splitlines()), key=lambda entry: entry["number"])
    following, known_then = next(latest)
    for entry in entries:
        total += 1
        while entry["number"] > following:
            until, known = following, known_then
            following, known_then = next(latest)
        key = row_of(entry["body"]), entry["headers"]["x-profile"]
        assert not known[key], f"request {entry['number']} asks for {key}, which was on disk at request {until}"
        if entry["status"] == 200 and entry["completed"] and set(entry["faults"]) <= FULL_ANSWERS:
            again += answered[key] > 0
            answered[key] += 1
    assert again <= kills * AT_ONCE * len(PROFILES)
    print(  # noqa: T201 the numbers of the run are what one starts it for
        f"{ROWS} rows, {len(WANTED)} results: {total} requests, {kills} kills, {starts} runs, {again} answers "
        f"that were under way at a kill asked again, {time.monotonic() - began:.0f} s"
    )


def row_of(body: Any) -> str:
    """The row that a request is about: its prompt says."""
    text = json.dumps(body)
    return text[text.index("row ") + 4 :].partition(".")[0]
