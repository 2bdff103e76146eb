"""A conversation of two turns, and configurations in which something has changed since."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ...conftest import write_config

Cli = Callable[..., Any]
Changed = Callable[..., Path]


@pytest.fixture
def tea(cli: Cli, sim: Path) -> Path:
    """The session `tea`, of two turns with profile `a`; the configuration that it was made with."""
    for prompt in ("Which tea has the least caffeine?", "And with milk?"):
        ended = cli("ask", "--session", "tea", prompt, "-p", "a@high", "--config", sim, "-q")
        assert ended.code == 0, ended.err
    return sim


@pytest.fixture
def changed(simulator: Any, tmp_path: Path) -> Changed:
    """Another configuration: profiles replaced by what is given, and left out where that is None."""

    def write(**profiles: str | None) -> Path:
        path = write_config(tmp_path / "changed.yaml", simulator.base_url)
        lines = path.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.strip().partition(":")[0] not in profiles]
        kept = [line for line in kept if not line.startswith("groups")]
        kept[1:1] = [f"  {name}: {entry}" for name, entry in profiles.items() if entry is not None]
        path.write_text("\n".join(kept) + "\n", encoding="utf-8")
        return path

    return write
