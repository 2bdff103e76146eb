"""The prompts that doses are measured with, where nobody brings their own."""

from __future__ import annotations

from functools import cache

from ...profiles.facts import packaged

FILE = "dose_prompts.yaml"


@cache
def dose_prompts() -> tuple[str, ...]:
    """The shipped prompts, from easy to hard."""
    return packaged(FILE).texts("prompts")
