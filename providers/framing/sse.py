"""Bytes of a response body -> events: server-sent events, or one whole document."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Protocol

from msgspec import Struct, field

MAX_EVENT_BYTES = 32 * 1024 * 1024
MAX_BODY_BYTES = 256 * 1024 * 1024

BLOCK_BYTES = 2**20
LONG_BODY_BYTES = 4 * BLOCK_BYTES
"""A body of more than this is not joined: that would be to hold all of it twice."""

_HELD_BYTES = 33 * BLOCK_BYTES
"""What lies in one piece: the system gets larger ones back as soon as they are let go (glibc: 32 MiB and more)."""


class FramingError(Exception):
    """The body cannot be cut into events: an event or the body is larger than the bound, or a frame is broken."""


class Event(Struct, frozen=True, gc=False):
    """One server-sent event, or (`name` is `stray`) text between events that belongs to none, or (`body`) a document.

    Gemini ends a broken stream with bare JSON that no `data:` precedes; that text arrives as `stray`. `whole` is False
    for what the end of the body may have cut short.
    """

    name: str
    data: bytes
    whole: bool = True


class Framer(Protocol):
    """Cuts a body that arrives in arbitrary pieces. `close` returns what the end of the body completes.

    A `FramingError` is raised behind the events before it, so that the pieces make no difference. `is_amid` says
    whether a part of an event is held, that of a comment or of blank space not counted.
    """

    @property
    def is_amid(self) -> bool: ...

    def feed(self, chunk: bytes) -> Iterable[Event]: ...

    def close(self) -> Iterable[Event]: ...


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

    @property
    def is_amid(self) -> bool:
        return bool(self._pending) and not self._pending[0].startswith(b":")

    def feed(self, chunk: bytes) -> Iterable[Event]:
        events: list[Event] = []
        try:
            self._cut(chunk, events)
        except FramingError as error:
            return _then_raise(events, error)
        return events

    def _cut(self, chunk: bytes, events: list[Event]) -> None:
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if not chunk:
            return
        self._after_cr = chunk.endswith(b"\r")
        if b"\r" in chunk:
            lines = chunk.splitlines()  # bytes.splitlines knows CR, LF and CRLF only, as the specification does
            rest = b"" if chunk.endswith((b"\n", b"\r")) else lines.pop()
        elif b"\n" in chunk:
            *lines, rest = chunk.split(b"\n")
        else:
            self._hold(chunk)
            return
        is_large = self._pending_size + len(chunk) > self._max_event_bytes
        if self._pending:
            lines[0] = b"".join(self._pending) + lines[0]
            self._pending.clear()
            self._pending_size = 0
        is_within = self._name or self._data or self._stray
        for line in lines if is_large or is_within else lines[_take_regular(lines, events) :]:
            if line:
                self._line(line)
            elif self._data or self._stray:
                events += self._dispatch()
            else:
                self._name = ""
        if rest:
            self._hold(rest)

    def close(self) -> list[Event]:
        if self._pending:
            self._line(b"".join(self._pending))
            self._pending.clear()
        return self._dispatch(whole=False)

    def _hold(self, piece: bytes) -> None:
        self._pending.append(piece)
        self._pending_size += len(piece)
        self._check(self._pending_size + self._event_size)

    def _line(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        if field == b"data":
            self._keep(self._data, value.removeprefix(b" "))
        elif field == b"event":
            self._name = value.strip().decode("utf-8", "replace")
        elif field not in (b"", b"id", b"retry"):
            self._keep(self._stray, line)

    def _keep(self, lines: list[bytes], line: bytes) -> None:
        lines.append(line)
        self._event_size += len(line) + 1
        if self._event_size > self._max_event_bytes:
            self._check(self._event_size)

    def _dispatch(self, *, whole: bool = True) -> list[Event]:
        stray, data, name = self._stray, self._data, self._name
        self._name, self._event_size = "", 0
        found: list[Event] = []
        if stray:
            found.append(Event("stray", b"\n".join(stray), whole))
            self._stray = []
        if data:
            found.append(Event(name, data[0] if len(data) == 1 else b"\n".join(data), whole))
            self._data = []
        return found

    def _check(self, size: int) -> None:
        if size > self._max_event_bytes:
            raise FramingError(f"one event of the stream is larger than {self._max_event_bytes // 2**20} MiB")


def _take_regular(lines: list[bytes], events: list[Event]) -> int:
    """Add the events that `lines` begin with, as long as they are written as they usually are: a line of data, or a
    name and such a line. How many lines these are.
    """
    before = len(events)
    if lines[0].startswith(b"event: "):
        for name, line, blank in zip(lines[::3], lines[1::3], lines[2::3], strict=False):
            if blank or not (line[:6] == b"data: " and name[:7] == b"event: "):
                break
            events.append(Event(name[7:].strip().decode("utf-8", "replace"), line[6:]))
        return 3 * (len(events) - before)
    for line, blank in zip(lines[::2], lines[1::2], strict=False):
        if blank or line[:6] != b"data: ":
            break
        events.append(Event("", line[6:]))
    return 2 * (len(events) - before)


def _then_raise(events: list[Event], error: FramingError) -> Iterator[Event]:
    yield from events
    raise error


class LongBody(Event, frozen=True):
    """A long document. `data` is its beginning only."""

    held: deque[bytearray] = field(default_factory=deque[bytearray])

    def taken(self) -> Iterator[bytes]:
        """Its blocks, once: what is taken is held no more."""
        while self.held:
            piece = self.held.popleft()
            for at in range(0, len(piece), BLOCK_BYTES):
                yield bytes(piece[at : at + BLOCK_BYTES])


class BodyFramer:
    """A body that is one document: delivered whole at its end, as a `body` event."""

    def __init__(self, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._max_body_bytes = max_body_bytes
        self._held: deque[bytearray] = deque()
        self._last = bytearray()
        self._size = 0

    @property
    def is_amid(self) -> bool:
        return self._size > 0

    def feed(self, chunk: bytes) -> tuple[Event, ...]:
        self._size += len(chunk)
        if self._size > self._max_body_bytes:
            raise FramingError(f"the body is larger than {self._max_body_bytes // 2**20} MiB")
        self._last += chunk
        if len(self._last) >= _HELD_BYTES:
            self._held.append(self._last)
            self._last = bytearray()
        return ()

    def close(self) -> tuple[Event, ...]:
        last, self._last = self._last, bytearray()
        if self._size <= LONG_BODY_BYTES:
            return (Event("body", bytes(last)),)
        self._held.append(last)
        return (LongBody("body", bytes(self._held[0][:BLOCK_BYTES]), held=self._held),)
