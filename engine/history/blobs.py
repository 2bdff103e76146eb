"""JSON documents as the database holds them: compressed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

PACKED_AT_ONCE = 2**20
"""Characters."""


def compressed(document: Mapping[str, Any]) -> bytes:
    """A JSON document as the database holds it. Unpaired surrogates stay what they are; `json.loads` takes them."""
    import zlib

    packer = zlib.compressobj()
    parts: list[bytes] = []
    for piece in _ENCODER.iterencode(document):  # bit by bit, so that a long answer is not held several times
        for at in range(0, len(piece), PACKED_AT_ONCE):
            parts.append(packer.compress(piece[at : at + PACKED_AT_ONCE].encode("utf-8", "surrogatepass")))
    return b"".join((*parts, packer.flush()))


def unpacked(blob: bytes) -> dict[str, Any]:
    """The document. Raises `ValueError` or `zlib.error` for one that is damaged."""
    import zlib

    return json.loads(zlib.decompress(blob))


def _plain(value: object) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)
