"""One line of a batch's output: a result, and what a batch adds to it."""

from __future__ import annotations

import json
from typing import Any

from ...providers.schema import Result
from ..documents import result_document
from .rows import Row
from .sink import Work


def output_document(
    result: Result, row: Row, work: Work, batch_id: str, passed: bool | None, note: str | None
) -> dict[str, Any]:
    """`thinkdial.result/1`, with what a batch adds: the row it answers, its extra fields, and how it was judged."""
    return {
        **result_document(result),
        "row_id": row.id,
        "row": dict(row.extra),
        "passed": passed,
        "expect_note": note,
        "work": work.token,
        "batch": batch_id,
    }


def json_line(document: dict[str, Any]) -> bytes:
    """One line of JSON, with its line break."""
    try:
        return _ENCODER.encode(document).encode() + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair is no text, and yet JSON
        return json.dumps(document, separators=(",", ":")).encode() + b"\n"


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
