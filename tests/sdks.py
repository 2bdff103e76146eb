"""The vendors' own SDKs, imported by the first test that uses them: seconds, which not every worker has to spend."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any


class Late:
    """A module that is imported with its first public attribute: collecting looks at all globals for marks."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._module: Any = None

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_") or attribute == "pytestmark":
            raise AttributeError(attribute)
        if self._module is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what the SDKs do at import is not ours
                self._module = import_module(self._name)
        return getattr(self._module, attribute)


def says(words: str) -> Callable[[Exception], bool]:
    """A check of an SDK's error: these are words of the server's answer, whatever the SDK writes around it."""
    return lambda error: words in str(getattr(error, "body", None) or getattr(error, "details", None))


anthropic: Any = Late("anthropic")
openai: Any = Late("openai")
genai: Any = Late("google.genai")
genai_errors: Any = Late("google.genai.errors")
genai_types: Any = Late("google.genai.types")
