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


def written_pdf(*texts: str, packed: bytes | None = None) -> bytes:
    """A whole PDF with a page for each text; `packed` is the deflated content of its only page instead."""
    contents = [f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode() if text else b"" for text in texts]
    streams = [(b"", one) for one in contents] if packed is None else [(b" /Filter /FlateDecode", packed)]
    count = len(streams)
    kids = b" ".join(b"%d 0 R" % (4 + 2 * at) for at in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for at, (how, body) in enumerate(streams):
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Resources << /Font << /F1 3 0 R >> >>"
            b" /Contents %d 0 R >>" % (5 + 2 * at),
            b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(body), how, body),
        ]
    data, places = b"%PDF-1.4\n", list[int]()
    for number, one in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(data))
    return data + head + table + tail
