"""What else people use: each in a virtual environment of its own, made when first measured and kept below `build/`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from measure import Fact, progress
from surroundings import ROOT

REQUIREMENTS: Mapping[str, str] = {"llm": "llm==0.36", "openai": "openai==3.57.0", "litellm": "litellm==1.110.2"}
"""Pinned, so that results of two days differ by what was measured."""

DIRECTORY = ROOT / "build" / "peers"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"


class UnavailableError(Exception):
    """A peer that could not be installed, and why."""


@cache
def interpreter(name: str) -> Path:
    """The Python that has the peer, installed now if need be. Raises `UnavailableError` where that fails."""
    made = DIRECTORY / REQUIREMENTS[name]
    python, finished = made / SCRIPTS / Path(sys.executable).name, made / "installed"
    if finished.exists():
        return python
    progress(f"installing {REQUIREMENTS[name]}")
    shutil.rmtree(made, ignore_errors=True)
    venv.create(made, symlinks=os.name != "nt", with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", REQUIREMENTS[name]]
    done = subprocess.run(pip, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnavailableError((done.stderr.strip() or "pip failed").splitlines()[-1])
    finished.touch()
    return python


def absent(name: str) -> Fact | None:
    """None where the peer is there, else the line that says why it was not measured."""
    try:
        interpreter(name)
    except UnavailableError as error:
        return Fact(f"{name} is not measured", None, str(error))
    return None


def script(name: str) -> list[str | Path]:
    """The peer's command of the same name."""
    return [interpreter(name).parent / name]


def versions() -> dict[str, str]:
    """Of the peers that are installed."""
    return {name: REQUIREMENTS[name].partition("==")[2] for name in REQUIREMENTS if _is_installed(name)}


def _is_installed(name: str) -> bool:
    return (DIRECTORY / REQUIREMENTS[name] / "installed").exists()
