"""The locked development environment is one that pyproject.toml allows, from wherever its files are served."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
ENTRIES = LOCK.replace("\\\n", " ").splitlines()
LOCKED = [entry for entry in ENTRIES if entry and not entry.lstrip().startswith("#")]


def test_all_that_is_asked_for_is_locked_at_a_version_that_is_allowed() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = pyproject["project"]["optional-dependencies"]
    asked = [
        *pyproject["build-system"]["requires"],
        *pyproject["project"]["dependencies"],
        *extras["dev"],
        *extras["docs"],
    ]
    versions = dict(re.match(r"([\w.-]+)==(\S+)", entry).groups() for entry in LOCKED)  # type: ignore[union-attr]
    for requirement in map(Requirement, asked):
        locked = versions.get(canonicalize_name(requirement.name))
        assert locked and requirement.specifier.contains(locked), f"{requirement}: locked is {locked}; make lock"


def test_every_file_is_known_by_its_hash_and_by_no_address() -> None:
    assert all("--hash=sha256:" in entry for entry in LOCKED)
    assert "://" not in LOCK
