"""Content type -> the framer that cuts such a body."""

from __future__ import annotations

from .sse import Framer, SniffingFramer

EVENT_STREAM = "application/vnd.amazon.eventstream"
NDJSON = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")


def framer_for(content_type: str) -> Framer:
    """The framer for a body labelled `content_type`; between streams and documents the first bytes decide."""
    label = content_type.partition(";")[0].strip().lower()
    if label == EVENT_STREAM:
        from .eventstream import EventStreamFramer

        return EventStreamFramer()
    if label in NDJSON:
        from .ndjson import NdjsonFramer

        return NdjsonFramer()
    return SniffingFramer(content_type)
