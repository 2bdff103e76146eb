"""Messages of an AWS event stream: lengths, a checksum, headers, a payload, a checksum.

Source: https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import base64
import struct
import zlib

from ...calls.fields import JsonObject, encode

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7
_OVERHEAD = 16
_PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def chunk(event: bytes) -> bytes:
    """One event of the model's own stream as a frame, with padding whose length hides the text's."""
    padding = _PADDING[: 4 + len(event) % 50]
    payload: JsonObject = {"bytes": base64.b64encode(event).decode(), "p": padding}
    return message({":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}, payload)


def exception(kind: str, text: str) -> bytes:
    """The frame that ends a stream with an error."""
    names = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return message(names, {"message": text})


def message(headers: dict[str, str], payload: JsonObject) -> bytes:
    """The bytes of one frame."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    body = encode(payload)
    lengths = struct.pack("!II", _OVERHEAD + len(head) + len(body), len(head))
    begun = lengths + struct.pack("!I", zlib.crc32(lengths)) + head + body
    return begun + struct.pack("!I", zlib.crc32(begun))


def _header(name: str, value: str) -> bytes:
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(value)) + value.encode()
