"""Small files of every kind, made here: nothing is decoded, so that a head is mostly enough."""

from __future__ import annotations

import struct
import zlib


def png(width: int = 640, height: int = 480, *, body: bool = True) -> bytes:
    """A grey image; without `body` a head that claims its size and holds nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * (width + 1) * height) if body else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg(width: int = 100, height: int = 50, *, exif: bytes = b"") -> bytes:
    """The head of a JPEG, with these metadata."""
    meta = b"" if not exif else b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\0\0" + exif
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 8, 8, height, width, 0)
    return b"\xff\xd8" + meta + frame + b"\xff\xda\x00\x02" + b"\0" * 20 + b"\xff\xd9"


def exif_with_place(device: bytes = b"Pocket 9\0") -> bytes:
    """Metadata with a device and a place."""
    entries = [(0x0110, 2, len(device), 8 + 2 + 2 * 12 + 4), (0x8825, 4, 1, 0)]
    listed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + listed + b"\0\0\0\0" + device


def pdf(pages: int = 1, *, more: bytes = b"") -> bytes:
    kids = b"".join(b"%d 0 obj << /Type /Page /Parent 2 0 R >> endobj\n" % (3 + page) for page in range(pages))
    return b"%PDF-1.4\n2 0 obj << /Type /Pages /Count " + str(pages).encode() + b" >> endobj\n" + kids + more + b"%%EOF"


def wav(seconds: float = 2.0, rate: int = 8000) -> bytes:
    data = b"\0" * int(seconds * rate)
    form = struct.pack("<HHIIHH", 1, 1, rate, rate, 1, 8)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks
