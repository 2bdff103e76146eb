"""What the history has of the think values of one model on one host: checks that failed, and costs."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from ...checks.escalation import LevelRecord, bill_of
from ...results.restored import result_from
from ..blobs import unpacked
from ..store import Store, reading

NEWEST = 200
"""Answers of a level that are looked at."""


def level_records(
    store: Store, host: str, model: str, thinks: Sequence[str], *, simulated: bool = False
) -> tuple[LevelRecord, ...]:
    """A record for each of `thinks`, of the newest whole answers; real and simulated ones never together."""
    return tuple(_record(store, host, model, think, simulated) for think in thinks)


def _record(store: Store, host: str, model: str, think: str, simulated: bool) -> LevelRecord:
    judged = failed = 0
    costs: list[Decimal] = []
    with reading(store) as connection:
        found = connection.execute(
            "SELECT results.document FROM results JOIN runs ON runs.number = results.run"
            " WHERE host = ? AND model = ? AND think = ? AND status = 'ok' AND results.simulated = ?"
            " AND runs.command != 'judge' AND results.document IS NOT NULL ORDER BY results.number DESC LIMIT ?",
            (host, model, think, int(simulated), NEWEST),
        )
        for (blob,) in found:
            try:
                result = result_from(unpacked(blob))
            except (ValueError, InvalidOperation, zlib.error):
                continue
            judged += result.passed is not None
            failed += result.passed is False
            if result.passed is not None and (bill := bill_of(result)) is not None:
                costs.append(bill)
            elif result.passed is None and result.cost.usd is not None:
                costs.append(result.cost.usd)
    return LevelRecord(judged, failed, tuple(costs))
