"""Going on with a batch that is done, putting one in order and merging shards: CPU and memory a row, at two sizes.

A million rows take a while; `THINKDIAL_BENCHMARK_ROWS=10000,100000` chooses other numbers.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from batch import write_rows
from measure import Report, Row, Target, progress
from server import loopback_server
from surroundings import Surroundings, surroundings

LEAST_ROUNDS = 3
ROWS_VARIABLE = "THINKDIAL_BENCHMARK_ROWS"
ROWS = "10000,200000"
PROFILES = """\
profiles:
  short: {{provider: openai-compatible, model: example-1, base_url: {url}/0/short/v1, price: {{input: 1, output: 2}}}}
"""
SHARDS = 8


def measure(rounds: int) -> Report:
    """What each row more costs: the difference of two sizes, divided by theirs."""
    few, many = sorted(int(count) for count in (os.environ.get(ROWS_VARIABLE) or ROWS).split(","))[:2]
    with surroundings() as here, loopback_server() as url:
        config = here.directory / "profiles.yaml"
        config.write_text(PROFILES.format(url=url), encoding="utf-8")
        done = {count: Done(here, config, count) for count in (few, many)}
        for one in done.values():
            one.make()
        commands = {
            "resumed with nothing to do": Done.resume,
            "resumed, its summary in a file": Done.resume_with_summary,
            "resumed --ordered, every line moved": Done.put_in_order,
            "merge": Done.merge,
            "merge --ordered": Done.merge_ordered,
        }
        report: Report = []
        for what, command in commands.items():
            spent: list[tuple[float, float]] = []
            for number in range(max(LEAST_ROUNDS, rounds // 2)):
                progress(f"batch resume: {what}, round {number + 1}")
                (few_s, few_mib), (many_s, many_mib) = command(done[few]), command(done[many])
                spent.append((many_s - few_s, many_mib - few_mib))
            cpu_us = median(seconds for seconds, _ in spent) / (many - few) * 1e6
            row_bytes = median(mib for _, mib in spent) * 2**20 / (many - few)
            is_done = command in (Done.resume, Done.resume_with_summary)
            target = Target("row", "us", 25.0) if is_done else None
            detail = f"{few:,} and {many:,} rows"
            report.append(Row(f"{what}: microseconds of CPU a row", {"us": cpu_us}, target, detail))
            if is_done:
                memory = Target("row", "bytes", 100.0)
                report.append(Row(f"{what}: remembered of a row", {"bytes": row_bytes}, memory, detail))
    return report


class Done:
    """A batch of `count` rows whose output is whole: as one file, and as the shards that it was merged of."""

    def __init__(self, here: Surroundings, config: Path, count: int) -> None:
        self._here, self._config = here, config
        self._rows, self._whole = here.directory / f"in-{count}.jsonl", here.directory / f"whole-{count}.jsonl"
        self._shards, self._count = here.directory / f"shards-{count}", count

    def make(self) -> None:
        progress(f"batch resume: {self._count:,} rows are run once")
        write_rows(self._rows, self._count)
        self._shards.mkdir()
        for shard in range(1, SHARDS + 1):
            self._batch(self._shards / f"part-{shard}.jsonl", "--shard", f"{shard}/{SHARDS}")
        self._spent("batch", "merge", self._shards, "-o", self._whole, "--ordered")

    def resume(self) -> tuple[float, float]:
        return self._batch(self._whole)

    def resume_with_summary(self) -> tuple[float, float]:
        return self._batch(self._whole, "--summary", self._here.directory / "summary.json", "--force")

    def put_in_order(self) -> tuple[float, float]:
        backwards = self._here.directory / "backwards.jsonl"
        backwards.write_bytes(b"".join(reversed(self._whole.read_bytes().splitlines(keepends=True))))
        return self._batch(backwards, "--ordered")

    def merge(self) -> tuple[float, float]:
        return self._spent("batch", "merge", self._shards, "-o", self._here.directory / "merged.jsonl", "--replace")

    def merge_ordered(self) -> tuple[float, float]:
        merged = self._here.directory / "merged.jsonl"
        return self._spent("batch", "merge", self._shards, "-o", merged, "--replace", "--ordered")

    def _batch(self, output: Path, *more: str | Path) -> tuple[float, float]:
        options = ["--no-stream", "--config", self._config, "--concurrency", "64", "--no-history", "-q"]
        return self._spent("batch", self._rows, "-p", "short", "-o", output, *options, *more)

    def _spent(self, *words: str | Path) -> tuple[float, float]:
        """Seconds of CPU, and the peak of resident memory in MiB."""
        command: Sequence[str] = [str(word) for word in (*self._here.thinkdial, *words)]
        child = subprocess.Popen(command, env=self._here.environment, cwd=self._here.directory)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
