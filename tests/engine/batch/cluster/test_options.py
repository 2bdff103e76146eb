"""What `--engine ray` says before anything is sent; none of it needs Ray."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Bench

pytestmark = pytest.mark.slow


def batch(bench: Bench, *arguments: object, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable, "-m", "thinkdial.cli", "batch", str(bench.rows), "-p", "a", "--config", str(bench.config),
            *map(str, arguments),
        ],
        capture_output=True,
        text=True,
        cwd=bench.directory,
        env={**os.environ, **({"PYTHONPATH": str(path)} if path else {})},
    )  # fmt: skip


def test_without_ray_it_names_the_extra(bench: Callable[..., Bench], tmp_path: Path) -> None:
    made = bench(2)
    absent = tmp_path / "absent" / "ray"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text("raise ImportError('no module named ray')\n", encoding="utf-8")
    ended = batch(made, "--engine", "ray", "-o", "shards", path=absent.parent)
    assert ended.returncode == 2 and "[ray]'\n" in ended.stderr, ended.stderr
    assert not made.simulator.requests


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--engine", "ray"), "add -o DIR"),
        (("--engine", "ray", "-o", "sim.yaml"), "takes a directory for -o"),
        (("--engine", "ray", "-o", "s", "--format", "csv"), "batch merge DIR -o all.csv"),
        (("--engine", "ray", "-o", "s", "--ordered"), "batch merge DIR --ordered"),
        (("--engine", "spark", "-o", "s"), "--engine spark"),
    ],
)
def test_options_that_make_no_sense(bench: Callable[..., Bench], arguments: tuple[str, ...], words: str) -> None:
    made = bench(1)
    ended = batch(made, *arguments)
    assert ended.returncode == 2 and words in ended.stderr, ended.stderr
    assert not made.simulator.requests


def test_an_input_of_bad_rows_needs_no_cluster(bench: Callable[..., Bench]) -> None:
    made = bench(0)
    made.rows.write_text("nonsense\n", encoding="utf-8")
    ended = batch(made, "--engine", "ray", "-o", "shards")
    assert ended.returncode == 1 and "line 1: is not JSON" in ended.stderr, ended.stderr
