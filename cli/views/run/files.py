"""The files that went along with a prompt, in words for people."""

from __future__ import annotations

from ....engine.results.result import Run, RunFile
from ....providers.untrusted import one_line

MOST_NAMED = 20


def file_lines(run: Run) -> list[str]:
    """A line for each file of the run, and how many more there are."""
    lines = [file_words(file) for file in run.files[:MOST_NAMED]]
    more = len(run.files) - len(lines)
    return [*lines, *([f"and {more:,} more"] if more else [])]


def file_words(file: RunFile) -> str:
    """`chart.png (image, 48,210 bytes)`."""
    size = "" if file.bytes is None else f", {file.bytes:,} bytes"
    changed = f"; {one_line(file.changed, 200)}" if file.changed else ""
    return f"{one_line(file.name, 120) or 'file'} ({one_line(file.kind, 20)}{size}{changed})"
