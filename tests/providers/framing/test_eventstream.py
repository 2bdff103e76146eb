"""Binary frames of AWS: cut anywhere, broken in every way."""

from __future__ import annotations

import struct
from zlib import crc32

import pytest

from thinkdial.providers.framing.eventstream import MAX_FRAME_BYTES, EventStreamFramer
from thinkdial.providers.framing.sse import Event, FramingError

from ...cases import each


def text_header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value.encode())) + value.encode()


def framed(headers: bytes, payload: bytes, headers_length: int | None = None) -> bytes:
    length = len(headers) if headers_length is None else headers_length
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), length)
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return message + struct.pack(">I", crc32(message))


def event(name: str, payload: bytes = b"{}") -> bytes:
    return framed(text_header(":message-type", "event") + text_header(":event-type", name), payload)


OTHER_TYPES = b"".join(
    bytes([1]) + b"h" + bytes([kind]) + value
    for kind, value in (
        (0, b""), (1, b""), (2, b"\x01"), (3, b"\x00\x01"), (4, b"\x00" * 4), (5, b"\x00" * 8),
        (6, b"\x00\x03abc"), (8, b"\x00" * 8), (9, b"\x00" * 16),
    )
)  # fmt: skip
BODY = event("a", b'{"n":1}') + framed(OTHER_TYPES + text_header(":event-type", "b"), "ü".encode()) + event("c", b"")
EVENTS = [Event("a", b'{"n":1}'), Event("b", "ü".encode()), Event("c", b"")]


def read(body: bytes, size: int | None = None) -> list[Event]:
    framer, found = EventStreamFramer(), []
    for at in range(0, len(body), size or max(1, len(body))):
        found += framer.feed(body[at : at + (size or len(body))])
    return [*found, *framer.close()]


@each("size", range(1, len(BODY) + 1))
def test_every_chunk_size_gives_the_same_events(size: int) -> None:
    assert read(BODY, size) == EVENTS


def test_frames_before_a_cut_arrive_and_the_cut_is_told() -> None:
    ends = [len(event("a", b'{"n":1}'))]
    ends += [len(BODY) - len(event("c", b"")), len(BODY)]
    for length in range(len(BODY) + 1):
        framer = EventStreamFramer()
        assert list(framer.feed(BODY[:length])) == EVENTS[: sum(end <= length for end in ends)]
        if length in (0, *ends):
            assert list(framer.close()) == []
        else:
            with pytest.raises(FramingError, match="in the middle of a frame"):
                list(framer.close())


def test_one_wrong_bit_anywhere_is_seen() -> None:
    good = event("a", b'{"n":1}')
    for at in range(len(good)):
        broken = bytearray(good)
        broken[at] ^= 0x10
        with pytest.raises(FramingError):
            read(bytes(broken))


def test_what_stood_before_a_broken_frame_is_delivered() -> None:
    framer, found = EventStreamFramer(), []
    with pytest.raises(FramingError, match="wrong checksum"):
        for one in framer.feed(event("a") + event("b")[:-1] + b"\x00"):
            found.append(one)
    assert found == [Event("a", b"{}")]


@each(("total", "headers"), [(15, 0), (0, 0), (MAX_FRAME_BYTES + 1, 0), (0xFFFFFFFF, 0), (16, 1), (100, 85)])
def test_impossible_lengths_are_refused_before_anything_is_waited_for(total: int, headers: int) -> None:
    prelude = struct.pack(">II", total, headers)
    with pytest.raises(FramingError, match="impossible length"):
        list(EventStreamFramer().feed(prelude + struct.pack(">I", crc32(prelude))))


@each(
    "headers",
    [
        b"\x05ab",  # a name longer than the headers
        b"\x01h",  # no type
        b"\x01h\x07",  # no length
        b"\x01h\x07\xff\xffab",  # a value longer than the headers
        b"\x01h\x05\x00",  # a number longer than the headers
        b"\x01h\x0aab",  # a type that does not exist
    ],
)
def test_headers_that_make_no_sense_are_refused(headers: bytes) -> None:
    with pytest.raises(FramingError, match="headers that cannot be read"):
        read(framed(headers, b"{}"))


def test_exceptions_and_errors_are_named_as_such() -> None:
    thrown = text_header(":message-type", "exception") + text_header(":exception-type", "throttlingException")
    failed = text_header(":message-type", "error") + text_header(":error-code", "500")
    bare = text_header(":message-type", "error")
    body = framed(thrown, b'{"message":"slow"}') + framed(failed + text_header(":error-message", "down"), b"")
    assert read(body + framed(bare, b"")) == [
        Event("exception:throttlingException", b'{"message":"slow"}'),
        Event("exception:500", b"down"),
        Event("exception:error", b""),
    ]
