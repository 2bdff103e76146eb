"""Which results are whole answers, whose numbers may be held against each other. Pure."""

from __future__ import annotations

from .result import Result


def is_whole(result: Result) -> bool:
    """Whether it is a whole answer, neither refused, filtered, cut nor empty."""
    return (
        result.status == "ok"
        and bool(result.answer.strip())
        and result.think.verdict not in ("starved", "empty")
        and result.finish in ("stop", "unknown", "tool_call")
    )
