"""Lines of output as a batch writes them, without a batch."""

from __future__ import annotations

from typing import Any

from thinkdial.engine.batch.output.csv_lines import HEADS, csv_line, read_cells
from thinkdial.engine.batch.output.document import json_line
from thinkdial.engine.batch.output.works import Work
from thinkdial.engine.batch.rows.digests import digest_of

BATCH = "0123456789abcdef"


def work(name: str, *, content: str = "", think: str = "auto") -> Work:
    return Work(name, "p", think, digest_of(name, content))


def document(one: Work, answer: str = "an answer", kind: str | None = None, batch: str = BATCH) -> dict[str, Any]:
    return {
        "schema": "thinkdial.result/1",
        "id": "0" * 32,
        "created_at": "2026-11-21T09:00:00Z",
        "profile": one.profile,
        "model": "m",
        "status": "ok" if kind is None else "error",
        "think": {"requested": one.think, "verdict": "as_asked"},
        "answer": answer,
        "usage": {"input_tokens": 1, "output_tokens": 2, "reasoning_tokens": None},
        "cost": {"usd": "0.1"},
        "latency": {"total_s": 5e-05},
        "attempts": 1,
        "error": None if kind is None else {"kind": kind, "message": "no"},
        "row_id": one.row_id,
        "row": {"tag": "ü\n"},
        "passed": None,
        "expect_note": None,
        "work": one.token,
        "batch": batch,
    }


def line(form: str, one: Work, answer: str = "an answer", kind: str | None = None, batch: str = BATCH) -> bytes:
    return (csv_line if form == "csv" else json_line)(document(one, answer, kind, batch))


__all__ = ["BATCH", "HEADS", "document", "line", "read_cells", "work"]
