"""Calls by workers: what `--processes` and `--engine ray` cost a call in all processes, beside the plain batch.

A side runs over few rows and over many: the difference is what calls cost, without the start. Of Ray's processes some
are reaped by ours and some are nobody's children in the end: there it is read of all from /proc while they run.
"""

from __future__ import annotations

import os
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import mkdtemp

from batch import write_rows
from measure import CHILD_TIMEOUT_S, Fact, Report, Row, Spent, Target, progress
from server import loopback_server
from surroundings import Surroundings, surroundings

LEAST_ROUNDS = 2
FEW, MANY, SLOW_ROWS = 20, 12_000, 1500
"""Many, as what a cluster takes to start differs by a second of CPU from one time to the next."""

SLOW_MS = 2600
AT_ONCE = 256
"""As many as a batch has under way where nothing limits it."""

TICKS = os.sysconf("SC_CLK_TCK")
LOOK_S = 0.05
PROFILES = """\
profiles:
  quick: {{provider: openai-compatible, model: example-1, base_url: {url}/0/v1, price: {{input: 1, output: 2}}}}
  slow: {{provider: openai-compatible, model: example-1, base_url: {url}/{slow}/v1, price: {{input: 1, output: 2}}}}
"""
SIDES = {"plain": [], "2 processes": ["--processes", "2"], "4 processes": ["--processes", "4"]}
RAY = {"ray, 2 workers": ["--engine", "ray", "--workers", "2"]}


def measure(rounds: int) -> Report:
    """CPU a call with a server that answers at once, and the whole time with a slow one."""
    report: Report = []
    sides = {**SIDES, **(RAY if find_spec("ray") else {})}
    with surroundings() as here, loopback_server() as url:
        config = here.directory / "profiles.yaml"
        config.write_text(PROFILES.format(url=url, slow=SLOW_MS), encoding="utf-8")
        for count in (FEW, MANY, SLOW_ROWS):
            write_rows(here.directory / f"rows-{count}.jsonl", count)
        _run(here, config, "quick", AT_ONCE, FEW, [])  # compiles
        taken: dict[str, list[float]] = {name: [] for name in sides}
        starts: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(max(LEAST_ROUNDS, rounds // 3)):
            for name, options in sides.items():
                progress(f"hands: round {number + 1}, {name}")
                few, many = (_run(here, config, "quick", AT_ONCE, count, options) for count in (FEW, MANY))
                taken[name].append((many.cpu_s - few.cpu_s) / (MANY - FEW))
                starts[name].append(few.cpu_s)
        for name in sides:
            ratio = median(own / plain for own, plain in zip(taken[name], taken["plain"], strict=True))
            target = None if name == "plain" else Target("a call", "cpu", 1.5)
            report.append(Row(f"{name}: CPU a call / plain", {"cpu": ratio}, target, _words(taken[name], starts[name])))
        plain = _run(here, config, "slow", AT_ONCE, SLOW_ROWS, [])
        for name, options in list(sides.items())[1:]:
            progress(f"hands: slow, {name}")
            own = _run(here, config, "slow", AT_ONCE, SLOW_ROWS, options)
            words = f"{own.wall_s:.1f} s, {own.cpu_s:.1f} s CPU; plain {plain.wall_s:.1f} s, {plain.cpu_s:.1f} s CPU"
            report.append(
                Row(f"{name}: {SLOW_ROWS:,} calls of 2.6 s / plain", {"wall": own.wall_s / plain.wall_s}, None, words)
            )
    if not find_spec("ray"):
        report.append(Fact("ray is not installed: not measured", None))
    return report


def _words(taken: list[float], starts: list[float]) -> str:
    return f"{median(taken) * 1e3:.2f} ms; {median(starts):.1f} s to start, and for {FEW} calls"


def _run(here: Surroundings, config: Path, profile: str, at_once: int, rows: int, options: list[str]) -> Spent:
    output = here.directory / "out.jsonl"
    output.unlink(missing_ok=True)
    mark = mkdtemp(prefix="h", dir="/tmp")
    command = [
        *here.thinkdial, "batch", here.directory / f"rows-{rows}.jsonl", "-p", profile, "--config", config,
        "--concurrency", str(at_once), "--no-history", "--no-stream", "-q", "-o", output, *options,
    ]  # fmt: skip
    on_cluster = "ray" in options
    began, seen = time.perf_counter(), dict[int, float]()
    child = subprocess.Popen(
        [str(word) for word in command], env={**here.environment, "RAY_TMPDIR": mark}, cwd=here.directory,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while not (ended := os.wait4(child.pid, os.WNOHANG))[0]:
        if on_cluster:
            seen |= _cpu_of(mark)
        if time.perf_counter() - began > CHILD_TIMEOUT_S:
            child.kill()
        time.sleep(LOOK_S)
    wall, usage = time.perf_counter() - began, ended[2]
    child.returncode = os.waitstatus_to_exitcode(ended[1])
    if child.returncode != 0 or output.read_bytes().count(b"\n") != rows:
        raise RuntimeError(f"{command}: exit {child.returncode}")
    subprocess.run(["rm", "-rf", mark], check=False)
    return Spent(wall, sum(seen.values()) if on_cluster else usage.ru_utime + usage.ru_stime)


def _cpu_of(mark: str) -> dict[int, float]:
    """Seconds of CPU by process, of those that have `mark` in their environment."""
    found: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark.encode() in (entry / "environ").read_bytes():
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                    found[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICKS
            except OSError:
                continue
    return found
