"""What can be measured of a file without decoding it: pixels, pages, seconds. Pure."""

from __future__ import annotations

import re

from . import pictures

_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_PAGES = re.compile(rb"/Type\s*/Pages\b[^>]{0,2000}?/Count\s+(\d{1,6})|/Count\s+(\d{1,6})[^>]{0,2000}?/Type\s*/Pages\b")
_ENCRYPTED = re.compile(rb"/Encrypt\s+\d+\s+\d+\s+R")
_CHUNKS = 64


def measures_of(data: bytes, kind: str, media_type: str) -> dict[str, int | float]:
    """What is known, by its name; nothing for what the file does not say."""
    if kind == "image":
        size = pictures.size_of(data, media_type)
        return {} if size is None else {"width": size[0], "height": size[1]}
    if kind == "pdf":
        pages = pages_of(data)
        return {} if pages is None else {"pages": pages}
    if media_type == "audio/wav":
        seconds = _wav_seconds(data)
        return {} if seconds is None else {"seconds": seconds}
    return {}


def pages_of(data: bytes) -> int | None:
    """The pages of a PDF whose objects can be read as they stand; None for one that packs them."""
    if b"/ObjStm" in data:
        return None
    counts = [int(one or other) for one, other in _PAGES.findall(data)]
    found = len(_PAGE.findall(data))
    return max(counts) or found if counts else found or None


def is_locked(data: bytes) -> bool:
    """Whether a PDF is encrypted, which no provider reads."""
    return _ENCRYPTED.search(data) is not None


def _wav_seconds(data: bytes) -> float | None:
    at, rate = 12, 0
    for _ in range(_CHUNKS):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"fmt ":
            rate = int.from_bytes(data[at + 16 : at + 20], "little")
        elif name == b"data":
            return round(min(size, len(data) - at - 8) / rate, 3) if rate else None
        elif len(name) < 4:
            return None
        at += 8 + size + size % 2
    return None
