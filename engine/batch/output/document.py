"""One line of a batch's output: a result, and what a batch adds to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, cast

import orjson
from msgspec import to_builtins

from ...results.documents import RESULT_SCHEMA, dollars_text, result_document
from ...results.result import Result
from ..rows.rows import Row
from .works import Work

Encode = Callable[[Result, Row, Work, str], bytes]
"""What makes a line of a result: `output_line`, or another form of the same."""


def output_document(result: Result, row: Row, work: Work, batch_id: str) -> dict[str, Any]:
    """`thinkdial.result/1`, with what a batch adds: the row it answers, and its extra fields."""
    return {**result_document(result), **line_document(row, work, batch_id)}


def output_line(result: Result, row: Row, work: Work, batch_id: str) -> bytes:
    """`json_line` of `output_document`, at a third of the CPU for a result with nothing unusual."""
    is_plain = result.error is None and result.turn is None and result.escalation is None
    if is_plain and not (result.continuity or result.refused or result.checks or result.aim):
        try:
            line = {"schema": RESULT_SCHEMA, **to_builtins(result, builtin_types=(Decimal,), enc_hook=_as_json)}
            for name in Result.INTERNAL:
                del line[name]
            line |= line_document(row, work, batch_id)
            return orjson.dumps(line, default=_as_json, option=orjson.OPT_APPEND_NEWLINE)
        except orjson.JSONEncodeError:
            pass  # half a surrogate pair, a number of more than 64 bits, or a very deep row
    return json_line(output_document(result, row, work, batch_id))


def line_document(row: Row, work: Work, batch_id: str) -> dict[str, Any]:
    """What a batch adds to a result."""
    return {
        "row_id": row.id,
        "row": dict(row.extra),
        "work": work.token,
        "batch": batch_id,
    }


def _as_json(value: Any) -> Any:
    """What of a result is no type of JSON."""
    if isinstance(value, Decimal):
        return dollars_text(value)
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    raise TypeError(type(value).__name__)


def json_line(document: dict[str, Any]) -> bytes:
    """One line of JSON, with its line break."""
    try:
        return _ENCODER.encode(document).encode() + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair is no text, and yet JSON
        return json.dumps(document, separators=(",", ":")).encode() + b"\n"


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
