"""Heavy libraries of a few tests: imported by the process that runs the first of them, not wherever tests are found."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any


class Late:
    """A module that is imported with its first public member: where tests are found all globals are asked for marks."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._module: Any = None

    def __getattr__(self, member: str) -> Any:
        if member.startswith("_") or member == "pytestmark":
            raise AttributeError(member)
        if self._module is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what libraries do at import is not ours
                self._module = import_module(self._name)
        return getattr(self._module, member)
