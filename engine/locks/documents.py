"""Checks of locks as JSON documents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from ..results.documents import plain
from .comparison import LockCheck

LOCK_CHECK_SCHEMA = "thinkdial.lock.check/1"

ReadFrom = Literal["calls", "history"]


def check_document(
    found: LockCheck, *, checked_at: str, read_from: ReadFrom, probes: int, usd: Decimal | None, stopped: str | None
) -> dict[str, Any]:
    """`thinkdial.lock.check/1`: what has changed, what was tested, and how often that is a false alarm.

    `probes` were asked for `usd`; `stopped` is why not all of those that were wanted.
    """
    return {
        "schema": LOCK_CHECK_SCHEMA,
        "state": found.state,
        "written_at": found.written_at,
        "checked_at": checked_at,
        "read_from": read_from,
        "probes": probes,
        "stopped": stopped,
        "usd": plain(usd),
        "tests": found.tests,
        "false_alarm_rate": found.false_alarm_rate,
        "correction": "benjamini-hochberg",
        "entries": [plain(entry) for entry in found.entries],
    }
