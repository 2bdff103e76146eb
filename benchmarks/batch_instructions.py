"""Instructions a row of `thinkdial batch`, beside the bare loop: what noise of the machine cannot hide.

Valgrind counts them, at 50 times the time: `THINKDIAL_BENCHMARK_ROWS=64,264` says over which two numbers of rows the
difference is taken. Work of the kernel is not in them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from batch import LEANEST, PROFILES, Scene, write_rows
from measure import Fact, Report, Row, Target, progress
from server import loopback_server
from surroundings import Surroundings, surroundings

ROWS_VARIABLE = "THINKDIAL_BENCHMARK_ROWS"
ROWS = "64,264"
AT_ONCE = 64
_COUNTED = re.compile(r"Collected : (\d+)")

TO_A_PIPE = ("to a pipe",)
"""No option: the one that names a file is left out."""

VARIANTS: Mapping[str, Sequence[str]] = {
    "history kept": ("--history",), "--ordered": ("--ordered",), "csv": ("--format", "csv"),
    "pipe": TO_A_PIPE,
}  # fmt: skip
MOST_OF_A_VARIANT = 1.15


def measure(rounds: int) -> Report:
    """Instructions are the same each time, within a few in a thousand: one round is enough."""
    if shutil.which("valgrind") is None:
        return [Fact("valgrind is not installed: instructions are not counted", None)]
    with surroundings() as here, loopback_server() as url:
        config = here.directory / "profiles.yaml"
        config.write_text(PROFILES.format(url=url, events=50), encoding="utf-8")
        report: Report = []
        for streamed, limit in ((False, 2.0), (True, 1.3)):
            scene = Scene(here, url, config, AT_ONCE, streamed)
            bare, ours = _a_row(scene, LEANEST), _a_row(scene, "thinkdial")
            what = "streams of 50" if streamed else "whole bodies"
            target = Target("row", "instructions", limit)
            detail = f"{ours / 1e6:.3f} / {bare / 1e6:.3f} million"
            report.append(Row(f"{what}: thinkdial / bare loop", {"instructions": ours / bare}, target, detail))
            if streamed:
                continue
            for name, options in VARIANTS.items():
                varied = _a_row(scene, "thinkdial", *options)
                target = Target("row", "instructions", MOST_OF_A_VARIANT)
                detail = f"{varied / 1e6:.3f} million"
                report.append(Row(f"{what}: {name} / plain", {"instructions": varied / ours}, target, detail))
    return report


def _a_row(scene: Scene, name: str, *more: str) -> float:
    few, many = (int(count) for count in (os.environ.get(ROWS_VARIABLE) or ROWS).split(","))
    _counted(scene, name, few, more)  # what is imported for the first time is compiled, which is no work of a row
    return (_counted(scene, name, many, more) - _counted(scene, name, few, more)) / (many - few)


def _counted(scene: Scene, name: str, count: int, more: Sequence[str]) -> int:
    progress(f"batch instructions: {name} {' '.join(more)}, {count} rows")
    here: Surroundings = scene.here
    rows, output = here.directory / f"rows-{count}.jsonl", here.directory / "out.jsonl"
    if not rows.exists():
        write_rows(rows, count)
    output.unlink(missing_ok=True)
    words = [str(word) for word in scene.command(name, rows, output)]
    if more == TO_A_PIPE:
        words = [word for word in words if word not in ("-o", str(output))]
    else:
        words += more
    if "--history" in words:
        words = [word for word in words if word not in ("--history", "--no-history")]
    tool: list[str | Path] = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    environment = {**here.environment, "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [*tool, *words], env=environment, cwd=here.directory, capture_output=True, text=True, check=False
    )
    found = _COUNTED.search(done.stderr)
    if done.returncode != 0 or found is None:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr[-2000:]}")
    return int(found[1])
