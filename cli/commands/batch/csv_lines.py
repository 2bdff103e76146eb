"""The CSV form of a batch's output: the columns of every CSV of ours, and those of a batch."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from io import StringIO
from typing import Any

from ....engine.exchange.outcome import NEVER_SENT
from ...views.untrusted import csv_cell

COLUMNS = (
    "row_id", "profile", "think", "status", "provider", "model", "model_reported", "fidelity", "verdict",
    "passed", "expect_note", "answer", "reasoning", "visibility",
    "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "tokens_source",
    "cost_usd", "cost_source", "first_answer_s", "total_s", "finish", "attempts", "error_kind", "error_message",
    "warnings", "row", "work", "batch", "id", "created_at",
)  # fmt: skip


def csv_line(document: Mapping[str, Any]) -> bytes:
    """One line of CSV for one line of output; a cell that a spreadsheet would run starts with an apostrophe."""
    inner: dict[str, Mapping[str, Any]] = {
        name: document.get(name) or {} for name in ("think", "reasoning", "usage", "cost", "latency", "error")
    }
    cells = {
        **{name: document.get(name) for name in COLUMNS},
        "think": inner["think"].get("requested"),
        "fidelity": inner["think"].get("fidelity"),
        "verdict": inner["think"].get("verdict"),
        "reasoning": inner["reasoning"].get("text"),
        "visibility": inner["reasoning"].get("visibility"),
        "tokens_source": inner["reasoning"].get("tokens_source"),
        **{name: inner["usage"].get(name) for name in COLUMNS if name.endswith("_tokens")},
        "cost_usd": inner["cost"].get("usd"),
        "cost_source": inner["cost"].get("source"),
        "first_answer_s": inner["latency"].get("first_answer_s"),
        "total_s": inner["latency"].get("total_s"),
        "error_kind": inner["error"].get("kind"),
        "error_message": inner["error"].get("message"),
        "warnings": "; ".join(warning["message"] for warning in document.get("warnings") or ()),
        "row": json.dumps(document.get("row") or {}, ensure_ascii=False),
    }
    return written([_cell(cells[name]) for name in COLUMNS])


def written(cells: list[str]) -> bytes:
    """A line of CSV."""
    made = StringIO()
    csv.writer(made, lineterminator="\n").writerow(cells)
    return made.getvalue().encode("utf-8", "replace")


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
        "model": cells.get("model"),
        "status": cells.get("status"),
        "think": {"requested": cells.get("think"), "verdict": cells.get("verdict")},
        "finish": cells.get("finish"),
        "usage": {name: number(name) for name in ("input_tokens", "output_tokens", "reasoning_tokens")},
        "cost": {"usd": cells.get("cost_usd") or None},
        "latency": {"total_s": number("total_s")},
        "attempts": number("attempts"),
        "error": {"kind": kind, "status": status} if kind else None,
        "answer": cells.get("answer"),
        "reasoning": {"text": cells.get("reasoning")},
        "warnings": [{"code": NEVER_SENT.code}] if NEVER_SENT.message in said else [],
        "passed": None if not passed else passed == "true",
    }


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return csv_cell(str(value))
