"""Content type and first bytes -> the framer that cuts such a body."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from .sse import BodyFramer, Event, Framer, SseFramer

EVENT_STREAM = "application/vnd.amazon.eventstream"
NDJSON = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SSE_STARTS = (b"data:", b"event:", b"id:", b"retry:", b":")
_ENOUGH = max(map(len, _SSE_STARTS))


def framer_for(content_type: str) -> Framer:
    """The framer for a body labelled `content_type`; between streams of text and documents the first bytes decide."""
    label = _label_of(content_type)
    if label == EVENT_STREAM:
        from .eventstream import EventStreamFramer

        return EventStreamFramer()
    return SniffingFramer(content_type, is_lines=label in NDJSON)


@lru_cache(maxsize=64)
def _label_of(content_type: str) -> str:
    """The kind of a body alone, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


class SniffingFramer:
    """Chooses by the first bytes when they contradict the content type, which proxies and faulty servers get wrong.
    `is_lines`: by its label it is newline-delimited JSON.

    White space before them, which hosts send to keep the connection alive while a model is queued, is dropped.
    """

    def __init__(self, content_type: str, *, is_lines: bool = False) -> None:
        self._is_lines = is_lines
        self._labelled_stream = _label_of(content_type) == "text/event-stream"
        self._head = b""
        self._framer: Framer | None = None

    @property
    def is_amid(self) -> bool:
        return bool(self._head) and not self._head.startswith(b":") if self._framer is None else self._framer.is_amid

    def feed(self, chunk: bytes) -> Iterable[Event]:
        if self._framer is None:
            self._head = (self._head + chunk).removeprefix(_BYTE_ORDER_MARK).lstrip()
            if len(self._head) < _ENOUGH:
                return ()
            chunk, self._framer = self._head, self._choose(self._head)
        return self._framer.feed(chunk)

    def close(self) -> Iterable[Event]:
        if self._framer is not None:
            return self._framer.close()
        self._framer = self._choose(self._head)
        return (*self._framer.feed(self._head), *self._framer.close())

    def _choose(self, start: bytes) -> Framer:
        if start.startswith(_SSE_STARTS):
            return SseFramer()
        if self._is_lines:
            from .ndjson import NdjsonFramer

            return NdjsonFramer()
        if start.startswith((b"{", b"[", b"<")) or not self._labelled_stream:
            return BodyFramer()
        return SseFramer()
