"""JSON documents as the database holds them: compressed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ...providers.json_values import parse_json
from ..results.json_pieces import json_pieces


def compressed(document: Mapping[str, Any]) -> bytes:
    """A JSON document as the database holds it. Unpaired surrogates stay what they are; `json.loads` takes them."""
    import zlib

    packer = zlib.compressobj()
    parts = [packer.compress(piece.encode("utf-8", "surrogatepass")) for piece in json_pieces(document)]
    return b"".join((*parts, packer.flush()))


def unpacked(blob: bytes) -> dict[str, Any]:
    """The document. Raises `ValueError` or `zlib.error` for one that is damaged, or nested beyond all sense."""
    import zlib

    found = parse_json(zlib.decompress(blob).decode("utf-8", "surrogatepass"))
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return cast("dict[str, Any]", found)
