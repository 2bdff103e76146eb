"""The CSV form of a batch's output: lines, and what is read back of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ....providers.json_values import parse_json
from ....providers.untrusted import csv_cell
from ...exchange.call_facts import NEVER_SENT
from ...results.assembly import SIMULATED
from ...results.csv_columns import (
    BATCH_COLUMNS,
    EARLIER_BATCH_COLUMNS,
    OF_A_RESULT,
    calls_in,
    calls_of,
    cells_in,
    cells_of,
    value_in,
)
from ...results.documents import plain
from ...results.result import Result
from ..rows.rows import Row
from .document import line_document
from .records import line_of_quoted, quoted
from .works import Work

HEADS = (BATCH_COLUMNS, *EARLIER_BATCH_COLUMNS)
"""What a file may begin with; a new one begins with the first."""

_JSON = ("checks", "escalation")
"""Columns whose cells are JSON, empty where there is nothing."""

_RECURRING = frozenset((
    "profile", "provider", "model", "model_reported", "status", "think", "think_requested", "fidelity", "verdict",
    "visibility", "tokens_source", "cost_source", "finish", "batch", "created_at",
))  # fmt: skip
"""Columns whose cells are the same in many lines."""

_OWN = tuple(name for name in BATCH_COLUMNS if name not in OF_A_RESULT)


def csv_line(document: Mapping[str, Any], columns: Sequence[str] = BATCH_COLUMNS) -> bytes:
    """One line of CSV for one line of output; a cell that a spreadsheet would run starts with an apostrophe.

    `columns` are those that its file begins with: one of `HEADS`.
    """
    return _line(plain_cells(document), columns)


def csv_result_line(columns: Sequence[str], result: Result, row: Row, work: Work, batch_id: str) -> bytes:
    """`csv_line` of the document of a result, which need not be made for it."""
    cells = cells_of(result)
    cells["think"] = cells["think_requested"]
    cells |= line_document(row, work, batch_id)
    cells |= {
        "id": result.id,
        "created_at": result.created_at,
        "attempts": result.attempts,
        "reasoning_tokens": result.usage.reasoning_tokens,
        "tool_calls": calls_of(result),
        "warnings": "; ".join(warning.message for warning in result.warnings),
        "row": _json_cell(cells["row"]),
        **{name: _json_cell(plain(value)) if (value := getattr(result, name)) else None for name in _JSON},
    }
    return _line(cells, columns)


def _line(cells: Mapping[str, Any], columns: Sequence[str]) -> bytes:
    return line_of_quoted(
        "" if (value := cells[name]) is None else _recurring(value) if name in _RECURRING else _written(value)
        for name in columns
    )


def _written(value: Any) -> str:
    return quoted(_cell(value))


_recurring = lru_cache(maxsize=1024, typed=True)(_written)


def plain_cells(document: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a line of output by column, as they are: nothing is escaped."""
    known = cells_in(document)
    return {
        **known,
        "think": known["think_requested"],
        **{name: document.get(name) for name in _OWN},
        "reasoning_tokens": value_in(document, "usage", "reasoning_tokens"),
        "tool_calls": calls_in(document),
        "warnings": "; ".join(warning["message"] for warning in document.get("warnings") or ()),
        "row": _json_cell(document.get("row") or {}),
        **{name: _json_cell(document[name]) if document.get(name) else None for name in _JSON},
    }


def _json_cell(value: Any) -> str:
    return _ENCODER.encode(value) if value else "{}"


def read_cells(cells: Mapping[str, str]) -> Mapping[str, Any]:
    """What a summary needs to know of a line, back from its cells."""

    def number(name: str) -> float | int | None:
        value = cells.get(name) or ""
        try:
            return int(value) if value.isdecimal() else float(value)
        except ValueError:
            return None

    passed, kind, status = cells.get("passed"), cells.get("error_kind"), number("error_status")
    if kind == "server" and status is None:
        status = 500  # no cell tells the status, and hardly a server's error comes without one
    said = cells.get("warnings") or ""
    return {
        "profile": cells.get("profile"),
        "row_id": cells.get("row_id"),
        "work": cells.get("work"),
        "model": cells.get("model"),
        "status": cells.get("status"),
        "think": {
            "requested": cells.get("think_requested", cells.get("think")),
            "fidelity": cells.get("fidelity") or None,
            "verdict": cells.get("verdict"),
        },
        "repeat": number("repeat"),
        "finish": cells.get("finish"),
        "usage": {name: number(name) for name in ("input_tokens", "output_tokens", "reasoning_tokens")},
        "cost": {"usd": cells.get("cost_usd") or None},
        "latency": {"total_s": number("total_s")},
        "attempts": number("attempts"),
        "error": {"kind": kind, "status": status} if kind else None,
        "answer": cells.get("answer"),
        "reasoning": {"text": cells.get("reasoning")},
        "warnings": [{"code": NEVER_SENT.code}] if NEVER_SENT.message in said else [],
        "simulated": SIMULATED.message in said,
        "passed": None if not passed else passed == "true",
        **{name: _parsed(cells.get(name) or "null") for name in _JSON},
    }


def _parsed(cell: str) -> Any:
    """What a cell of JSON holds; None where somebody has made something else of it."""
    try:
        return parse_json(cell)
    except ValueError:
        return None


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return csv_cell(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(plain(value))
    return csv_cell(str(plain(value)))


_ENCODER = json.JSONEncoder(ensure_ascii=False)
