"""The size of an image and what its metadata give away, from its head alone: nothing is decoded. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator

Size = tuple[int, int]

_FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
_MOST_SEGMENTS = 200
_MAKE, _MODEL, _GPS = 0x010F, 0x0110, 0x8825


def size_of(data: bytes, media_type: str) -> Size | None:
    """Width and height in pixels; None where the head does not say."""
    try:
        match media_type:
            case "image/png":
                return struct.unpack(">II", data[16:24]) if data[12:16] == b"IHDR" else None
            case "image/gif":
                return struct.unpack("<HH", data[6:10])
            case "image/bmp":
                width, height = struct.unpack("<ii", data[18:26])
                return width, abs(height)
            case "image/webp":
                return _webp(data)
            case "image/jpeg":
                frame = next((body for mark, body in _segments(data) if mark in _FRAMES), None)
                if frame is None:
                    return None
                height, width = struct.unpack(">HH", frame[1:5])
                return width, height
            case _:
                return None
    except (struct.error, IndexError):
        return None


def _webp(data: bytes) -> Size | None:
    form = data[12:16]
    if form == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if form == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The marks of a JPEG and what belongs to them, up to the picture itself."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] == 0xDA:
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield data[at + 1], data[at + 4 : at + 2 + length]
        at += 2 + max(2, length)


def revealed(data: bytes, media_type: str) -> tuple[str, ...]:
    """What the metadata give away of place and device, in words."""
    exif = _exif(data, media_type)
    if exif is None:
        return ()
    try:
        tags = dict(_tags(exif))
    except (struct.error, IndexError):
        return ()
    words: list[str] = []
    if _GPS in tags:
        words.append("the place where it was taken")
    device = " ".join(tags[tag] for tag in (_MAKE, _MODEL) if tags.get(tag))
    if device:
        words.append(f"the device ({device})")
    return tuple(words)


def _exif(data: bytes, media_type: str) -> bytes | None:
    if media_type == "image/jpeg":
        found = (body[6:] for mark, body in _segments(data) if mark == 0xE1 and body.startswith(b"Exif\x00\x00"))
        return next(found, None)
    name, order = (b"eXIf", "big") if media_type == "image/png" else (b"EXIF", "little")
    at = data.find(name) if media_type in ("image/png", "image/webp") else -1
    if at < 4:
        return None
    before, after = data[at - 4 : at], data[at + 4 : at + 8]
    size = int.from_bytes(before if order == "big" else after, "big" if order == "big" else "little")
    begin = at + (4 if order == "big" else 8)
    return data[begin : begin + size].removeprefix(b"Exif\x00\x00")


def _tags(exif: bytes) -> Iterator[tuple[int, str]]:
    """The tags of the first directory, and the text of those that are text."""
    order = "<" if exif[:2] == b"II" else ">"
    (at,) = struct.unpack(f"{order}I", exif[4:8])
    (entries,) = struct.unpack(f"{order}H", exif[at : at + 2])
    for number in range(min(entries, _MOST_SEGMENTS)):
        begin = at + 2 + 12 * number
        tag, form, length, value = struct.unpack(f"{order}HHII", exif[begin : begin + 12])
        words = ""
        if form == 2:
            raw = exif[begin + 8 : begin + 12] if length <= 4 else exif[value : value + min(length, 80)]
            words = "".join(c for c in raw.split(b"\x00")[0].decode("latin-1") if c.isprintable()).strip()
        yield tag, words
