"""What was run for a model, in lines."""

from __future__ import annotations

import json

from ....engine.results.result import Result
from ....engine.results.tool_use import ToolRun
from ....providers.untrusted import one_line
from ..numbers import seconds

_MOST_ARGUMENTS = 60


def run_line(run: ToolRun) -> str:
    """`ran weather({"city":"Rome"}): ok, 14 bytes, 0.03 s`; why not, where it was not run or did not end well."""
    said = "" if run.arguments is None else json.dumps(run.arguments, ensure_ascii=False, separators=(",", ":"))
    named = f"{one_line(run.name, 40)}({one_line(said, _MOST_ARGUMENTS)})"
    if run.end == "ok":
        took = "" if run.duration_s is None else f", {seconds(run.duration_s)}"
        return f"ran {named}: {run.output_bytes:,} bytes{', cut' if run.truncated else ''}{took}"
    if run.end == "interrupted":  # it may have begun, and done what it does
        return f"broke off {named}"
    verb = "ran" if run.duration_s is not None else "did not run"
    return f"{verb} {named}: {one_line(run.note or run.end, 200)}"


def rounds_words(result: Result) -> str:
    """`2 rounds, 1 tool run`; empty for an answer of one call."""
    if not result.rounds:
        return ""
    count, ran = len(result.rounds), sum(run.source is not None for run in result.tool_runs)
    words = f"{count} round{'s' if count > 1 else ''}, {ran} tool run{'' if ran == 1 else 's'}"
    return words if result.rounds_end == "answered" else f"{words}, no answer"
