"""The help of a command with many options in parts, each under a heading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MANY = 25
"""Options from which on a command shows them in parts: fewer are looked through faster as they are."""

FIRST = "Options"
"""The part of what is in no other, above them all."""

PARTS: Mapping[str, Sequence[str]] = {
    "Prompt": ("--use", "--template", "--var", "--edit", "--file", "--system"),
    "Rows": (
        "--shard", "--input-format", "--allow-files", "--retry-failed", "--ordered", "--window", "--via", "--wait",
        "--processes", "--engine", "--workers", "--send-keys",
    ),
    "Files beside the prompt": ("--attach", "--remote-urls", "--convert", "--as-is", "--detail", "--upload"),
    "Calls": (
        "--max-output", "--timeout", "--retries", "--no-stream", "--concurrency", "--strict-think", "--emulate",
    ),
    "Money": ("--max-cost", "--allow-unpriced", "--confirm", "--yes", "--count", "--dry-run"),
    "Answers as JSON": ("--schema", "--json-mode", "--think-then-shape", "--shape-with"),
    "Tools": ("--server-tool", "--tool", "--tool-choice", "--tool-output", "--run-tools", "--max-rounds"),
    "Checks": ("--expect", "--fail-on", "--escalate"),
    "Results": (
        "--answers", "--reasoning", "--diff", "--format", "--json", "--output", "--summary", "--save", "--force",
    ),
    "Session": (
        "--session", "--continue", "--carry-reasoning", "--on-mismatch", "--context-tokens", "--context-reasoning",
        "--context-full", "--context-summary",
    ),
    "This run": ("--config", "--no-history", "--quiet", "--notify", "--limiter", "--job"),
}  # fmt: skip
"""The options of each part by their long names; in it they keep the order of the command."""

_PART_OF = {name: heading for heading, names in PARTS.items() for name in names}


def in_parts(options: Iterable[Any]) -> dict[str, list[Any]]:
    """The options by the heading that they stand under, in the order of the parts."""
    given = list(options)
    if len(given) < MANY:
        return {FIRST: given}
    found: dict[str, list[Any]] = {FIRST: [], **{heading: [] for heading in PARTS}}
    for one in given:
        found[next((_PART_OF[name] for name in one.opts if name in _PART_OF), FIRST)].append(one)
    return {heading: part for heading, part in found.items() if part}
