"""Content type -> the framer that cuts such a body."""

from __future__ import annotations

from .eventstream import CONTENT_TYPE as EVENT_STREAM
from .eventstream import EventStreamFramer
from .ndjson import CONTENT_TYPES as NDJSON
from .ndjson import NdjsonFramer
from .sse import Framer, SniffingFramer


def framer_for(content_type: str) -> Framer:
    """The framer for a body labelled `content_type`; between streams and documents the first bytes decide."""
    label = content_type.partition(";")[0].strip().lower()
    if label == EVENT_STREAM:
        return EventStreamFramer()
    if label in NDJSON:
        return NdjsonFramer()
    return SniffingFramer(content_type)
