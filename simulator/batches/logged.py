"""What a log is told of batches and their rows."""

from __future__ import annotations

import json
from typing import Any, Protocol

from msgspec import Struct

from ..answers.thinking import digest
from .database import SimulatedBatch, SimulatedRow


class LoggedBatch(Struct, frozen=True):
    """One batch that was created; `request` is the number of the request that did it."""

    id: str
    vendor: str
    request: int
    rows: int


class LoggedRow(Struct, frozen=True):
    """What became of one row of a batch.

    `digest` depends on the endpoint and the body only, so the same work submitted twice has it twice. `executed` says
    that the model ran, or refused; without it the row expired, was canceled, or belonged to a batch that failed.
    """

    batch: str
    vendor: str
    custom_id: str
    digest: str
    outcome: str
    executed: bool


class BatchLog(Protocol):
    """Whoever wants to know."""

    def add_batch(self, batch: LoggedBatch) -> None:
        """A batch was created."""
        ...

    def add_rows(self, rows: list[LoggedRow]) -> None:
        """Rows are decided."""
        ...


def row_digest(endpoint: str, body: Any) -> str:
    """What identifies a row's work: where it goes and what it asks, whatever its custom id and its batch."""
    return digest(endpoint, json.dumps(body, sort_keys=True))


def logged_row(batch: SimulatedBatch, row: SimulatedRow) -> LoggedRow:
    """What the log is told of a row that is decided."""
    name = row_digest(row.submitted.endpoint, row.submitted.body)
    executed = row.status > 0
    return LoggedRow(batch.id, batch.vendor, row.submitted.custom_id, name, row.outcome, executed)
