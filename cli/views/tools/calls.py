"""What models called, one call a line, and the arguments of several answers side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType

from ....engine.results.result import Result
from ....engine.shapes.words import SchemaProblem
from ....providers.untrusted import one_line
from ..run.dial import labels
from ..shapes.fields import FieldRow, leaves, rows_markdown, rows_of, rows_view

if TYPE_CHECKING:
    from ....engine.tools.words import ToolCall

CALLS_LEGEND = "≠ not the same in all answers; – not called; ✗ not what was declared"
LONGEST_CALL = 300


def call_words(call: ToolCall) -> str:
    """`weather(city="Oslo", days=2)`, or what came where that are no arguments."""
    name = one_line(call.name, 80) or "(no name)"
    if call.arguments is None:
        return f"{name}: {one_line(call.text, LONGEST_CALL)}" if call.text.strip() else name
    said = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in call.arguments.items())
    return one_line(f"{name}({said})", LONGEST_CALL)


def call_lines(result: Result) -> list[tuple[str, str]]:
    """Each call with what is wrong with it, and a style for each line."""
    lines: list[tuple[str, str]] = []
    for call in result.tool_calls:
        lines.append((f"→ {call_words(call)}", "red" if call.errors else "cyan"))
        lines += [(f"  ✗ {one_line(error, LONGEST_CALL)}", "red") for error in call.errors]
    return lines


def callers(results: Sequence[Result]) -> list[Result]:
    """Those whose answers can be held against each other: they could call something, or did."""
    return [one for one in results if one.status == "ok" and (one.tools is not None or one.tool_calls)]


def call_rows(results: Sequence[Result]) -> list[FieldRow]:
    """The calls of at least two answers and their arguments; none where nothing was called."""
    if len(results) < 2 or not any(result.tool_calls for result in results):
        return []
    return rows_of([_values(result) for result in results], [_wrong(result) for result in results])


def calls_view(results: Sequence[Result], width: int) -> RenderableType | None:
    """The calls side by side; None without anything to show."""
    shown = callers(results)
    return rows_view(call_rows(shown), labels(shown), width, "call", CALLS_LEGEND)


def calls_markdown(results: Sequence[Result]) -> str:
    """The same as Markdown; empty without anything to show."""
    shown = callers(results)
    return rows_markdown(call_rows(shown), labels(shown), "call", CALLS_LEGEND)


def _values(result: Result) -> dict[str, str]:
    """Each call by its number, with its name, and each of its arguments."""
    found: dict[str, str] = {}
    for number, call in enumerate(result.tool_calls, 1):
        found[f"{number}"] = one_line(call.name, 80) or "(no name)"
        if call.arguments is None:
            found[f"{number} text"] = one_line(call.text, LONGEST_CALL)
        else:
            found |= {f"{number} {path}": value for path, value in leaves(dict(call.arguments), "") if path}
    return found


def _wrong(result: Result) -> set[str]:
    wrong: set[str] = set()
    for number, call in enumerate(result.tool_calls, 1):
        for error in call.errors:
            place = SchemaProblem.parse(error).place if error.startswith("$") else ""
            wrong |= {f"{number} {place}" if place else f"{number}"}
            if call.arguments is None:
                wrong.add(f"{number} text")
    return wrong
