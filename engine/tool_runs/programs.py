"""A program of the user's as a tool: a call's arguments on its standard input as JSON, its output as the result."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from ...profiles.tools.own_tools import CommandTool
from ..results.tool_use import ToolRunEnd
from .output import ToolOutput
from .process import run_bounded

SAID_BYTES = 2000
"""The end of what a program that failed has said, which the model is told."""


_ENDS: Mapping[str | None, ToolRunEnd] = {"time": "timeout", "size": "too_much"}


async def run_program(tool: CommandTool, arguments: Mapping[str, Any], environment: Mapping[str, str]) -> ToolOutput:
    """What the program says. One line of JSON, an object, is on its standard input; it ends with 0 where all is well.

    Bytes that are no UTF-8 are replaced. What it prints beyond the bound of its definition is cut, and far beyond it is
    ended.
    """
    given = json.dumps(arguments, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
    began = time.monotonic()
    ended = await run_bounded(
        tool.argv, given, {**environment, **tool.env}, tool.timeout_s,
        head_bytes=tool.most_output, tail_bytes=SAID_BYTES,
    )  # fmt: skip
    took = round(time.monotonic() - began, 6)
    if ended.code is None:
        end = _ENDS.get(ended.cause, "failed")
        return ToolOutput(f"error: {ended.problem}", end, duration_s=took, source="command", note=ended.problem)
    if ended.code != 0:
        said = ended.tail.decode("utf-8", "replace").strip()
        words = ended.problem or f"{tool.name} ended with {ended.code}"
        text = f"error: {words}\n{said}" if said else f"error: {words}"
        return ToolOutput(text, "failed", duration_s=took, exit=ended.code, source="command", note=words)
    text = ended.head.decode("utf-8", "replace")
    is_cut = ended.size > len(ended.head)
    if is_cut:
        text += f"\n[cut here: {ended.size:,} bytes in all, the first {len(ended.head):,} are shown]"
    return ToolOutput(text, truncated=is_cut, duration_s=took, exit=0, source="command")
