"""What the README shows does what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"
NEEDED = ("bash", "jq", "seq")


SCRIPTS = re.compile(r"^thinkdial simulate .*?^kill %1$", re.DOTALL | re.MULTILINE)
needs_programs = pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="needs bash, jq and seq")


def ran(script: str, directory: Path, guard: Path) -> subprocess.CompletedProcess[bytes]:
    commands = directory / "bin"
    commands.mkdir()
    (commands / "thinkdial").write_text(f'#!/bin/sh\nexec {sys.executable} -m thinkdial.cli "$@"\n', encoding="utf-8")
    (commands / "thinkdial").chmod(0o755)
    path = f"{commands}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(guard), "COLUMNS": "160"}
    command = ["bash", "-c", f"set -m\n{script}"]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, timeout=60)


@needs_programs
def test_the_pipeline_runs_as_it_is_written(tmp_path: Path, guard: Path) -> None:
    done = ran(SCRIPTS.findall(README.read_text(encoding="utf-8"))[0], tmp_path, guard)
    lines = (tmp_path / "numbers.tsv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 150, done.stderr.decode()
    assert sum(line.split("\t")[2] == "true" for line in lines) > 120
    assert {len(line.split("\t")) for line in lines} == {5}
    assert {line.split("\t")[1] for line in lines} == {"sim-anthropic", "sim-openai", "sim-google"}


@pytest.mark.slow
@needs_programs
def test_the_choice_is_what_comes_out(tmp_path: Path, guard: Path) -> None:
    """Each arm with its figures, the first sentence and the last line, whatever columns the page leaves out."""
    text = README.read_text(encoding="utf-8")
    done = ran(SCRIPTS.findall(text)[1], tmp_path, guard)
    printed = done.stdout.decode().splitlines()
    told = text.partition("### A choice")[2].split("```\n")[2].splitlines()
    assert told[0] == printed[0] and told[-1] == printed[-1], done.stderr.decode()
    for line in told[3:9]:
        cells = re.split(r" {2,}", line[2:].strip())
        assert any(all(cell in other for cell in cells) for other in printed), line
