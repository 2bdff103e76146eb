"""The vendors' own SDKs, imported by the first test that uses them: seconds, which not every worker has to spend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .late import Late


def says(words: str) -> Callable[[Exception], bool]:
    """A check of an SDK's error: these are words of the server's answer, whatever the SDK writes around it."""
    return lambda error: words in str(getattr(error, "body", None) or getattr(error, "details", None))


anthropic: Any = Late("anthropic")
openai: Any = Late("openai")
genai: Any = Late("google.genai")
genai_errors: Any = Late("google.genai.errors")
genai_types: Any = Late("google.genai.types")
