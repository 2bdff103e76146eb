"""Newline-delimited JSON: each line is one event."""

from __future__ import annotations

from collections.abc import Iterator

from .sse import MAX_EVENT_BYTES, Event, FramingError


class NdjsonFramer:
    """Cuts a body into lines. A last line without its newline is delivered all the same, as not `whole`."""

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._pending: list[bytes] = []
        self._size = 0

    @property
    def is_amid(self) -> bool:
        return any(not piece.isspace() for piece in self._pending)

    def feed(self, chunk: bytes) -> Iterator[Event]:
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._pending.append(line)
            whole = b"".join(self._pending).strip()
            self._pending, self._size = [], 0
            if whole:
                yield Event("line", whole)
        if rest:
            self._pending.append(rest)
            self._size += len(rest)
            if self._size > self._max_event_bytes:
                raise FramingError(f"one line of the stream is larger than {self._max_event_bytes // 2**20} MiB")

    def close(self) -> Iterator[Event]:
        rest = b"".join(self._pending).strip()
        self._pending, self._size = [], 0
        if rest:
            yield Event("line", rest, whole=False)
