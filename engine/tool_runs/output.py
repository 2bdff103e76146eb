"""What a tool said, as it goes back to the model and into the log. Values and pure functions."""

from __future__ import annotations

from msgspec import Struct

from ..results.tool_use import ToolRunEnd, ToolSource

LOGGED = 2000
"""Characters of an output that the log has."""


class ToolOutput(Struct, frozen=True):
    """The text that goes back to the model, and how it came about."""

    text: str
    end: ToolRunEnd = "ok"
    truncated: bool = False
    duration_s: float | None = None
    exit: int | None = None
    source: ToolSource | None = None
    note: str | None = None

    @property
    def is_error(self) -> bool:
        return self.end != "ok"


def cut(text: str, most_bytes: int) -> tuple[str, bool]:
    """`text` within so many bytes of UTF-8, and whether something is missing. The model is told where it ends."""
    data = text.encode("utf-8", "replace")
    if len(data) <= most_bytes:
        return data.decode(), False
    kept = data[:most_bytes].decode("utf-8", "ignore")
    return f"{kept}\n[cut here: {len(data):,} bytes in all, the first {most_bytes:,} are shown]", True
