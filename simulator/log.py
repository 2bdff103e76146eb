"""The request log: what arrived, without credentials, and what became of it."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from pathlib import Path

CREDENTIAL_HEADERS = frozenset(
    {"authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie", "proxy-authorization"}
)
KEPT_REQUESTS = 10_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
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
    """The latest requests in memory, in order of arrival, and a JSON line in a file as each one ends."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._requests: OrderedDict[int, LoggedRequest] = OrderedDict()

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        return tuple(self._requests.values())

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
        if self._path is not None and number in self._requests:
            with self._path.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(self._requests[number]), ensure_ascii=True) + "\n")
