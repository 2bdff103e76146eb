"""Bytes of a response body -> events: server-sent events, or one whole document, whatever its label says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

MAX_EVENT_BYTES = 32 * 1024 * 1024
MAX_BODY_BYTES = 256 * 1024 * 1024

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SSE_STARTS = (b"data:", b"event:", b"id:", b"retry:", b":")


class FramingError(Exception):
    """The body cannot be cut into events: an event or the body is larger than the bound, or it is no text."""


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event, or (`name` is `stray`) text between events that belongs to none, or (`body`) a document.

    Gemini ends a broken stream with bare JSON that no `data:` precedes; that text arrives as `stray`.
    """

    name: str
    data: bytes


class Framer(Protocol):
    """Cuts a body that arrives in arbitrary pieces. `close` returns what the end of the body completes."""

    def feed(self, chunk: bytes) -> Iterator[Event]: ...

    def close(self) -> Iterator[Event]: ...


class SseFramer:
    """Server-sent events by the WHATWG rules: lines end in CR, LF or CRLF only, comments are skipped.

    Two departures, both for what providers really send: an event that the end of the body cuts off before its blank
    line is still delivered, and lines that are no field are collected as one `stray` event.
    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._after_cr = False
        self._name = ""
        self._data: list[bytes] = []
        self._data_size = 0
        self._stray: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[Event]:
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        if not chunk:
            return
        if b"\n" not in chunk and b"\r" not in chunk:
            self._hold(chunk)
            return
        lines = chunk.splitlines()  # bytes.splitlines knows CR, LF and CRLF only, as the specification does
        if self._pending:
            lines[0] = b"".join(self._pending) + lines[0]
            self._pending.clear()
            self._pending_size = 0
        if not chunk.endswith((b"\n", b"\r")):
            self._hold(lines.pop())
        for line in lines:
            if not line:
                yield from self._dispatch()
            else:
                self._field(line)

    def close(self) -> Iterator[Event]:
        if self._pending:
            self._field(b"".join(self._pending))
            self._pending.clear()
        yield from self._dispatch()

    def _hold(self, piece: bytes) -> None:
        self._pending.append(piece)
        self._pending_size += len(piece)
        self._check(self._pending_size + self._data_size)

    def _field(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            value = line[6:] if line[5:6] == b" " else line[5:]
            self._data.append(value)
            self._data_size += len(value)
            self._check(self._data_size)
        elif line.startswith(b":"):
            return
        elif line.startswith(b"event:"):
            self._name = line[6:].strip().decode("utf-8", "replace")
        elif not line.startswith((b"id:", b"retry:")) and line not in (b"data", b"event", b"id", b"retry"):
            self._stray.append(line)
            self._data_size += len(line)
            self._check(self._data_size)

    def _dispatch(self) -> Iterator[Event]:
        if self._stray:
            stray = b"\n".join(self._stray)
            self._stray.clear()
            yield Event("stray", stray)
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            self._data.clear()
            yield Event(self._name, data)
        self._name = ""
        self._data_size = 0

    def _check(self, size: int) -> None:
        if size > self._max_event_bytes:
            raise FramingError(f"one event of the stream is larger than {self._max_event_bytes // 2**20} MiB")


class BodyFramer:
    """A body that is one document: delivered whole at its end, as a `body` event."""

    def __init__(self, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._max_body_bytes = max_body_bytes
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        self._size += len(chunk)
        if self._size > self._max_body_bytes:
            raise FramingError(f"the body is larger than {self._max_body_bytes // 2**20} MiB")
        self._pieces.append(chunk)
        yield from ()

    def close(self) -> Iterator[Event]:
        yield Event("body", b"".join(self._pieces))


class SniffingFramer:
    """Chooses by the first bytes when they contradict the content type, which proxies and faulty servers get wrong."""

    def __init__(self, content_type: str) -> None:
        self._labelled_stream = content_type.partition(";")[0].strip().lower() == "text/event-stream"
        self._head = b""
        self._framer: Framer | None = None

    def feed(self, chunk: bytes) -> Iterator[Event]:
        if self._framer is None:
            self._head += chunk
            start = self._head.removeprefix(_BYTE_ORDER_MARK).lstrip()
            if len(start) < 6:
                return
            chunk, self._framer = self._head.removeprefix(_BYTE_ORDER_MARK), self._choose(start)
        yield from self._framer.feed(chunk)

    def close(self) -> Iterator[Event]:
        if self._framer is None:
            self._framer = self._choose(self._head.lstrip())
            yield from self._framer.feed(self._head)
        yield from self._framer.close()

    def _choose(self, start: bytes) -> Framer:
        if start.startswith(_SSE_STARTS):
            return SseFramer()
        if start.startswith((b"{", b"[", b"<")) or not self._labelled_stream:
            return BodyFramer()
        return SseFramer()
