"""Bytes of a response body -> events: server-sent events, or one whole document, whatever its label says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

MAX_EVENT_BYTES = 32 * 1024 * 1024
MAX_BODY_BYTES = 256 * 1024 * 1024

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SSE_STARTS = (b"data:", b"event:", b"id:", b"retry:", b":")
_ENOUGH = max(map(len, _SSE_STARTS))


class FramingError(Exception):
    """The body cannot be cut into events: an event or the body is larger than the bound, or a frame is broken."""


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event, or (`name` is `stray`) text between events that belongs to none, or (`body`) a document.

    Gemini ends a broken stream with bare JSON that no `data:` precedes; that text arrives as `stray`. `whole` is False
    for what the end of the body may have cut short.
    """

    name: str
    data: bytes
    whole: bool = True


class Framer(Protocol):
    """Cuts a body that arrives in arbitrary pieces. `close` returns what the end of the body completes."""

    def feed(self, chunk: bytes) -> Iterator[Event]: ...

    def close(self) -> Iterator[Event]: ...


class SseFramer:
    """Server-sent events by the WHATWG rules: lines end in CR, LF or CRLF only, comments are skipped.

    Two departures, both for what providers really send: an event that the end of the body cuts off before its blank
    line is still delivered, as not `whole`, and lines that are no field are collected as one `stray` event.
    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._after_cr = False
        self._name = ""
        self._data: list[bytes] = []
        self._stray: list[bytes] = []
        self._event_size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        if not chunk:
            return
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
        rest = b"" if chunk.endswith((b"\n", b"\r")) else lines.pop()
        for line in lines:
            if line:
                self._line(line)
            elif self._data or self._stray:
                yield from self._dispatch()
            else:
                self._name = ""
        if rest:
            self._hold(rest)

    def close(self) -> Iterator[Event]:
        if self._pending:
            self._line(b"".join(self._pending))
            self._pending.clear()
        yield from self._dispatch(whole=False)

    def _hold(self, piece: bytes) -> None:
        self._pending.append(piece)
        self._pending_size += len(piece)
        self._check(self._pending_size + self._event_size)

    def _line(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match field:
            case b"data":
                self._keep(self._data, value)
            case b"event":
                self._name = value.strip().decode("utf-8", "replace")
            case b"" | b"id" | b"retry":
                return
            case _:
                self._keep(self._stray, line)

    def _keep(self, lines: list[bytes], line: bytes) -> None:
        lines.append(line)
        self._event_size += len(line) + 1
        self._check(self._event_size)

    def _dispatch(self, *, whole: bool = True) -> Iterator[Event]:
        stray, data, name = self._stray, self._data, self._name
        self._stray, self._data, self._name, self._event_size = [], [], "", 0
        if stray:
            yield Event("stray", b"\n".join(stray), whole)
        if data:
            yield Event(name, data[0] if len(data) == 1 else b"\n".join(data), whole)

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
    """Chooses by the first bytes when they contradict the content type, which proxies and faulty servers get wrong.

    White space before them, which hosts send to keep the connection alive while a model is queued, is dropped.
    """

    def __init__(self, content_type: str) -> None:
        self._labelled_stream = content_type.partition(";")[0].strip().lower() == "text/event-stream"
        self._head = b""
        self._framer: Framer | None = None

    def feed(self, chunk: bytes) -> Iterator[Event]:
        if self._framer is None:
            self._head = (self._head + chunk).removeprefix(_BYTE_ORDER_MARK).lstrip()
            if len(self._head) < _ENOUGH:
                return
            chunk, self._framer = self._head, self._choose(self._head)
        yield from self._framer.feed(chunk)

    def close(self) -> Iterator[Event]:
        if self._framer is None:
            self._framer = self._choose(self._head)
            yield from self._framer.feed(self._head)
        yield from self._framer.close()

    def _choose(self, start: bytes) -> Framer:
        if start.startswith(_SSE_STARTS):
            return SseFramer()
        if start.startswith((b"{", b"[", b"<")) or not self._labelled_stream:
            return BodyFramer()
        return SseFramer()
