"""Heavy libraries of a few tests: imported by the process that runs the first of them, not wherever tests are found."""

from __future__ import annotations

import importlib
from typing import Any


class Late:
    """A module whose public members are looked up when they are used; pytest asks everything for private ones."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, member: str) -> Any:
        if member.startswith(("_", "pytest")):
            raise AttributeError(member)
        return getattr(importlib.import_module(self._name), member)
