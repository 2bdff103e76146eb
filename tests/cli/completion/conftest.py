"""The program's own table, and a configuration to complete from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from thinkdial.cli.completion.answer import candidates
from thinkdial.cli.completion.table import program_table

NAMES = {
    "profile": [("claude", "anthropic"), ("claude-haiku", "anthropic"), ("gpt", "openai"), ("frontier", "group")],
    "model": [("openai/gpt-6-sol", ""), ("anthropic/claude-opus-5-5", "")],
    "model_id": [("gpt-6-sol", "openai")],
    "run": [("last", ""), ("12", "ask: x"), ("3", "demo: y")],
    "session": [("tea", ""), ("taxes", "")],
    "batch": [("20261101-abc", "")],
    "provider": [("openai", ""), ("anthropic", "")],
    "keyed": [("openai", ""), ("claude", "")],
    "template": [("review", ""), ("short", "")],
    "key": [("defaults.think", "")],
}


@pytest.fixture(scope="session")
def table() -> dict[str, Any]:
    return program_table()


@pytest.fixture
def tab(table: dict[str, Any]) -> Callable[..., Any]:
    """What may stand in place of the last word; files and directories as `<file>` and `<dir>`."""

    def pressed(*words: str) -> list[str]:
        found, files = candidates(words, table, lambda kind: NAMES.get(kind, []))
        return [value for value, _ in found] + ([f"<{files}>"] if files else [])

    return pressed
