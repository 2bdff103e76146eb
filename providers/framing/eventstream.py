"""AWS event streams: binary frames, each with two checksums.

Source: https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from zlib import crc32

from .sse import Event, FramingError

MAX_FRAME_BYTES = 24 * 1024 * 1024 + 128 * 1024 + 16
EXCEPTION = "exception:"
"""What the name of an event begins with when the frame is an exception or an error."""

_PRELUDE = struct.Struct(">III")
_LEAST = 16
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header value by its type; 6 and 7 (bytes and text) carry their own length."""


class EventStreamFramer:
    """Cuts a body into frames. An event is named by its `:event-type`; exceptions are named `exception:TYPE`.

    Raises `FramingError` for a wrong checksum, an impossible length, or an end in the middle of a frame.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def is_amid(self) -> bool:
        return bool(self._buffer)

    def feed(self, chunk: bytes) -> Iterator[Event]:
        self._buffer += chunk
        at = 0
        try:
            while len(self._buffer) - at >= _PRELUDE.size:
                total, headers_length, prelude_crc = _PRELUDE.unpack_from(self._buffer, at)
                if crc32(self._buffer[at : at + 8]) != prelude_crc:
                    raise FramingError("a frame of the event stream has a wrong checksum")
                if not _LEAST <= total <= MAX_FRAME_BYTES or headers_length > total - _LEAST:
                    raise FramingError("a frame of the event stream has an impossible length")
                if len(self._buffer) - at < total:
                    break
                yield _event(bytes(self._buffer[at : at + total]), headers_length)
                at += total
        finally:
            del self._buffer[:at]

    def close(self) -> Iterator[Event]:
        if self._buffer:
            raise FramingError("the event stream ends in the middle of a frame")
        yield from ()


def _event(frame: bytes, headers_length: int) -> Event:
    if crc32(frame[:-4]) != int.from_bytes(frame[-4:]):
        raise FramingError("a frame of the event stream has a wrong checksum")
    headers = _headers(frame[_PRELUDE.size : _PRELUDE.size + headers_length])
    payload = frame[_PRELUDE.size + headers_length : -4]
    if headers.get(":message-type", "event") == "event":
        return Event(headers.get(":event-type", ""), payload)
    kind = headers.get(":exception-type") or headers.get(":error-code") or "error"
    return Event(f"{EXCEPTION}{kind}", payload or headers.get(":error-message", "").encode())


def _headers(data: bytes) -> dict[str, str]:
    """The headers whose value is text; the others are stepped over."""
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            end = at + 1 + data[at]
            name, kind, at = data[at + 1 : end].decode("utf-8", "replace"), data[end], end + 1
            if kind in (6, 7):
                length = int.from_bytes(data[at : at + 2])
                value, at = data[at + 2 : at + 2 + length], at + 2 + length
                if kind == 7:
                    found[name] = value.decode("utf-8", "replace")
            else:
                at += _SIZES[kind]
        if at > len(data):
            raise IndexError
    except (IndexError, KeyError):
        raise FramingError("a frame of the event stream has headers that cannot be read") from None
    return found
