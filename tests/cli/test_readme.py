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


@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="needs bash, jq and seq")
def test_the_pipeline_runs_as_it_is_written(tmp_path: Path, guard: Path) -> None:
    text = README.read_text(encoding="utf-8")
    script = re.search(r"^thinkdial simulate .*?^kill %1$", text, re.DOTALL | re.MULTILINE)
    assert script is not None
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "thinkdial").write_text(f'#!/bin/sh\nexec {sys.executable} -m thinkdial.cli "$@"\n', encoding="utf-8")
    (commands / "thinkdial").chmod(0o755)
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "PYTHONPATH": str(guard)}
    done = subprocess.run(
        ["bash", "-c", f"set -m\n{script.group()}"], cwd=tmp_path, env=environment, capture_output=True, timeout=60
    )
    lines = (tmp_path / "numbers.tsv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 150, done.stderr.decode()
    assert sum(line.split("\t")[2] == "true" for line in lines) > 120
    assert {len(line.split("\t")) for line in lines} == {5}
    assert {line.split("\t")[1] for line in lines} == {"sim-anthropic", "sim-openai", "sim-google"}
