"""What becomes of an outcome: status, error and finish in the normalized result."""

from __future__ import annotations

import json
from typing import Any


def test_an_answer_that_ends_with_an_error_is_not_whole(exchange: Any, wire: Any) -> None:
    """Some hosts end with `finish_reason: error` and no error object."""
    choice = {"index": 0, "message": {"content": "Half of"}, "finish_reason": "error"}
    ran = exchange(wire.http(json.dumps({"model": "m", "choices": [choice]})))
    assert ran.result.status == "partial"
    assert ran.result.answer == "Half of"
    assert ran.result.finish == "error"
    assert ran.result.error is not None
    assert ran.result.error.kind == "server"
