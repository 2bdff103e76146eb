"""Chat holds each answer against what is expected of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_each_answer_of_a_chat_is_checked(cli: Callable[..., Any], sim: Path) -> None:
    ended = cli(
        "chat", "tea", "-p", "a@low", "--config", sim, "--expect", "contains=90",
        stdin=b"Hello\nWhat is 40 + 50?\n",
    )  # fmt: skip
    assert ended.code == 0
    assert ended.err.count("✓ passed") == 1 and ended.err.count("✗ failed the check") == 1
    assert "does not contain '90'" in ended.err
    refused = cli("chat", "-p", "a", "--config", sim, "--expect", "contans=90", stdin=b"x\n")
    assert refused.code == 2 and "did you mean contains" in refused.err
