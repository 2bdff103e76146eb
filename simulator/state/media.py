"""Files inside a message: what they are by their bytes, what a vendor refuses of them, and what they count.

Sources: https://platform.claude.com/docs/en/build-with-claude/vision,
https://developers.openai.com/api/docs/guides/images-vision, https://ai.google.dev/gemini-api/docs/media-resolution
"""

from __future__ import annotations

import base64
import binascii
from math import ceil

from msgspec import Struct

IMAGES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
PAGE_TOKENS = 1600
"""What Claude was recorded to count for a page with one line."""

SECOND_TOKENS = 32
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"), (b"ID3", "audio/mpeg"),
)  # fmt: skip
_SIDE = 28


class Media(Struct, frozen=True):
    """A file that came as base64: what it is called, and what its bytes say; None for what is no base64 at all."""

    claimed: str
    found: str | None
    data: bytes | None

    @property
    def longest_side(self) -> int:
        """In pixels, of a PNG; 0 of anything else."""
        data = self.data or b""
        is_image = self.found == "image/png" and len(data) > 24
        return max(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) if is_image else 0

    @property
    def tokens(self) -> int:
        """What it counts in simulated tokens: by squares of an image, by pages, by seconds."""
        data = self.data or b""
        if self.found == "image/png" and len(data) > 24:
            width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
            return ceil(min(width, 1568) / _SIDE) * ceil(min(height, 1568) / _SIDE)
        if self.found == "application/pdf":
            return PAGE_TOKENS * max(1, data.count(b"/Type /Page ") + data.count(b"/Type /Page/"))
        return 258 if self.found in IMAGES else SECOND_TOKENS * ceil(len(data) / 16_000)


def read_media(claimed: str, encoded: object) -> Media:
    """The file in a field of base64."""
    if not isinstance(encoded, str):
        return Media(claimed, None, None)
    try:
        data = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        return Media(claimed, None, None)
    return Media(claimed, _kind(data), data)


def stored_media(data: bytes) -> Media:
    """A file that was uploaded before."""
    return Media(_kind(data) or "", _kind(data), data)


def read_data_url(address: object) -> Media | None:
    """The file in a data URL; None for another address."""
    if not isinstance(address, str) or not address.startswith("data:"):
        return None
    head, _, encoded = address[5:].partition(",")
    return read_media(head.partition(";")[0], encoded)


def _kind(data: bytes) -> str | None:
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12])
    return next((name for magic, name in _MAGIC if data.startswith(magic)), None)
