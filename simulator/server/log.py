"""The request log: what arrived, without credentials, and what became of it."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from ..batches.logged import LoggedBatch, LoggedRow

CREDENTIAL_HEADERS = frozenset(
    {"authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie", "proxy-authorization"}
)
KEPT_REQUESTS = 10_000


class LoggedRequest(Struct, frozen=True):
    """One request as the simulator saw it.

    Credentials in `headers` and `query` are replaced by `<N characters>`. `body` is decoded JSON, or None. `status` is
    None until a status line was sent; `completed` says that the reply was written to its end.
    """

    number: int
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: object
    faults: tuple[str, ...] = ()
    status: int | None = None
    completed: bool = False


def without_credentials(headers: dict[str, str]) -> dict[str, str]:
    """The headers, each credential replaced by its length."""
    return {name: hidden(value) if name in CREDENTIAL_HEADERS else value for name, value in headers.items()}


def hidden(secret: str) -> str:
    """What the log keeps of a credential."""
    return f"<{len(secret)} characters>"


class RequestLog:
    """What happened, in memory and as JSON lines in a file.

    The latest requests in order of arrival, each written as it ends; all batches and rows, written as they happen, in
    lines that begin with `event`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._batches: list[LoggedBatch] = []
        self._rows: list[LoggedRow] = []
        self._requests: OrderedDict[int, LoggedRequest] = OrderedDict()

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        return tuple(self._requests.values())

    @property
    def batches(self) -> tuple[LoggedBatch, ...]:
        return tuple(self._batches)

    @property
    def rows(self) -> tuple[LoggedRow, ...]:
        return tuple(self._rows)

    def add_batch(self, batch: LoggedBatch) -> None:
        """Keep a batch that was created."""
        self._batches.append(batch)
        self._write([{"event": "batch"} | asdict(batch)])

    def add_rows(self, rows: list[LoggedRow]) -> None:
        """Keep what became of rows."""
        self._rows += rows
        self._write({"event": "row"} | asdict(row) for row in rows)

    def add(self, request: LoggedRequest) -> None:
        """Keep a request that has just arrived, and forget the oldest beyond the limit."""
        self._requests[request.number] = request
        if len(self._requests) > KEPT_REQUESTS:
            self._requests.popitem(last=False)

    def update(self, number: int, *, faults: tuple[str, ...], status: int | None, completed: bool) -> None:
        """Note what a request was answered with."""
        if number in self._requests:
            self._requests[number] = replace(self._requests[number], faults=faults, status=status, completed=completed)

    def close(self, number: int) -> None:
        """Write a request that has ended to the file, if there is one."""
        if number in self._requests:
            self._write([asdict(self._requests[number])])

    def _write(self, entries: Iterable[dict[str, Any]]) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as lines:
                lines.writelines(json.dumps(entry, ensure_ascii=True) + "\n" for entry in entries)
