"""T8: the memory of `thinkdial batch` does not grow with its rows, but for a few bytes a row that it remembers.

A million rows take a while; `THINKDIAL_BENCHMARK_ROWS=10000,100000` chooses other numbers.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from batch import write_rows
from measure import Fact, Report, Row, Target, progress
from server import loopback_server
from surroundings import Surroundings, surroundings

ROWS_VARIABLE = "THINKDIAL_BENCHMARK_ROWS"
ROWS = "10000,1000000"
MOST_MIB = 150.0
PROFILES = """\
profiles:
  short: {{provider: openai-compatible, model: example-1, base_url: {url}/0/short/v1, price: {{input: 1, output: 2}}}}
"""


def measure(rounds: int) -> Report:
    """Peaks of resident memory, over that of a batch of one row."""
    counts = sorted(int(count) for count in (os.environ.get(ROWS_VARIABLE) or ROWS).split(","))
    with surroundings() as here, loopback_server() as url:
        config = here.directory / "profiles.yaml"
        config.write_text(PROFILES.format(url=url), encoding="utf-8")
        _peak_mib(here, config, 1)  # the first run compiles the modules, which takes more than any batch
        floor = _peak_mib(here, config, 1)
        peaks = {count: _peak_mib(here, config, count) - floor for count in counts}
    least, most = peaks[counts[0]], peaks[counts[-1]]
    shown = ", ".join(f"{count:,} rows {peak:.1f} MiB" for count, peak in peaks.items())
    return [
        Row(
            f"peak over the floor, {counts[-1]:,} rows / {counts[0]:,} rows",
            {"memory": most / least},
            Target("T8", "memory", 1.1),
            f"{shown}; the floor is {floor:.1f} MiB",
        ),
        Fact(f"at most {MOST_MIB:g} MiB over the floor", most <= MOST_MIB, f"{most:.1f} MiB"),
    ]


def _peak_mib(here: Surroundings, config: Path, count: int) -> float:
    progress(f"batch memory: {count:,} rows")
    rows, output = here.directory / "rows.jsonl", here.directory / "out.jsonl"
    write_rows(rows, count)
    output.unlink(missing_ok=True)
    options = ["--no-stream", "--config", config, "--concurrency", "64", "--no-history", "-q"]
    command = [*here.thinkdial, "batch", rows, "-p", "short", "-o", output, *options]
    child = subprocess.Popen([str(word) for word in command], env=here.environment, cwd=here.directory)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"a batch of {count} rows ended with {child.returncode}")
    return usage.ru_maxrss / 1024
